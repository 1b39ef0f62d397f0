//! What a client may keep: OpenAPI and the lists of resources, as the API server says, and nothing of a user's own.

use super::Connected;
use super::canned_api::CannedApi;

#[test]
fn documents_may_be_kept_as_the_api_server_says_but_not_by_caches_that_are_shared() {
    let connected = Connected::new("proxy_caching");
    let cluster = CannedApi::start("127.0.0.1:0");
    let backend = cluster.backend(&connected);
    let api = connected.here.api(&backend);
    let kept = |path: &str, said: &str| {
        let head = format!("HTTP/1.1 200 OK\r\n{said}connection: close\r\ncontent-length: 2\r\n\r\n{{}}");
        cluster.answers(head.as_bytes());
        let answer = api.get(&format!("/clusters/dev/proxy{path}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.header("cache-control").unwrap().to_owned()
    };
    let never = "no-store, no-transform";
    for (path, said, expected) in [
        ("/openapi/v3", "cache-control: public, max-age=3600\r\n", "private, max-age=3600, no-transform"),
        ("/openapi/v3/apis/apps/v1", "cache-control: Public\r\n", "private, no-transform"),
        ("/apis/apps/v1", "cache-control: no-cache, private\r\n", "no-cache, private, no-transform"),
        ("/api", "", never),
        ("/api/v1/pods", "cache-control: public, max-age=3600\r\n", never),
        ("/apis/apps/v1/deployments", "cache-control: public\r\n", never),
    ] {
        assert_eq!(kept(path, said), expected, "{path} {said}");
    }
}

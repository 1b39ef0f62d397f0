//! The raw path of a proxied request: passed on byte for byte, or refused.

use percent_encoding::percent_decode_str;

use crate::problem::Problem;
use crate::protocol::{BASE_PATH, Code};

/// What follows `…/clusters/{name}/proxy` in a raw path, with its first slash.
///
/// # Errors
/// `bad_request` for whatever another server could read as another path.
pub fn below_proxy<'p>(raw: &'p str, name: &str) -> Result<&'p str, Problem> {
    let below = raw.strip_prefix(BASE_PATH).and_then(|rest| rest.strip_prefix("/clusters/"));
    let below = below.and_then(|rest| rest.strip_prefix(name)).and_then(|rest| rest.strip_prefix("/proxy"));
    let path = below.filter(|path| path.starts_with('/')).ok_or_else(refused)?;
    if path.split('/').all(is_plain) { Ok(path) } else { Err(refused()) }
}

/// Whether a path leads through a pod, a service or a node to what it serves or runs: the subresources `proxy`, `exec`, `attach` and
/// `portforward`, however they are written.
#[must_use]
pub fn reaches_through(path: &str) -> bool {
    let decoded = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (["api", _, "namespaces", _, below @ ..] | ["api", _, below @ ..]) = segments.as_slice() else {
        return false;
    };
    // `proxy` first is what Kubernetes had before the subresource.
    matches!(
        below,
        ["proxy", ..]
            | ["pods" | "services" | "nodes", _, "proxy", ..]
            | ["pods", _, "exec" | "attach" | "portforward", ..]
    )
}

/// Whether a POST there only asks who its caller is or what they may do. No other spelling of these paths counts.
#[must_use]
pub fn is_self_review(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    matches!(
        segments.as_slice(),
        ["", "apis", "authorization.k8s.io", _, "selfsubjectaccessreviews" | "selfsubjectrulesreviews"]
            | ["", "apis", "authentication.k8s.io", _, "selfsubjectreviews"]
    )
}

/// Whether what is there is the same for every user: OpenAPI, and the lists of groups, versions and resources.
#[must_use]
pub fn is_a_document(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    matches!(
        segments.as_slice(),
        ["openapi", ..] | ["api" | "apis" | "version"] | ["api" | "apis", _] | ["apis", _, _]
    )
}

fn refused() -> Problem {
    Problem::new(
        Code::BadRequest,
        "This path holds dot segments, an encoded slash, a backslash or NUL: write it as Kubernetes documents it.",
    )
}

fn is_plain(segment: &str) -> bool {
    let lower = segment.to_ascii_lowercase();
    let ambiguous = lower.contains("%2f")
        || lower.contains("%5c")
        || lower.contains("%00")
        || lower.contains(['\\', '\0']);
    let decoded = lower.replace("%2e", ".").replace("%3b", ";");
    // Some servers take what follows a semicolon for parameters of the segment before it.
    let name = decoded.split(';').next().unwrap_or_default();
    !ambiguous && !matches!(name, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(tail: &str) -> Option<String> {
        let raw = format!("/api/cluster-auth/clusters/prod/proxy{tail}");
        below_proxy(&raw, "prod").ok().map(str::to_owned)
    }

    #[test]
    fn what_is_behind_a_pod_a_service_or_a_node_is_told_from_them() {
        for path in [
            "/api/v1/namespaces/team-a/pods/web-0/proxy",
            "/api/v1/namespaces/team-a/pods/web-0/proxy/metrics",
            "/api/v1/namespaces/team-a/pods//web-0//%70roxy/",
            "/api/v1/namespaces/team-a/services/https:web:443/proxy/",
            "/api/v1/nodes/n1/proxy/run/x",
            "/api/v1/proxy/nodes/n1",
            "/api/v1/namespaces/team-a/pods/web-0/exec",
            "/api/v1/namespaces/team-a/pods/web-0/%65xec/",
            "/api/v1/namespaces/team-a/pods/web-0/attach",
            "/api/v1/namespaces/team-a/pods/web-0/portforward",
        ] {
            assert!(reaches_through(path), "{path}");
        }
        for path in [
            "/api/v1/namespaces/team-a/pods/proxy",
            "/api/v1/namespaces/team-a/pods/exec",
            "/api/v1/namespaces/team-a/configmaps/x/exec",
            "/api/v1/namespaces/proxy/pods/web-0/log",
            "/api/v1/namespaces/pods/configmaps/proxy",
            "/apis/apps/v1/namespaces/team-a/deployments/proxy",
        ] {
            assert!(!reaches_through(path), "{path}");
        }
    }

    #[test]
    fn self_reviews_are_these_paths_and_no_others() {
        for path in [
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            "/apis/authentication.k8s.io/v1beta1/selfsubjectreviews",
        ] {
            assert!(is_self_review(path), "{path}");
        }
        for path in [
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            "/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/",
            "/apis/authorization.k8s.io//v1/selfsubjectaccessreviews",
            "/apis/authentication.k8s.io/v1/tokenreviews",
            "/apis/example.com/v1/selfsubjectreviews",
            "/api/v1/selfsubjectreviews",
        ] {
            assert!(!is_self_review(path), "{path}");
        }
    }

    #[test]
    fn documents_are_told_from_what_is_a_users_own() {
        for path in [
            "/openapi/v2",
            "/openapi/v3/apis/apps/v1",
            "/api",
            "/api/v1",
            "/apis/",
            "/apis/apps/v1",
            "/version",
        ] {
            assert!(is_a_document(path), "{path}");
        }
        for path in ["/api/v1/pods", "/apis/apps/v1/deployments", "/metrics", "/", "/apis/x/v1/openapi"] {
            assert!(!is_a_document(path), "{path}");
        }
    }

    #[test]
    fn a_plain_path_is_kept_byte_for_byte() {
        for path in [
            "/",
            "/api/v1/pods",
            "/api/v1//pods/",
            "/apis/%41b%20c/x:y",
            "/api/v1/pods/a..b/.hidden",
            "/a;b=..;c/..a;",
            "/%252e%252e/",
        ] {
            assert_eq!(below(path).as_deref(), Some(path));
        }
    }

    #[test]
    fn whatever_climbs_or_hides_is_refused() {
        for path in [
            "",
            "x",
            "/..",
            "/api/../x",
            "/./x",
            "/%2e%2e/x",
            "/%2E./x",
            "/.%2e",
            "/a%2fb",
            "/a%2Fb",
            "/a\\b",
            "/a%5Cb",
            "/a%00b",
            "/..;/x",
            "/..;a=b",
            "/.;/x",
            "/%2e.%3Bx/y",
        ] {
            assert_eq!(below(path), None, "{path}");
        }
        assert!(below_proxy("/api/cluster-auth/clusters/other/proxy/x", "prod").is_err());
    }
}

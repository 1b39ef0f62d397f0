//! The headers that pass between a caller and Kubernetes, and those that never do.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::problem::Problem;
use crate::protocol::Code;

/// Meant for one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Refuses a request whose headers mean something that we do not pass on.
///
/// # Errors
/// `not_allowed` for impersonation and upgrades, `bad_request` for two ways to tell the body's length.
pub fn check(headers: &HeaderMap) -> Result<(), Problem> {
    // Some servers take an underscore for a dash.
    if headers.keys().any(|name| name.as_str().replace('_', "-").starts_with("impersonate-")) {
        return Err(Problem::new(
            Code::NotAllowed,
            "Impersonation is not passed on: leave out --as and every Impersonate header.",
        ));
    }
    if headers.contains_key(header::CONTENT_LENGTH) && headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Problem::new(
            Code::BadRequest,
            "The request has both Content-Length and Transfer-Encoding: send one of them.",
        ));
    }
    if headers.contains_key(header::UPGRADE) {
        return Err(Problem::new(
            Code::NotAllowed,
            "Upgraded connections are not passed on so far: use kubectl directly.",
        ));
    }
    Ok(())
}

/// Whether a browser's page sent this: kubectl sends neither.
#[must_use]
pub fn comes_from_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.keys().any(|name| name.as_str().starts_with("sec-fetch-"))
}

/// The headers of a request that Kubernetes may see.
pub fn to_pass_on(headers: &HeaderMap) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let named = named_by_connection(headers);
    headers
        .iter()
        .filter(move |(name, _)| may_pass_on(name, &named))
        .map(|(name, value)| (name.clone(), value.clone()))
}

fn may_pass_on(name: &HeaderName, named: &[String]) -> bool {
    let text = name.as_str();
    // Expect is answered here, and our client would take a 100 of the cluster's for its answer.
    let ours = [
        header::HOST,
        header::AUTHORIZATION,
        header::COOKIE,
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::FORWARDED,
    ];
    !is_hop_by_hop(name, named)
        && !ours.contains(name)
        && !text.replace('_', "-").starts_with("x-remote-")
        && !text.replace('_', "-").starts_with("x-forwarded-")
        && !matches!(text, "sec-websocket-protocol" | "x-request-id" | "traceparent")
}

/// The headers of an answer that the caller may see, and those that make it harmless in a browser.
pub fn to_answer(headers: &HeaderMap) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let named = named_by_connection(headers);
    let passed = headers
        .iter()
        .filter(move |(name, _)| may_answer(name, &named))
        .map(|(name, value)| (name.clone(), value.clone()));
    passed.chain([
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
    ])
}

fn may_answer(name: &HeaderName, named: &[String]) -> bool {
    let ours = [
        header::SET_COOKIE,
        header::STRICT_TRANSPORT_SECURITY,
        header::CONTENT_LENGTH,
        header::CACHE_CONTROL,
        header::CONTENT_SECURITY_POLICY,
        header::X_CONTENT_TYPE_OPTIONS,
    ];
    let text = name.as_str();
    !is_hop_by_hop(name, named)
        && !ours.contains(name)
        && text != "clear-site-data"
        && text != "x-request-id"
        && !text.starts_with("access-control-")
}

fn is_hop_by_hop(name: &HeaderName, named: &[String]) -> bool {
    HOP_BY_HOP.contains(name) || name.as_str() == "keep-alive" || named.iter().any(|n| n == name.as_str())
}

/// Headers that `Connection` makes hop-by-hop.
fn named_by_connection(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let parse =
            |(n, v): &(&'static str, &'static str)| (HeaderName::from_static(n), HeaderValue::from_static(v));
        let mut map = HeaderMap::new();
        for (name, value) in pairs.iter().map(parse) {
            map.append(name, value);
        }
        map
    }

    #[test]
    fn credentials_and_hops_are_not_passed_on() {
        let sent = map(&[
            ("accept", "application/json"),
            ("authorization", "Bearer backstage"),
            ("cookie", "a=b"),
            ("x-remote-user", "root"),
            ("x_remote_group", "system:masters"),
            ("x-forwarded-for", "1.2.3.4"),
            ("connection", "keep-alive, X-Mine"),
            ("x-mine", "1"),
            ("te", "trailers"),
            ("expect", "100-continue"),
            ("sec-websocket-protocol", "base64url.bearer.authorization.k8s.io.dG9rZW4"),
        ]);
        let names: Vec<_> = to_pass_on(&sent).map(|(name, _)| name).collect();
        assert_eq!(names, ["accept"]);
    }

    #[test]
    fn impersonation_is_refused_in_any_spelling() {
        for name in
            ["impersonate-user", "impersonate_group", "impersonate-extra-scopes", "impersonate_extra-x"]
        {
            assert!(check(&map(&[(name, "root")])).is_err(), "{name}");
        }
        assert!(check(&map(&[("accept", "application/json")])).is_ok());
    }

    #[test]
    fn an_answer_cannot_do_anything_in_a_browser() {
        let answered = map(&[
            ("content-type", "text/html"),
            ("set-cookie", "a=b"),
            ("clear-site-data", "*"),
            ("strict-transport-security", "max-age=1"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "public"),
        ]);
        let passed: Vec<_> =
            to_answer(&answered).map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
        assert_eq!(
            passed,
            [
                "content-type: text/html",
                "x-content-type-options: nosniff",
                "content-security-policy: sandbox",
                "cache-control: no-store, no-transform"
            ]
        );
    }
}

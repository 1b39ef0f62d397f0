//! The headers that pass between a caller and Kubernetes, and those that never do. actix has those of `http` 0.2, hyper those of
//! `http` 1.

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::header as outward;

use crate::problem::Problem;
use crate::protocol::Code;

/// Meant for one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Meant for this backend, or made anew here. `Expect` is answered here.
const FOR_US: [&str; 8] = [
    "authorization",
    "content-length",
    "cookie",
    "expect",
    "host",
    "sec-websocket-protocol",
    "traceparent",
    "x-request-id",
];

/// In these, and in those that begin so, proxies say who the caller is and where from. A caller can write anything into them.
const WHO_CALLS: [&str; 10] = [
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-real-ip",
];
const WHO_CALLS_PREFIXES: [&str; 3] = ["x-forwarded-", "x-original-", "x-remote-"];

/// Of an answer: what a browser would act on for this whole origin, and what is made anew here.
const NEVER_ANSWERED: [&str; 16] = [
    "alt-svc",
    "cache-control",
    "clear-site-data",
    "content-length",
    "content-security-policy",
    "content-security-policy-report-only",
    "link",
    "nel",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "service-worker-allowed",
    "set-cookie",
    "strict-transport-security",
    "x-content-type-options",
    "x-request-id",
];

/// A name as servers read it that take an underscore for a dash.
fn dashed(name: &str) -> Cow<'_, str> {
    if name.contains('_') { name.replace('_', "-").into() } else { name.into() }
}

/// Refuses a request with headers that ask for something that we do not pass on.
///
/// # Errors
/// `not_allowed` for impersonation, `bad_request` for two ways to tell the body's length.
pub fn check(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.keys().any(|name| dashed(name.as_str()).starts_with("impersonate-")) {
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
    Ok(())
}

/// Whether a browser's page sent this: kubectl sends neither.
#[must_use]
pub fn comes_from_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) || headers.keys().any(|name| name.as_str().starts_with("sec-fetch-"))
}

/// The headers of a request that Kubernetes may see.
#[must_use]
pub fn to_pass_on(headers: &HeaderMap) -> outward::HeaderMap {
    let named = named_by_connection(headers.get_all(header::CONNECTION).map(HeaderValue::as_bytes));
    let passed = headers.iter().filter(|(name, _)| may_pass_on(name.as_str(), &named));
    passed.filter_map(|(name, value)| outward_header(name, value)).collect()
}

/// The same header for hyper; every header that actix takes is one.
#[must_use]
pub fn outward_header(
    name: &HeaderName,
    value: &HeaderValue,
) -> Option<(outward::HeaderName, outward::HeaderValue)> {
    let name = outward::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
    Some((name, outward::HeaderValue::from_bytes(value.as_bytes()).ok()?))
}

fn may_pass_on(name: &str, named: &[String]) -> bool {
    let name = dashed(name);
    let name = name.as_ref();
    !is_hop_by_hop(name, named)
        && !FOR_US.contains(&name)
        && !WHO_CALLS.contains(&name)
        && !WHO_CALLS_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the caller may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// It is the user's own.
    Never,
    /// It is the same for every user, and kubectl keeps it for hours: as the API server says, but in no cache that others share.
    AsTheApiSays,
}

impl Caching {
    fn header(self, headers: &outward::HeaderMap) -> HeaderValue {
        const NEVER: HeaderValue = HeaderValue::from_static("no-store, no-transform");
        let said = headers.get(outward::CACHE_CONTROL).and_then(|value| value.to_str().ok());
        let (Self::AsTheApiSays, Some(said)) = (self, said) else { return NEVER };
        let words = said.split(',').map(str::trim).filter(|word| !word.is_empty());
        let private = words.map(|word| if word.eq_ignore_ascii_case("public") { "private" } else { word });
        let kept: Vec<&str> = private.chain(["no-transform"]).collect();
        HeaderValue::from_str(&kept.join(", ")).unwrap_or(NEVER)
    }
}

/// The headers of an answer that the caller may see, and those that make it harmless in a browser.
pub fn to_answer(
    headers: &outward::HeaderMap,
    caching: Caching,
) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let named =
        named_by_connection(headers.get_all(outward::CONNECTION).iter().map(outward::HeaderValue::as_bytes));
    let passed = headers.iter().filter(move |(name, _)| may_answer(name.as_str(), &named));
    passed.filter_map(|(name, value)| inward_header(name, value)).chain([
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox")),
        (header::CACHE_CONTROL, caching.header(headers)),
    ])
}

fn inward_header(
    name: &outward::HeaderName,
    value: &outward::HeaderValue,
) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
    Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
}

fn may_answer(name: &str, named: &[String]) -> bool {
    !is_hop_by_hop(name, named) && !NEVER_ANSWERED.contains(&name) && !name.starts_with("access-control-")
}

fn is_hop_by_hop(name: &str, named: &[String]) -> bool {
    HOP_BY_HOP.contains(&name) || named.iter().any(|other| other == name)
}

/// Headers that `Connection` makes hop-by-hop.
fn named_by_connection<'v>(values: impl Iterator<Item = &'v [u8]>) -> Vec<String> {
    let values = values.filter_map(|value| std::str::from_utf8(value).ok());
    let names = values.flat_map(|value| value.split(','));
    names.map(|name| dashed(&name.trim().to_ascii_lowercase()).into_owned()).collect()
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

    fn outward_map(pairs: &[(&'static str, &'static str)]) -> outward::HeaderMap {
        map(pairs).iter().filter_map(|(name, value)| outward_header(name, value)).collect()
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
        assert_eq!(to_pass_on(&sent).keys().collect::<Vec<_>>(), ["accept"]);
    }

    #[test]
    fn where_a_caller_says_to_come_from_is_not_passed_on_in_any_spelling() {
        // Named here once more: a name that is lost from the lists above is to be missed.
        let names = [
            "authorization",
            "cf-connecting-ip",
            "cf-connecting-ipv6",
            "client-ip",
            "connection",
            "content-length",
            "cookie",
            "expect",
            "fastly-client-ip",
            "forwarded",
            "host",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "sec-websocket-protocol",
            "te",
            "traceparent",
            "trailer",
            "transfer-encoding",
            "true-client-ip",
            "upgrade",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-envoy-external-address",
            "x-forwarded-for",
            "x-forwarded-new",
            "x-original-forwarded-for",
            "x-real-ip",
            "x-remote-user",
            "x-request-id",
        ];
        let spellings =
            names.map(|name| [name.to_owned(), name.replace('-', "_"), name.replacen('-', "_", 1)]);
        let passed: Vec<_> = spellings.as_flattened().iter().filter(|name| may_pass_on(name, &[])).collect();
        assert!(passed.is_empty(), "{passed:?} are passed on");
        for name in ["accept", "x-real-ipv9", "content-type", "x-stream-protocol-version", "user-agent"] {
            assert!(may_pass_on(name, &[]), "{name}");
        }
        assert!(!may_pass_on("x_hop", &["x-hop".to_owned()]));
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
    fn a_body_has_one_length() {
        let (counted, chunked) = (("content-length", "5"), ("transfer-encoding", "chunked"));
        assert!(check(&map(&[counted])).is_ok() && check(&map(&[chunked])).is_ok());
        assert!(check(&map(&[counted, chunked])).is_err());
    }

    #[test]
    fn an_answer_cannot_do_anything_in_a_browser() {
        let answered = outward_map(&[
            ("content-type", "text/html"),
            ("set-cookie", "a=b"),
            ("clear-site-data", "*"),
            ("strict-transport-security", "max-age=1"),
            ("access-control-allow-origin", "*"),
            ("access-control-allow-credentials", "true"),
            ("cache-control", "public"),
            ("content-security-policy", "default-src *"),
            ("content-security-policy-report-only", "default-src *"),
            ("x-content-type-options", "none"),
            // These would hold for the whole origin, or act before anything is read.
            ("alt-svc", "h3=\":443\""),
            ("link", "<https://evil.example>; rel=preload"),
            ("nel", "{}"),
            ("report-to", "{}"),
            ("reporting-endpoints", "a=\"https://evil.example\""),
            ("service-worker-allowed", "/"),
            ("refresh", "0;url=https://evil.example"),
            // These are said anew, for this connection.
            ("content-length", "1"),
            ("x-request-id", "the cluster's"),
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=1"),
            ("proxy-authenticate", "Basic"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
        ]);
        let passed: Vec<_> = to_answer(&answered, Caching::Never)
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
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

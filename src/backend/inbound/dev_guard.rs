//! In development every caller is the one user, so a request must come from this machine's own programs: no foreign page, no rebound
//! name, upgrades included. The configured browser extension is let in where it shows a session token, and at `/info`.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::middleware::Next;
use actix_web::{ResponseError, web};

use super::kubernetes_status::as_status;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::settings::backend::{BackendSettings, CallerMode};

/// Below which each cluster's proxy is.
const PROXIES: &str = "/api/cluster-auth/clusters/";

/// What the browser extension calls. None of it counts as the one user: it takes a session token, or tells nothing of a user.
const FOR_EXTENSION: [&str; 3] =
    ["/api/cluster-auth/info", "/api/cluster-auth/session", "/api/cluster-auth/exchange"];

/// What a request has to show besides.
pub enum DevGuard {
    /// Nothing: callers show Backstage tokens.
    Open,
    /// That it comes from this machine.
    ThisMachine(Allowed),
}

/// What counts as this machine in addition to its own names and pages.
pub struct Allowed {
    /// How this backend's own pages are reached: `https` where it speaks TLS.
    scheme: &'static str,
    /// `ALLOWED_HOSTS`.
    hosts: Vec<String>,
    /// `EXTENSION_ORIGINS`.
    extension_origins: Vec<String>,
}

impl DevGuard {
    /// As the settings say.
    #[must_use]
    pub fn new(settings: &BackendSettings) -> Self {
        match settings.callers {
            CallerMode::Backstage => Self::Open,
            CallerMode::DevUser(_) => Self::ThisMachine(Allowed {
                scheme: if settings.tls.is_some() { "https" } else { "http" },
                hosts: settings.allowed_hosts.clone(),
                extension_origins: settings.extension_origins.clone(),
            }),
        }
    }
}

/// Lets through what is harmless; everything when callers show Backstage tokens.
///
/// # Errors
/// Only those of the service inside.
pub async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let refused = request.app_data::<web::Data<DevGuard>>().and_then(|guard| match guard.as_ref() {
        DevGuard::Open => None,
        DevGuard::ThisMachine(allowed) => check(request.path(), request.headers(), allowed).err(),
    });
    match refused {
        // kubectl reads errors of the proxy as it reads Kubernetes' own.
        Some(problem) if request.path().starts_with(PROXIES) => {
            Ok(request.into_response(as_status(&problem)))
        }
        Some(problem) => Ok(request.into_response(problem.error_response())),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

fn check(path: &str, headers: &HeaderMap, allowed: &Allowed) -> Result<(), Problem> {
    let refused = |why: &str| {
        Problem::new(
            Code::NotAllowed,
            format!(
                "This backend runs with CLUSTER_AUTH_DEV_USER and {why}: use it from this machine, or from its own address."
            ),
        )
    };
    let text =
        |name| headers.get(name).and_then(|value: &actix_web::http::header::HeaderValue| value.to_str().ok());
    let host = text(HOST).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(n, _)| n);
    if !matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        && !allowed.hosts.iter().any(|allowed| allowed == host)
    {
        return Err(refused("knows no such host (ALLOWED_HOSTS=host:port adds one)"));
    }
    let is_extension =
        text(ORIGIN).is_some_and(|origin| allowed.extension_origins.iter().any(|known| known == origin));
    if is_extension && FOR_EXTENSION.contains(&path) {
        return Ok(());
    }
    if headers.contains_key(ORIGIN) && text(ORIGIN) != Some(&format!("{}://{host}", allowed.scheme)) {
        return Err(refused("takes no requests of other origins"));
    }
    match headers.get("sec-fetch-site").map(|value| value.to_str()) {
        None | Some(Ok("same-origin" | "none")) => Ok(()),
        Some(_) => Err(refused("takes no requests of other sites")),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    const EXTENSION: &str = "moz-extension://0d1b7e8e-2f4c-4c0e-9a52-1d2a3b4c5d6e";

    fn checked_at(path: &str, pairs: &[(&'static str, &'static str)]) -> bool {
        let pairs = pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        let allowed = Allowed {
            scheme: "http",
            hosts: vec!["dev.internal:7008".to_owned()],
            extension_origins: vec![EXTENSION.to_owned()],
        };
        check(path, &pairs.collect(), &allowed).is_ok()
    }

    fn checked(pairs: &[(&'static str, &'static str)]) -> bool {
        checked_at("/api/cluster-auth/status", pairs)
    }

    #[test]
    fn the_extension_passes_where_it_shows_a_session_token_and_other_extensions_do_not() {
        let from = |origin| [("host", "localhost:1"), ("origin", origin), ("sec-fetch-site", "cross-site")];
        for path in FOR_EXTENSION {
            assert!(checked_at(path, &from(EXTENSION)), "{path}");
            assert!(!checked_at(path, &from("moz-extension://another")), "{path}");
            assert!(!checked_at(path, &[("host", "evil.example"), ("origin", EXTENSION)]), "{path}");
        }
        for path in ["/status", "/register", "/token", "/tokens", "/session/", "/clusters/dev/proxy/session"]
        {
            assert!(!checked_at(&format!("/api/cluster-auth{path}"), &from(EXTENSION)), "{path}");
        }
    }

    #[test]
    fn only_this_machine_and_our_own_pages_pass() {
        for good in [
            &[("host", "localhost:7008")][..],
            &[("host", "[::1]:7008")],
            &[("host", "127.0.0.1")],
            &[("host", "dev.internal:7008")],
            &[("host", "localhost:1"), ("origin", "http://localhost:1"), ("sec-fetch-site", "same-origin")],
            &[("host", "localhost:1"), ("sec-fetch-site", "none")],
        ] {
            assert!(checked(good), "{good:?}");
        }
        for bad in [
            &[][..],
            &[("host", "evil.example")],
            &[("host", "localhost.evil.example:7008")],
            &[("host", "localhost:evil")],
            &[("host", "localhost:1"), ("origin", "http://localhost:2")],
            &[("host", "localhost:1"), ("origin", "null")],
            &[("host", "localhost:1"), ("sec-fetch-site", "same-site")],
            &[("host", "localhost:1"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!checked(bad), "{bad:?}");
        }
        let host = (HOST, HeaderValue::from_static("dev.internal"));
        let none = Allowed { scheme: "http", hosts: Vec::new(), extension_origins: Vec::new() };
        let refusal = check("/", &[host].into_iter().collect(), &none).unwrap_err();
        assert!(refusal.message().contains("ALLOWED_HOSTS=host:port"), "{refusal}");
    }
}

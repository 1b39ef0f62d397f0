//! In development every caller is the one user, so a request must come from this machine's own programs: no foreign page, no rebound
//! name, upgrades included.

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

/// What a request has to show besides.
pub enum DevGuard {
    /// Nothing: callers show Backstage tokens.
    Open,
    /// That it was sent to this machine, or to one of these hosts (`ALLOWED_HOSTS`).
    Hosts(Vec<String>),
}

impl DevGuard {
    /// As the settings say.
    #[must_use]
    pub fn new(settings: &BackendSettings) -> Self {
        match settings.callers {
            CallerMode::Backstage => Self::Open,
            CallerMode::DevUser(_) => Self::Hosts(settings.allowed_hosts.clone()),
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
        DevGuard::Hosts(allowed) => check(request.headers(), allowed).err(),
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

fn check(headers: &HeaderMap, allowed_hosts: &[String]) -> Result<(), Problem> {
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
        && !allowed_hosts.iter().any(|allowed| allowed == host)
    {
        return Err(refused("knows no such host (ALLOWED_HOSTS=host:port adds one)"));
    }
    if headers.contains_key(ORIGIN) && text(ORIGIN) != Some(&format!("http://{host}")) {
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

    fn checked(pairs: &[(&'static str, &'static str)]) -> bool {
        let pairs = pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        check(&pairs.collect(), &["dev.internal:7008".to_owned()]).is_ok()
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
        let refusal = check(&[host].into_iter().collect(), &[]).unwrap_err();
        assert!(refusal.message().contains("ALLOWED_HOSTS=host:port"), "{refusal}");
    }
}

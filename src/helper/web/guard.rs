//! The checks that every request passes first, and the security headers of every answer.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::pages::wrong_host::wrong_host;
use super::pages::{self, layout};
use crate::panics;
use crate::panics::planted::{self, Place};
use crate::settings::lists::is_request_host;

/// The hosts that a request may name, against DNS rebinding.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    hosts: Vec<String>,
    port: u16,
}

impl AllowedHosts {
    /// `localhost`, `127.0.0.1` and `[::1]` with the port, and the `named` hosts with or without it.
    #[must_use]
    pub fn new(port: u16, named: &[String]) -> Self {
        let mut hosts: Vec<String> = Vec::new();
        for host in ["localhost", "127.0.0.1", "[::1]"].into_iter().chain(named.iter().map(String::as_str)) {
            hosts.push(format!("{host}:{port}").to_ascii_lowercase());
            // Browsers leave out the port of plain http.
            if port == 80 {
                hosts.push(host.to_ascii_lowercase());
            }
        }
        hosts.extend(named.iter().map(|host| host.to_ascii_lowercase()));
        Self { hosts, port }
    }

    fn allows(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(HOST);
        match (given.next().and_then(|host| host.to_str().ok()), given.next()) {
            (Some(host), None) => self.hosts.contains(&host.to_ascii_lowercase()),
            _ => false,
        }
    }

    /// The page for a request that names none of them.
    fn refuse(&self, headers: &HeaderMap) -> HttpResponse {
        let asked =
            headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| is_request_host(host));
        wrong_host(asked.map(without_port), self.port).into_response()
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    }
}

/// Refuses a foreign Host (421) and a prefetch (503, so that the browser asks again when the user navigates), and sets the security
/// headers of every answer.
///
/// # Errors
/// None of its own.
pub async fn check(
    hosts: web::Data<AllowedHosts>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let refusal = if !hosts.allows(request.headers()) {
        Some(hosts.refuse(request.headers()))
    } else if is_prefetch(request.headers()) {
        Some(HttpResponse::ServiceUnavailable().body("This page is not prefetched.\n"))
    } else {
        None
    };
    let mut answer = match refusal {
        Some(refusal) => request.into_response(refusal),
        None => answered(request, next).await?.map_into_boxed_body(),
    };
    harden(answer.headers_mut());
    Ok(answer)
}

/// The answer of the routes, or an error page if they panic.
async fn answered<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let answer = panics::caught(async {
        planted::here(Place::Request);
        next.call(request).await
    });
    answer.await.unwrap_or_else(|panicked| {
        let mut page = pages::fault().into_response();
        harden(page.headers_mut());
        Err(InternalError::from_response(panicked, page).into())
    })
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| {
        let mut values = headers.get_all(name).filter_map(|value| value.to_str().ok());
        values.any(|value| {
            let value = value.to_ascii_lowercase();
            ["prefetch", "prerender", "preview"].into_iter().any(|purpose| value.contains(purpose))
        })
    })
}

fn harden(headers: &mut HeaderMap) {
    let always: [(HeaderName, &'static str); 3] =
        [(CACHE_CONTROL, "no-store"), (X_FRAME_OPTIONS, "DENY"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_a_page_says_otherwise =
        [(REFERRER_POLICY, "no-referrer"), (CONTENT_SECURITY_POLICY, layout::policy())];
    for (name, value) in unless_a_page_says_otherwise {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

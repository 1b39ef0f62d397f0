//! What every answer carries, and the span that every log line of a request stands in.

use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use tracing::{Instrument, Span};

use super::kubernetes_status::as_status;
use crate::outbound::request_context::{REQUEST_ID, RequestContext, TRACEPARENT};
use crate::panics::planted::{self, Place};
use crate::panics::{self, Panicked};
use crate::problem::Problem;
use crate::protocol::BASE_PATH;
use crate::random::{Random, random_secret};

/// A path of Kubernetes' has fewer characters; what a caller makes up may be as long as a head.
const LONGEST_PATH: usize = 1024;

/// What the log's lines of a request say of it.
pub struct RequestName {
    id: Box<str>,
    method: Box<str>,
    path: Box<str>,
}

impl RequestName {
    fn new(request: &ServiceRequest, id: &HeaderValue) -> Rc<Self> {
        Rc::new(Self {
            id: id.to_str().unwrap_or_default().into(),
            method: request.method().as_str().into(),
            path: said(request.path()).into(),
        })
    }

    /// A span for its lines. What is open for long makes one when it has a line: those that are held at the same time are never given back.
    #[must_use]
    pub fn span(&self) -> Span {
        // The path only: a query may hold what must not be logged. Of the highest level, so that a line has its request's id at any.
        tracing::error_span!("request", request_id = &*self.id, method = &*self.method, path = &*self.path)
    }
}

/// Names the request, logs its end and marks the answer as not to be stored.
///
/// # Errors
/// Only those of the service inside.
pub async fn follow<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id =
        given_id(&request).or_else(|| new_id(&request)).unwrap_or_else(|| HeaderValue::from_static("none"));
    let name = RequestName::new(&request, &id);
    let span = name.span();
    request.extensions_mut().insert(name);
    let context =
        RequestContext::new(id.as_bytes(), request.headers().get(TRACEPARENT).map(HeaderValue::as_bytes));
    let shape = shape_at(request.path());
    let answered = panics::caught(async {
        planted::here(Place::Request);
        next.call(request).await
    });
    let answered = context.scope(answered).instrument(span.clone()).await;
    let mut response = match answered {
        Ok(answered) => answered?,
        Err(panicked) => return Err(fault(panicked, shape, id)),
    };
    let status = response.status().as_u16();
    span.in_scope(|| tracing::debug!(status, "answered"));
    mark(response.headers_mut(), id);
    Ok(response)
}

/// Answers a request that panics here as it answers others: whatever wraps this, CORS above all, has its say in the answer.
///
/// # Errors
/// Only those of the service inside.
pub async fn survive<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (asked, shape) = (request.request().clone(), shape_at(request.path()));
    let answered = panics::caught(async {
        planted::here(Place::Route);
        next.call(request).await
    });
    match answered.await {
        Ok(answered) => Ok(answered?.map_into_boxed_body()),
        Err(panicked) => Ok(ServiceResponse::new(asked, shape(&panicked.into()))),
    }
}

/// As much of a path as every line of its request may hold.
fn said(path: &str) -> &str {
    let end = path.char_indices().nth(LONGEST_PATH).map(|(end, _)| end);
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

fn mark(headers: &mut HeaderMap, id: HeaderValue) {
    headers.insert(HeaderName::from_static(REQUEST_ID), id);
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The answer to a request that panicked.
fn fault(panicked: Panicked, shape: fn(&Problem) -> HttpResponse, id: HeaderValue) -> Error {
    let mut answer = shape(&panicked.into());
    mark(answer.headers_mut(), id);
    InternalError::from_response(panicked, answer).into()
}

/// How an error looks at this path.
fn shape_at(path: &str) -> fn(&Problem) -> HttpResponse {
    let below = path.strip_prefix(BASE_PATH).is_some_and(|below| below.starts_with("/clusters/"));
    if below { as_status } else { Problem::error_response }
}

/// The caller's own name for the request, when it is 1 to 64 of `[A-Za-z0-9_-]`.
fn given_id(request: &ServiceRequest) -> Option<HeaderValue> {
    let id = request.headers().get(REQUEST_ID)?;
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let bytes = id.as_bytes();
    ((1..=64).contains(&bytes.len()) && bytes.iter().all(allowed)).then(|| id.clone())
}

fn new_id(request: &ServiceRequest) -> Option<HeaderValue> {
    let random = request.app_data::<Data<dyn Random>>()?;
    let id = random_secret(random.as_ref()).ok()?;
    HeaderValue::from_str(id.expose().get(..22)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_path_is_cut_and_another_is_whole() {
        assert_eq!(said("/api/cluster-auth/info"), "/api/cluster-auth/info");
        let endless = format!("/{}", "ä".repeat(3_000));
        assert_eq!(said(&endless).chars().count(), LONGEST_PATH);
    }
}

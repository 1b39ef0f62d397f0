//! A request of hyper's, as if it had come over HTTP/1.1: what reads it need not know the difference.

use std::net::SocketAddr;

use actix_http::error::PayloadError;
use actix_http::{BoxedPayloadStream, Payload, Request};
use actix_web::http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use actix_web::http::{Method, Uri, Version};
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use http_body_util::BodyDataStream;
use hyper::body::{Body, Incoming};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;

use crate::problem::Problem;
use crate::protocol::Code;

/// The same request for actix.
///
/// # Errors
/// `bad_request` for a head that hyper takes and actix does not.
pub fn inward(request: hyper::Request<Incoming>, peer: Option<SocketAddr>) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let mut request = Request::with_payload(if has_body {
        Payload::Stream { payload: Box::pin(data(body)) as BoxedPayloadStream }
    } else {
        Payload::None
    });
    let head = request.head_mut();
    // The path with its query, byte for byte; who is asked stands in `Host`.
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    head.uri = Uri::try_from(target).map_err(|_| unreadable())?;
    head.method = Method::from_bytes(parts.method.as_str().as_bytes()).map_err(|_| unreadable())?;
    head.version = Version::HTTP_2;
    head.peer_addr = peer;
    for (name, value) in &parts.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).map_err(|_| unreadable())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unreadable())?;
        head.headers.append(name, value);
    }
    if let Some(authority) = authority(&parts) {
        // RFC 9113, 8.3.1: it stands for `Host`, which must not say anything else.
        head.headers.insert(HOST, HeaderValue::from_str(authority).map_err(|_| unreadable())?);
    }
    if has_body && !head.headers.contains_key(CONTENT_LENGTH) {
        head.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(request)
}

fn authority(parts: &Parts) -> Option<&str> {
    parts.uri.authority().map(Authority::as_str)
}

/// A body that is broken off is an error, never an end.
fn data(body: Incoming) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    BodyDataStream::new(body).map(|part| part.map_err(|_| PayloadError::Incomplete(None)))
}

fn unreadable() -> Problem {
    Problem::new(Code::BadRequest, "The head of this request cannot be read: write it as HTTP has it.")
}

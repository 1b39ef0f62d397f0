//! An answer of actix's for hyper.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::Response;
use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};

use super::open::Open;

/// What RFC 9113, 8.2.2 forbids.
const OF_HTTP1: [&str; 5] = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// The body was broken off: hyper resets the stream, so that what came never looks whole.
#[derive(Debug, thiserror::Error)]
#[error("the answer was broken off")]
pub struct BrokenOff;

/// A body, and that it is still being sent.
pub struct Answer {
    body: BoxBody,
    counted: Option<Open>,
}

/// The same answer for hyper.
pub fn answered(response: Response<BoxBody>, is_head: bool) -> hyper::Response<Answer> {
    let (response, body) = response.into_parts();
    let size = body.size();
    let body = if is_head { BoxBody::new(()) } else { body };
    let mut answer = hyper::Response::new(Answer { body, counted: None });
    *answer.status_mut() =
        hyper::StatusCode::from_u16(response.status().as_u16()).unwrap_or(hyper::StatusCode::BAD_GATEWAY);
    for (name, value) in response.headers().iter().filter(|(name, _)| !OF_HTTP1.contains(&name.as_str())) {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            answer.headers_mut().append(name, value);
        }
    }
    if let (BodySize::Sized(length), false) = (size, answer.status() == hyper::StatusCode::NO_CONTENT) {
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    answer
}

/// An answer that counts until it has ended.
pub trait Counted {
    /// Counts it.
    fn counted_as(self, open: Open) -> Self;
}

impl Counted for hyper::Response<Answer> {
    fn counted_as(mut self, open: Open) -> Self {
        self.body_mut().counted = Some(open);
        self
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let part = Pin::new(&mut self.body).poll_next(context);
        part.map(|part| part.map(|part| part.map(Frame::data).map_err(|_| BrokenOff)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.size().is_eof()
    }

    fn size_hint(&self) -> SizeHint {
        // hyper tells the length from the header.
        SizeHint::default()
    }
}

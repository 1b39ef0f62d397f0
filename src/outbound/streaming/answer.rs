//! Answers with a body that is read as it arrives.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::{HeaderMap, Response, StatusCode, Version};

use super::lanes::Place;

/// The head of an answer with its unread body.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: AnswerBody,
}

impl Answer {
    pub(super) fn new(answer: Response<Incoming>, place: Place) -> Self {
        let (head, incoming) = answer.into_parts();
        let framing = if head.version == Version::HTTP_2 { Framing::Http2 } else { Framing::Http1 };
        Self {
            status: head.status,
            headers: head.headers,
            body: AnswerBody { incoming, framing, _place: place },
        }
    }
}

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum CutShort {
    /// An error of hyper.
    #[error("{0}")]
    Broken(#[source] hyper::Error),
    /// The server reset the stream (RFC 9113, 6.4).
    #[error("the stream was reset")]
    Reset,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Http1,
    Http2,
}

/// A body as it arrives; dropping it ends the request at the server. Trailers are ignored.
pub struct AnswerBody {
    incoming: Incoming,
    framing: Framing,
    _place: Place,
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, CutShort>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return Poll::Ready(match ready!(Pin::new(&mut self.incoming).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => Some(Ok(data)),
                    Err(_) => continue,
                },
                Some(Err(error)) => Some(Err(CutShort::Broken(error))),
                // hyper treats a reset with NO_ERROR or CANCEL as the end of the body, but only END_STREAM is.
                None if self.framing == Framing::Http2 && !self.incoming.is_end_stream() => {
                    Some(Err(CutShort::Reset))
                }
                None => None,
            });
        }
    }
}

impl CutShort {
    /// The innermost cause.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Broken(error) => error.source().map_or_else(|| error.to_string(), ToString::to_string),
            Self::Reset => self.to_string(),
        }
    }
}

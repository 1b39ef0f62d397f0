//! Answers with a body that is read as it arrives.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::upgrade::OnUpgrade;
use hyper::{HeaderMap, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::lanes::Place;

/// The head of an answer with its unread body.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: AnswerBody,
    /// After a 101, the connection.
    pub switched: Switched,
}

impl Answer {
    pub(super) fn new(mut answer: Response<Incoming>, place: Place) -> Self {
        let switched = Switched(hyper::upgrade::on(&mut answer));
        let (head, incoming) = answer.into_parts();
        let framing = if head.version == Version::HTTP_2 { Framing::Http2 } else { Framing::Http1 };
        Self {
            status: head.status,
            headers: head.headers,
            body: AnswerBody { incoming, framing, _place: place },
            switched,
        }
    }
}

/// The connection of an answer that switched protocols (RFC 9110, 15.2.2).
pub struct Switched(OnUpgrade);

impl Switched {
    /// Its bytes both ways, from the first behind the head on. Dropping it ends the connection.
    ///
    /// # Errors
    /// For an answer that did not switch protocols, and when the connection has ended.
    pub async fn stream(self) -> Result<impl AsyncRead + AsyncWrite + Unpin, hyper::Error> {
        Ok(TokioIo::new(self.0.await?))
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

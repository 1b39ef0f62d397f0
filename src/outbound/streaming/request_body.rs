//! A request's body, passed piece by piece from a task that is bound to its thread to a connection that is not.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// The pieces in the channel: one is sent while the next is read.
const PARTS_UNDER_WAY: usize = 1;

enum Part {
    Data(Bytes),
    /// The end of the body. A sender that is dropped without it has aborted the body.
    End,
}

/// The body was aborted, so the request must not look complete to the server.
#[derive(Debug, thiserror::Error)]
#[error("the request's body was broken off")]
pub struct BrokenOff;

/// The receiver does not want the rest of the body.
#[derive(Debug, thiserror::Error)]
#[error("no more of the request's body is wanted")]
pub struct NotWanted;

/// The sending end of a body. Dropping it before [`BodySender::end`] aborts the body.
pub struct BodySender(Sender<Part>);

impl BodySender {
    /// Sends the next piece.
    ///
    /// # Errors
    /// When no more is wanted.
    pub async fn send(&self, data: Bytes) -> Result<(), NotWanted> {
        self.0.send(Part::Data(data)).await.map_err(|_| NotWanted)
    }

    /// Ends the body.
    pub async fn end(self) {
        // It fails only when the body is not wanted any more, where the end does not matter.
        let _ = self.0.send(Part::End).await;
    }

    /// Resolves when no more is wanted.
    pub async fn not_wanted(&self) {
        self.0.closed().await;
    }
}

/// The receiving end of a body.
pub struct RequestBody {
    parts: Option<Receiver<Part>>,
    length: Option<u64>,
}

/// A body of that length, or of unknown length.
#[must_use]
pub fn body_channel(length: Option<u64>) -> (BodySender, RequestBody) {
    let (sender, parts) = channel(PARTS_UNDER_WAY);
    (BodySender(sender), RequestBody { parts: Some(parts), length })
}

impl RequestBody {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self { parts: None, length: Some(0) }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let Some(parts) = &mut self.parts else { return Poll::Ready(None) };
        let part = ready!(parts.poll_recv(context));
        if let Some(Part::Data(data)) = part {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        self.parts = None;
        Poll::Ready(part.is_none().then_some(Err(BrokenOff)))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn next(body: &mut RequestBody) -> Option<Result<Bytes, BrokenOff>> {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        Some(frame.map(|frame| frame.into_data().unwrap()))
    }

    #[actix_web::test]
    async fn only_a_body_that_was_ended_ends() {
        let (sender, mut body) = body_channel(None);
        sender.send(Bytes::from_static(b"part")).await.unwrap();
        assert_eq!(next(&mut body).await.unwrap().unwrap(), "part");
        sender.end().await;
        assert!(!body.is_end_stream() && next(&mut body).await.is_none() && body.is_end_stream());
        let (sender, mut body) = body_channel(Some(8));
        drop(sender);
        assert_eq!(body.size_hint().exact(), Some(8));
        assert!(next(&mut body).await.unwrap().is_err());
    }

    #[actix_web::test]
    async fn who_sends_learns_that_no_more_is_wanted() {
        let (sender, body) = body_channel(None);
        drop(body);
        sender.not_wanted().await;
        assert!(sender.send(Bytes::new()).await.is_err());
    }
}

//! A caller's connection, from which a handler can take the raw stream once it has answered 101. actix hands out raw bytes only
//! after `Upgrade: websocket`, and would read those after any other upgrade as requests.

mod framing;
mod upgrade_protocol;

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use self::framing::Framing;

pub use self::upgrade_protocol::UpgradeProtocol;

/// The most that is kept of what follows an upgrade request before it is answered, in bytes.
const MOST_HELD: usize = 16 << 10;

/// A stream of bytes both ways.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> ByteStream for T {}

/// A connection after its upgrade.
pub struct RawStream {
    /// The connection itself.
    pub io: Box<dyn ByteStream>,
    /// What came behind the request before it was answered.
    pub behind: Vec<u8>,
}

/// What a connection and the handlers of its requests share.
#[derive(Default)]
struct Shared {
    /// What has come behind an upgrade request; none where there was no such request.
    held: RefCell<Option<Vec<u8>>>,
    /// Where the raw stream goes when all that was written has left.
    wanted: RefCell<Option<oneshot::Sender<RawStream>>>,
}

/// The part of a connection that the handlers of its requests know.
pub struct Upgradable(Rc<Shared>);

impl Upgradable {
    /// Whether an upgrade request has come, so that nothing is read any more before its answer.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.held.borrow().is_some()
    }

    /// Asks for the raw stream, which comes when all that was written has left. To be called when the head of the answer has been
    /// written, as it has when actix first asks for the answer's body.
    #[must_use]
    pub fn take(&self) -> oneshot::Receiver<RawStream> {
        let (sender, receiver) = oneshot::channel();
        *self.0.wanted.borrow_mut() = Some(sender);
        receiver
    }

    /// Another reference, for the body of an answer.
    #[must_use]
    pub fn share(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

/// A connection, HTTP/1.1 on it.
pub struct Connection<T> {
    /// None when it was handed over.
    io: Option<T>,
    framing: Framing,
    shared: Rc<Shared>,
}

impl<T: AsyncRead + AsyncWrite + Unpin + 'static> Connection<T> {
    /// One on which nothing was read yet.
    #[must_use]
    pub fn new(io: T) -> Self {
        Self { io: Some(io), framing: Framing::new(), shared: Rc::default() }
    }

    /// The connection itself; none when it was handed over.
    #[must_use]
    pub fn io(&self) -> Option<&T> {
        self.io.as_ref()
    }

    /// What the handlers of its requests may know.
    #[must_use]
    pub fn upgradable(&self) -> Upgradable {
        Upgradable(Rc::clone(&self.shared))
    }

    /// Reads what follows an upgrade request, so that its caller's end is noticed; returns at that end only.
    fn poll_hold(&mut self, context: &mut Context<'_>, held: &mut Vec<u8>) -> Poll<io::Result<()>> {
        let Some(io) = &mut self.io else { return Poll::Pending };
        let mut space = [0; 4 << 10];
        while held.len() < MOST_HELD {
            let mut buffer = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut *io).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            held.extend_from_slice(buffer.filled());
        }
        Poll::Pending
    }

    fn hand_over(&mut self) {
        let Some(wanted) = self.shared.wanted.borrow_mut().take() else { return };
        let Some(io) = self.io.take() else { return };
        let behind = self.shared.held.borrow_mut().take().unwrap_or_default();
        // Where it is not wanted any more, it ends here.
        drop(wanted.send(RawStream { io: Box::new(io), behind }));
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin + 'static> AsyncRead for Connection<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shared = Rc::clone(&this.shared);
        if let Some(held) = shared.held.borrow_mut().as_mut() {
            return this.poll_hold(context, held);
        }
        let Some(io) = &mut this.io else { return Poll::Pending };
        let before = buffer.filled().len();
        ready!(Pin::new(io).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        if let Some(end) = this.framing.go_over(read) {
            *shared.held.borrow_mut() = Some(read.get(end..).unwrap_or_default().to_vec());
            buffer.set_filled(before + end);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for Connection<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().io {
            Some(io) => Pin::new(io).poll_write(context, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(io) = &mut this.io else { return Poll::Ready(Ok(())) };
        ready!(Pin::new(io).poll_flush(context))?;
        this.hand_over();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Some(io) => Pin::new(io).poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Ends the connection of an upgrade request that was answered otherwise: what follows it is no request, and is not read as one.
///
/// # Errors
/// Only those of the service inside.
pub async fn end_after_other_answers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_held = request.conn_data::<Upgradable>().is_some_and(Upgradable::is_held);
    let asked = is_held && UpgradeProtocol::asked_by(request.headers()).is_some();
    let mut answered = next.call(request).await?;
    if asked && answered.status() != StatusCode::SWITCHING_PROTOCOLS {
        answered.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answered)
}

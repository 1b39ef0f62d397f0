//! The connection of one request. Its end is an error, never just an end: awc would take it for the end of the answer, and half
//! an answer for a whole one. Interim answers are read and forgotten: awc would take the first of them for the answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_rt::net::{ActixStream, Ready};
use actix_tls::connect::{ConnectError, ConnectInfo, Connection as Connected};
use actix_web::dev::Service;
use actix_web::error::HttpError;
use awc::http::Uri;
use futures_util::future::LocalBoxFuture;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;

use super::beginning::Beginning;
use super::connect_failure::ConnectFailure;
use super::tunnel::Dialler;

/// What a connection carries.
trait Carrier: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Carrier for T {}

/// A connection, with TLS or without.
pub(super) struct Connection {
    carrier: Box<dyn Carrier>,
    beginning: Beginning,
}

/// The other side has closed the connection, in good order.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection was closed")]
pub(super) struct Closed;

impl Closed {
    /// Whether that error says so.
    pub(super) fn is(error: &io::Error) -> bool {
        let inner: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
        inner.is_some_and(<dyn Error>::is::<Self>)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    fn new(carrier: impl Carrier + 'static) -> Self {
        Self { carrier: Box::new(carrier), beginning: Beginning::default() }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { carrier, beginning } = self.get_mut();
        while !beginning.is_over() {
            let mut bytes = [0; 1024];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(some(Pin::new(&mut *carrier), cx, &mut read))?;
            beginning.take(read.filled());
        }
        if beginning.hand_over(buffer) {
            return Poll::Ready(Ok(()));
        }
        some(Pin::new(carrier), cx, buffer)
    }
}

/// Reads something, or fails.
fn some(
    carrier: Pin<&mut impl AsyncRead>,
    cx: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    let before = buffer.remaining();
    ready!(carrier.poll_read(cx, buffer))?;
    let nothing = before > 0 && buffer.remaining() == before;
    Poll::Ready(if nothing { Err(io::Error::new(io::ErrorKind::UnexpectedEof, Closed)) } else { Ok(()) })
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().carrier).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().carrier).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().carrier).poll_shutdown(cx)
    }
}

/// awc asks for it and does not use it.
impl ActixStream for Connection {
    fn poll_read_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::ALL))
    }

    fn poll_write_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Poll::Ready(Ok(Ready::ALL))
    }
}

/// Opens connections for awc, which believes that all are plain: TLS is ours, since the end of what it carries must be seen, too.
#[derive(Clone)]
pub(super) struct Opener {
    dialler: Dialler,
    tls: Option<TlsConnector>,
}

impl Opener {
    /// Of plain connections.
    pub(super) fn plain(dialler: Dialler) -> Self {
        Self { dialler, tls: None }
    }

    /// Of connections with TLS.
    pub(super) fn secure(dialler: Dialler, tls: &Arc<ClientConfig>) -> Self {
        Self { dialler, tls: Some(TlsConnector::from(Arc::clone(tls))) }
    }

    async fn open(&self, url: Uri) -> Result<Connection, ConnectFailure> {
        let Some(tls) = &self.tls else { return Ok(Connection::new(self.dialler.dial(&url).await?)) };
        let host = url.host().unwrap_or_default();
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| ConnectFailure::Other(format!("{host} is no name that a certificate can have")))?;
        let url = with_scheme("https", &url).map_err(|error| ConnectFailure::Other(error.to_string()))?;
        Ok(Connection::new(tls.connect(name, self.dialler.dial(&url).await?).await?))
    }
}

/// The same host and port with that scheme; the default port of `https` is written out.
pub(super) fn with_scheme(scheme: &str, url: &Uri) -> Result<Uri, HttpError> {
    let authority = format!("{}:{}", url.host().unwrap_or_default(), url.port_u16().unwrap_or(443));
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build()
}

impl Service<ConnectInfo<Uri>> for Opener {
    type Response = Connected<Uri, Connection>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, ConnectError>>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, info: ConnectInfo<Uri>) -> Self::Future {
        let (opener, url) = (self.clone(), info.request().clone());
        Box::pin(async move {
            let connection = opener.open(url.clone()).await;
            let connection = connection.map_err(|failure| ConnectError::Io(io::Error::other(failure)))?;
            Ok(Connected::new(url, connection))
        })
    }
}

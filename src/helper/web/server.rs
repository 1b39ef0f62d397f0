//! The HTTP server on the helper's ports. A client that begins with TLS is detected before HTTP is parsed, so that the user can be told
//! why it fails.

pub mod acceptor;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::acceptor::{Acceptor, Gate, Port};
use super::guard;

/// A client that has not sent its request by then gets a 408; one that has sent nothing at all is disconnected.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long requests under way may take when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// The first byte of a TLS `ClientHello`, a handshake record (RFC 8446, 5.1); no HTTP request begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// The fatal alert `unexpected_message` (RFC 8446, 6): a browser gives up TLS at once, and may then try http.
const TLS_ALERT: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 10];

/// How long the last page may take to leave the socket before the server stops.
pub const LAST_PAGE: Duration = Duration::from_millis(100);

/// A running server.
pub struct PortServer {
    gate: Gate,
    task: JoinHandle<io::Result<()>>,
    /// Also disconnects clients that have not sent a byte yet.
    open: watch::Sender<()>,
}

impl PortServer {
    /// Lets connections in, or has them wait.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }

    /// Stops the server; pending requests have two seconds to finish.
    pub async fn stop(self) {
        let Self { gate, mut task, open } = self;
        drop(open);
        gate.close();
        if timeout(STOP_TIMEOUT, &mut task).await.is_err() {
            task.abort();
            // The listeners are given back when the task is gone.
            let _ = task.await;
        }
    }

    /// Resolves if the server ends by itself.
    ///
    /// # Errors
    /// The error that ended it.
    pub async fn ended(&mut self) -> io::Result<()> {
        (&mut self.task).await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

/// Serves these routes behind the guard, on the calling thread; logs each client that begins with TLS, and calls `on_tls` for it.
///
/// # Errors
/// When a listener cannot be served.
pub fn serve<C, T>(listeners: Vec<TcpListener>, routes: C, on_tls: T) -> io::Result<PortServer>
where
    C: Fn(&mut ServiceConfig) + Clone + 'static,
    T: Fn() + Clone + 'static,
{
    let (open, closed) = watch::channel(());
    let (gate, orders) = Gate::new();
    let opened: Vec<(SocketAddr, tokio::net::TcpListener)> =
        listeners.into_iter().map(opened).collect::<io::Result<_>>()?;
    let accepted = gate.clone();
    let task = actix_web::rt::spawn(async move {
        let mut ports = Vec::new();
        for (address, listener) in opened {
            let routes = http(address, routes.clone()).new_service(());
            let routes = routes.await.map_err(|()| io::Error::other("the routes cannot be built"))?;
            let (routes, on_tls, closed) = (Rc::new(routes), on_tls.clone(), closed.clone());
            let serve = move |stream| {
                let (routes, told_apart) =
                    (Rc::clone(&routes), reject_tls(stream, on_tls.clone(), closed.clone()));
                // What ends a connection early is the client's affair, or was logged where it happened.
                async move {
                    if let Ok(stream) = told_apart.await {
                        let _ = routes.call(stream).await;
                    }
                }
                .boxed_local()
            };
            ports.push(Port { listener, serve: Box::new(serve) });
        }
        Acceptor::new(ports, accepted, orders).run().await;
        Ok(())
    });
    Ok(PortServer { gate, task, open })
}

fn opened(listener: TcpListener) -> io::Result<(SocketAddr, tokio::net::TcpListener)> {
    listener.set_nonblocking(true)?;
    Ok((listener.local_addr()?, tokio::net::TcpListener::from_std(listener)?))
}

fn http<C: Fn(&mut ServiceConfig) + 'static>(
    address: SocketAddr,
    routes: C,
) -> impl ServiceFactory<
    TcpStream,
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
    Service: Service<TcpStream, Response = (), Error = DispatchError> + 'static,
> {
    let app = App::new().wrap(from_fn(guard::check)).configure(routes);
    let app = app.into_factory().map_err(|error: actix_web::Error| error.error_response());
    HttpService::build()
        // One answer for each connection, so that the end of the login need not wait for idle ones.
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(REQUEST_TIMEOUT)
        .client_disconnect_timeout(Duration::from_secs(1))
        .local_addr(address)
        .finish(map_config(app, |()| AppConfig::default()))
        .tcp()
}

/// Passes a connection on unless it begins with a `ClientHello`.
async fn reject_tls(
    mut stream: TcpStream,
    on_tls: impl Fn(),
    mut closed: watch::Receiver<()>,
) -> Result<TcpStream, DispatchError> {
    let mut first = [0];
    let peeked = tokio::select! {
        peeked = timeout(REQUEST_TIMEOUT, stream.peek(&mut first)) => peeked.map_err(io::Error::from)?,
        _ = closed.changed() => return Err(left("the server ends")),
    };
    match peeked? {
        0 => Err(left("not a byte was sent")),
        _ if first == [TLS_HANDSHAKE] => {
            tracing::warn!(
                "a browser spoke https to this port: open the link with http://, or turn HTTPS-only mode off for localhost; if it is Safari and \
                 came from Backstage, Backstage's admin sets backend.csp.upgrade-insecure-requests to false"
            );
            on_tls();
            // Unread bytes would turn the alert into a reset.
            let _ = stream.read(&mut [0; 16 << 10]).await;
            stream.write_all(&TLS_ALERT).await?;
            Err(left("a client spoke TLS"))
        }
        _ => Ok(stream),
    }
}

fn left(why: &'static str) -> DispatchError {
    DispatchError::Io(io::Error::other(why))
}

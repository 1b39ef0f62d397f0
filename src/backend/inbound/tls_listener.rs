//! The API's listener where it speaks TLS. HTTP/1.1 is actix's, HTTP/2 is hyper's; both call one and the same application.
//!
//! actix's own HTTP/2 does not notice that a caller has reset a stream or is gone while an answer waits for its next event: a
//! watch that kubectl has closed would stay open at the cluster, and keep its place among the user's streams.

mod first_byte;
mod http2;

use std::any::Any;
use std::fmt;
use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{HttpService, Request, Response};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config,
};
use actix_web::dev::{AppConfig, Extensions};
use actix_web::rt::net::TcpStream;
use actix_web::{Error, HttpResponse};
use rustls::ServerConfig;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::first_byte::{Begun, begin};
pub use self::http2::CallersStream;
use crate::backend::stopping::Stopping;

/// How long actix waits for a caller to close.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// What connections are accepted with, and how long they may take.
#[derive(Clone)]
pub struct TlsConnections {
    /// The certificate, the versions and the protocols.
    pub tls: Arc<ServerConfig>,
    /// For the handshake, and again for the head of the first request.
    pub slowest_head: Duration,
    /// How long a connection stays open without a request.
    pub keep_alive: Duration,
    /// With it, idle connections close.
    pub stopping: Stopping,
    /// Has the requests of an HTTP/1.1 connection know it; gets the TCP connection below TLS.
    pub know_connection: fn(&dyn Any, &mut Extensions),
    /// After it, what is still open is cut; whole seconds.
    pub shutdown_timeout: Duration,
}

/// Serves the application of `worker`, of which each worker makes its own.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    connections: TlsConnections,
    worker: F,
) -> std::io::Result<Server>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: fmt::Debug + 'static,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let seconds = connections.shutdown_timeout.as_secs();
    let factory = move || {
        let application =
            worker().into_factory().map_err(|error| -> HttpResponse { error.into().error_response() });
        let application = Rc::new(map_config(application, |()| AppConfig::default()));
        let connections = connections.clone();
        fn_factory(move || accepting::<_, B>(Rc::clone(&application), connections.clone()))
    };
    Ok(Server::build().shutdown_timeout(seconds).disable_signals().listen("tls", listener, factory)?.run())
}

/// One worker's service for connections.
async fn accepting<A, B>(
    application: Rc<A>,
    connections: TlsConnections,
) -> Result<impl Service<TcpStream, Response = (), Error = ()>, ()>
where
    A: ServiceFactory<Request, Config = (), Error = HttpResponse>,
    A::InitError: fmt::Debug,
    A::Response: Into<Response<B>> + 'static,
    A::Service: 'static,
    <A::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let not_built = |error| tracing::error!(?error, "a worker cannot build its services");
    let application = Rc::new(application.new_service(()).await.map_err(not_built)?);
    let http1 = http1::<_, B>(&application, &connections).await?;
    let worker = Rc::new(Worker { application, http1, connections });
    Ok(fn_service(move |stream: TcpStream| {
        let worker = Rc::clone(&worker);
        async move {
            worker.serve::<B>(stream).await;
            Ok(())
        }
    }))
}

/// actix's HTTP/1.1 over TLS.
async fn http1<A, B>(
    application: &Rc<A>,
    connections: &TlsConnections,
) -> Result<impl Service<(TlsStream<TcpStream>, Option<SocketAddr>)> + use<A, B>, ()>
where
    A: Service<Request, Error = HttpResponse> + 'static,
    A::Response: Into<Response<B>> + 'static,
    A::Future: 'static,
    B: MessageBody + 'static,
{
    let (application, know, stopping) =
        (Rc::clone(application), connections.know_connection, connections.stopping.clone());
    HttpService::build()
        .keep_alive(connections.keep_alive)
        .client_request_timeout(connections.slowest_head)
        .client_disconnect_timeout(CLOSE_WITHIN)
        // As on the plain listener.
        .h1_allow_half_closed(false)
        .secure()
        .graceful_shutdown_signal(move || {
            let stopping = stopping.clone();
            async move { stopping.closes().await }
        })
        .on_connect_ext(move |stream: &TlsStream<TcpStream>, known| know(stream.get_ref().0, known))
        .h1(fn_factory(move || ready(Ok::<_, ()>(Rc::clone(&application)))))
        .new_service(())
        .await
}

/// What serves the connections of one worker.
struct Worker<A, H> {
    application: Rc<A>,
    http1: H,
    connections: TlsConnections,
}

impl<A, H> Worker<A, H>
where
    A: Service<Request, Error = HttpResponse> + 'static,
    A::Future: 'static,
    H: Service<(TlsStream<TcpStream>, Option<SocketAddr>)>,
{
    async fn serve<B>(&self, stream: TcpStream)
    where
        A::Response: Into<Response<B>>,
        B: MessageBody + 'static,
    {
        let peer = stream.peer_addr().ok();
        // Frames are small, and each is waited for.
        let _ = stream.set_nodelay(true);
        let accepted = timeout(self.connections.slowest_head, self.accept(stream)).await;
        let Ok(Some(stream)) = accepted else { return };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            let limits = http2::Limits {
                first_request: self.connections.slowest_head,
                idle: self.connections.keep_alive,
            };
            http2::serve::<_, B>(stream, peer, &self.application, (limits, &self.connections.stopping)).await;
        } else {
            let _ = self.http1.call((stream, peer)).await;
        }
    }

    /// The connection after its handshake.
    async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let Begun::Tls(stream) = begin(stream).await else { return None };
        let accepted = TlsAcceptor::from(Arc::clone(&self.connections.tls)).accept(stream).await;
        accepted.inspect_err(|error| tracing::info!(%error, "a TLS handshake failed")).ok()
    }
}

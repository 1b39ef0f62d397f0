//! The API's listener where it speaks TLS. HTTP/1.1 is actix's, HTTP/2 is hyper's; both call one and the same application.
//!
//! actix's own HTTP/2 does not notice that a caller has reset a stream or is gone while an answer waits for its next event: a
//! watch that kubectl has closed would stay open at the cluster, and keep its place among the user's streams.

mod first_byte;
mod http2;

use std::fmt;
use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;

use actix_http::body::MessageBody;
use actix_http::{Request, Response};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service, map_config,
};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::{Error, HttpResponse};
use rustls::ServerConfig;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::first_byte::{Begun, begin};
pub use self::http2::CallersStream;
use super::connection::Connection;
use super::http1::Connections;

/// A connection that speaks HTTP/1.1, and can be upgraded.
type OverTls = Connection<TlsStream<TcpStream>>;

/// Serves the application of `worker`, of which each worker makes its own.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    (connections, tls): (Connections, Arc<ServerConfig>),
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
        let with = (connections.clone(), Arc::clone(&tls));
        fn_factory(move || accepting::<_, B>(Rc::clone(&application), with.clone()))
    };
    Ok(Server::build().shutdown_timeout(seconds).disable_signals().listen("tls", listener, factory)?.run())
}

/// One worker's service for connections.
async fn accepting<A, B>(
    application: Rc<A>,
    (connections, tls): (Connections, Arc<ServerConfig>),
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
    let worker = Rc::new(Worker { application, http1, tls: TlsAcceptor::from(tls), connections });
    Ok(fn_service(move |stream: TcpStream| {
        let worker = Rc::clone(&worker);
        async move {
            worker.serve::<B>(stream).await;
            Ok(())
        }
    }))
}

/// HTTP/1.1 over TLS.
async fn http1<A, B>(
    application: &Rc<A>,
    connections: &Connections,
) -> Result<impl Service<(OverTls, Option<SocketAddr>)> + use<A, B>, ()>
where
    A: Service<Request, Error = HttpResponse> + 'static,
    A::Response: Into<Response<B>> + 'static,
    A::Future: 'static,
    B: MessageBody + 'static,
{
    let application = Rc::clone(application);
    connections
        .http1(|stream: &TlsStream<TcpStream>| stream.get_ref().0)
        .secure()
        .h1(fn_factory(move || ready(Ok::<_, ()>(Rc::clone(&application)))))
        .new_service(())
        .await
}

/// What serves the connections of one worker.
struct Worker<A, H> {
    application: Rc<A>,
    http1: H,
    tls: TlsAcceptor,
    connections: Connections,
}

impl<A, H> Worker<A, H>
where
    A: Service<Request, Error = HttpResponse> + 'static,
    A::Future: 'static,
    H: Service<(OverTls, Option<SocketAddr>)>,
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
            let Connections { slowest_head, keep_alive, stopping, .. } = &self.connections;
            let limits = http2::Limits { first_request: *slowest_head, idle: *keep_alive };
            http2::serve::<_, B>(stream, peer, &self.application, (limits, stopping)).await;
        } else {
            let _ = self.http1.call((Connection::new(stream), peer)).await;
        }
    }

    /// The connection after its handshake.
    async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let Begun::Tls(stream) = begin(stream).await else { return None };
        let accepted = self.tls.accept(stream).await;
        accepted.inspect_err(|error| tracing::info!(%error, "a TLS handshake failed")).ok()
    }
}

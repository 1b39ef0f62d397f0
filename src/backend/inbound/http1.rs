//! The connections of callers that speak HTTP/1.1: actix's, on TCP or on TLS above it.

use std::fmt;
use std::net::TcpListener;
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::{HttpServiceBuilder, Request, Response};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, Extensions};
use actix_web::rt::net::TcpStream;
use actix_web::{Error, HttpResponse};
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::Connection;
use crate::backend::stopping::Stopping;

/// How long actix waits for a caller to close.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// How long connections may take, and what their requests know of them.
#[derive(Clone)]
pub struct Connections {
    /// For the head of a request.
    pub slowest_head: Duration,
    /// How long one stays open without a request.
    pub keep_alive: Duration,
    /// With it, idle connections close.
    pub stopping: Stopping,
    /// Has the requests of a connection know it; gets the TCP connection, also where TLS is above it.
    pub know_connection: fn(&TcpStream, &mut Extensions),
    /// After it, what is still open is cut; whole seconds.
    pub shutdown_timeout: Duration,
}

impl Connections {
    /// HTTP/1.1 on connections above a TCP stream.
    pub fn http1<T, S>(&self, tcp: fn(&T) -> &TcpStream) -> HttpServiceBuilder<Connection<T>, S>
    where
        T: AsyncRead + AsyncWrite + Unpin + 'static,
        S: ServiceFactory<
                Request,
                Config = (),
                InitError: fmt::Debug,
                Service: Service<Request, Future: 'static>,
            >,
        S::Error: Into<Response<BoxBody>> + 'static,
    {
        let (stopping, know_connection) = (self.stopping.clone(), self.know_connection);
        HttpServiceBuilder::default()
            .client_request_timeout(self.slowest_head)
            .client_disconnect_timeout(CLOSE_WITHIN)
            // A caller who is gone ends their watch at the cluster at once, not with its next event.
            .h1_allow_half_closed(false)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.closes().await }
            })
            .on_connect_ext(move |connection: &Connection<T>, known| {
                known.insert(connection.upgradable());
                if let Some(io) = connection.io() {
                    know_connection(tcp(io), known);
                }
            })
            .keep_alive(self.keep_alive)
    }
}

/// Serves the application of `worker`, of which each worker makes its own.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    connections: Connections,
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
        let http1 = connections.http1(|stream: &TcpStream| stream);
        let accepted = fn_service(async |stream: TcpStream| {
            // What is typed in a terminal at the other end is small, and waited for.
            let _ = stream.set_nodelay(true);
            let address = stream.peer_addr().ok();
            Ok::<_, DispatchError>((Connection::new(stream), address))
        });
        accepted.and_then(http1.h1(map_config(application, |()| AppConfig::default())))
    };
    Ok(Server::build().shutdown_timeout(seconds).disable_signals().listen("api", listener, factory)?.run())
}

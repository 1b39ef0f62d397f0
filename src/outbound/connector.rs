//! Opens connections: directly or through an HTTP proxy (CONNECT), with TLS where the URL is https, and with keepalive, so that a
//! server that vanishes is noticed.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use super::connect_failure::ConnectFailure;
use super::http_proxy::tunnel::Tunnel;
use super::http_proxy::{HttpProxies, Proxy};
use super::localhost::Resolver;
use super::{CurrentTls, innermost};

type BoxError = Box<dyn Error + Send + Sync>;
type Connecting<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// TCP keepalive: probes begin after the first time without data, follow at the second interval, and the connection is closed after
/// the number of unanswered probes. A vanished server is noticed after half a minute.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEPALIVE_PROBES: u32 = 3;
/// How long sent data may stay unacknowledged (`TCP_USER_TIMEOUT`).
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// A connection, with TLS or without.
pub(super) type Connected = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The protocols offered over TLS (ALPN).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 where the server offers it.
    Http2WhereOffered,
}

/// In the order in which a server may choose (RFC 7301).
const HTTP2_FIRST: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Opens connections, TLS included, before a deadline.
#[derive(Clone)]
pub(super) struct Connector {
    dialler: KeptAlive,
    tls: CurrentTls,
    speaks: Speaks,
    patience: Duration,
}

impl Connector {
    /// Opens them with this TLS and through these proxies.
    pub(super) fn new(tls: CurrentTls, proxies: HttpProxies, patience: Duration, speaks: Speaks) -> Self {
        // Ends before the whole does, so that the error names the proxy.
        let dialler = KeptAlive { tcp: tcp(), proxies, patience: patience.mul_f32(0.9) };
        Self { dialler, tls, speaks, patience }
    }

    /// With TLS as it is now. A session that other settings began is not resumed: rustls compares their verifiers.
    fn with_tls(&self) -> HttpsConnector<KeptAlive> {
        let mut tls = self.tls.now();
        if self.speaks == Speaks::Http2WhereOffered {
            Arc::make_mut(&mut tls).alpn_protocols = HTTP2_FIRST.map(<[u8]>::to_vec).into();
        }
        HttpsConnector::from((self.dialler.clone(), tls))
    }
}

impl Service<Uri> for Connector {
    type Response = Connected;
    type Error = ConnectFailure;
    type Future = Connecting<Self::Response, ConnectFailure>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let connecting = timeout(self.patience, self.with_tls().call(url));
        Box::pin(async move {
            match connecting.await {
                Ok(connected) => connected.map_err(failure),
                Err(_) => Err(ConnectFailure::TimedOut),
            }
        })
    }
}

fn failure(error: BoxError) -> ConnectFailure {
    let error = match error.downcast::<ConnectFailure>() {
        Ok(ours) => return *ours,
        Err(error) => error,
    };
    match error.downcast::<io::Error>() {
        // hyper-rustls wraps the error of the handshake, which is an I/O error already.
        Ok(error) => error.downcast::<io::Error>().unwrap_or_else(|outer| outer).into(),
        Err(error) => ConnectFailure::Other(innermost(error.as_ref())),
    }
}

/// A connection for another protocol than HTTP: straight to the server, as no HTTP proxy is meant for it, and with TLS where there is some.
///
/// # Errors
/// When the server cannot be reached or its certificate is not trusted. Its time is the caller's business.
pub async fn straight_to(
    host: &str,
    port: u16,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static, ConnectFailure> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = Uri::builder().scheme(scheme).authority(format!("{host}:{port}")).path_and_query("/").build();
    let url = url.map_err(|error| ConnectFailure::Other(error.to_string()))?;
    let connected = match tls {
        Some(tls) => HttpsConnector::from((tcp(), Arc::clone(tls))).call(url).await.map_err(failure)?,
        None => Connected::Http(tcp().call(url).await.map_err(|error| failure(error.into()))?),
    };
    Ok(TokioIo::new(connected))
}

type Tcp = HttpConnector<Resolver>;

fn tcp() -> Tcp {
    let mut tcp = HttpConnector::new_with_resolver(Resolver::new());
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE_AFTER));
    tcp.set_keepalive_interval(Some(KEEPALIVE_EVERY));
    tcp.set_keepalive_retries(Some(KEEPALIVE_PROBES));
    #[cfg(target_os = "linux")]
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    tcp
}

/// Opens TCP connections, through a proxy where there is one.
#[derive(Clone)]
struct KeptAlive {
    tcp: Tcp,
    proxies: HttpProxies,
    patience: Duration,
}

impl Service<Uri> for KeptAlive {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Connecting<Self::Response, BoxError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        if let Some(proxy) = self.proxies.on_the_way_to(&url).cloned() {
            return Box::pin(tunnelled(self.tcp.clone(), proxy, url, Instant::now() + self.patience));
        }
        let dialling = self.tcp.call(url);
        Box::pin(async move { Ok(dialling.await?) })
    }
}

async fn tunnelled(
    mut tcp: Tcp,
    proxy: Arc<Proxy>,
    url: Uri,
    deadline: Instant,
) -> Result<TokioIo<TcpStream>, BoxError> {
    let to_proxy: Uri = format!("http://{proxy}/").parse()?;
    let dialling = tcp.call(to_proxy);
    let dialling = async move {
        dialling.await.map(TokioIo::into_inner).map_err(|error| io::Error::other(innermost(&error)))
    };
    let default_port = if url.scheme_str() == Some("https") { 443 } else { 80 };
    let port = url.port_u16().unwrap_or(default_port);
    let target = format!("{}:{port}", url.host().unwrap_or_default());
    let tunnel = Tunnel { proxy: &proxy, target: &target, deadline };
    Ok(TokioIo::new(tunnel.open(dialling).await?))
}

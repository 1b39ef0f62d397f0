//! A client of a backend that speaks TLS: one connection, over HTTP/2 with many requests at once.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::rt::net::TcpStream;
use backstage_oidc_helper::outbound;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair};
use rustls_pki_types::ServerName;
use time::OffsetDateTime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// The files of a certificate for 127.0.0.1 and localhost that is its own authority.
pub struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Pair {
    /// Makes one that is valid today.
    pub fn new(world: &World) -> Self {
        let pair = Self { certificate: world.file("tls.crt"), key: world.file("tls.key") };
        pair.renew();
        pair
    }

    /// Puts another in its place.
    pub fn renew(&self) {
        self.write(|_| {});
    }

    /// The same, changed like this.
    pub fn write(&self, change: impl Fn(&mut CertificateParams)) {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        let now = OffsetDateTime::now_utc();
        (params.not_before, params.not_after) = (now - time::Duration::DAY, now + time::Duration::days(90));
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        std::fs::write(&self.key, key.serialize_pem()).unwrap();
        std::fs::write(&self.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    }

    /// A backend that speaks TLS with it.
    pub fn of(&self, plan: &BackendPlan) -> BackendPlan {
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        plan.clone().with("TLS_CERT_FILE", &path(&self.certificate)).with("TLS_KEY_FILE", &path(&self.key))
    }
}

/// Runs a test's work on a runtime of its own.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    actix_web::rt::System::new().block_on(work)
}

/// Where a backend's API is, without a scheme.
pub fn address(backend: &Backend) -> &str {
    backend.url.strip_prefix("http://").unwrap()
}

/// A connection after its handshake; none where the server's certificate is another.
pub async fn connect(backend: &Backend, pair: &Pair, protocol: &str) -> Option<TlsStream<TcpStream>> {
    let mut tls = outbound::trusting_only(&pair.certificate).unwrap();
    Arc::make_mut(&mut tls).alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(address(backend)).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = TlsConnector::from(tls).connect(name, stream).await.ok()?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
    Some(stream)
}

/// The body of a request.
pub type Sent = BoxBody<Bytes, Infallible>;

/// No body.
pub fn nothing() -> Sent {
    Empty::new().boxed()
}

/// A connection that speaks HTTP/2.
#[derive(Clone)]
pub struct Http2 {
    sender: http2::SendRequest<Sent>,
    authority: String,
    closed: CancellationToken,
}

impl Http2 {
    pub async fn connect(backend: &Backend, pair: &Pair) -> Self {
        let stream = connect(backend, pair, "h2").await.unwrap();
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let closed = CancellationToken::new();
        let guard = closed.clone().drop_guard();
        actix_web::rt::spawn(async move {
            let _guard = guard;
            connection.await
        });
        Self { sender, authority: address(backend).to_owned(), closed }
    }

    /// A request to a path below the API.
    pub fn request(&self, method: &str, path: &str) -> hyper::http::request::Builder {
        Request::builder().method(method).uri(format!("https://{}/api/cluster-auth{path}", self.authority))
    }

    /// The head of an answer to a GET.
    pub async fn get(&self, path: &str) -> Response<Incoming> {
        self.send(self.request("GET", path).body(nothing()).unwrap()).await.unwrap()
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Sent>) -> hyper::Result<Response<Incoming>> {
        let mut sender = self.sender.clone();
        sender.ready().await?;
        sender.send_request(request).await
    }

    /// Returns when the server has closed the connection.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }
}

/// A GET over HTTP/1.1, on a connection of its own.
#[expect(clippy::disallowed_methods, reason = "tests choose the version and the certificate themselves")]
pub async fn get_over_http1(backend: &Backend, pair: &Pair, path: &str) -> Response<Incoming> {
    let stream = connect(backend, pair, "http/1.1").await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    actix_web::rt::spawn(connection);
    let request = Request::get(format!("/api/cluster-auth{path}")).header("host", address(backend));
    sender.send_request(request.body(nothing()).unwrap()).await.unwrap()
}

/// All of a body, as text; an error where it was cut.
pub async fn text(answer: Response<Incoming>) -> hyper::Result<String> {
    let bytes = answer.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

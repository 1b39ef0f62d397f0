//! The HTTP client for the identity provider, Backstage and the backend. Each request has one deadline for connecting, sending, head
//! and body, and a connection of its own: the server may close a kept connection just as a request is sent, and then it is
//! unknown whether a code or refresh token was redeemed. An answer is complete, or an error.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{Either, select};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::http::request::Builder;
use hyper::{Method, Response, StatusCode, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tower_service::Service;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::connect_failure::ConnectFailure;
use super::connector::{Connected, Connector, Speaks};
use super::http_proxy::HttpProxies;
use super::{BODY_LIMIT, CurrentTls, OutboundError, request_context, trusting_no_roots};

/// The `User-Agent`: some firewalls refuse requests without one.
const PROGRAM: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until there is a connection, TLS and proxy included. Shorter than `whole`, so that a caller can tell that nothing was sent.
    pub connect: Duration,
    /// From the beginning to the last byte of the answer.
    pub whole: Duration,
}

/// A client.
#[derive(Clone)]
pub struct HttpClient {
    connector: Connector,
    whole: Duration,
}

/// A request that is not sent yet.
pub struct Request {
    connector: Connector,
    head: Builder,
    whole: Duration,
}

/// A complete answer. `Debug` shows neither header fields nor body: both may hold tokens.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// Its body, at most [`BODY_LIMIT`] bytes.
    pub body: Bytes,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, body, .. } = self;
        f.debug_struct("Answer").field("status", status).field("bytes", &body.len()).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client that follows no redirects.
    #[must_use]
    pub fn new(tls: impl Into<CurrentTls>, proxies: &HttpProxies, deadlines: Deadlines) -> Self {
        let connector = Connector::new(tls.into(), proxies.clone(), deadlines.connect, Speaks::Http1);
        Self { connector, whole: deadlines.whole }
    }

    /// A client for this machine only: without proxy and without trusted certificates.
    #[must_use]
    pub fn for_loopback(whole: Duration) -> Self {
        let deadlines = Deadlines { connect: whole.mul_f32(0.9), whole };
        Self::new(&trusting_no_roots(), &HttpProxies::default(), deadlines)
    }

    /// GET.
    #[must_use]
    pub fn get(&self, url: &str) -> Request {
        self.request(Method::GET, url)
    }

    /// POST.
    #[must_use]
    pub fn post(&self, url: &str) -> Request {
        self.request(Method::POST, url)
    }

    /// PUT.
    #[must_use]
    pub fn put(&self, url: &str) -> Request {
        self.request(Method::PUT, url)
    }

    /// DELETE.
    #[must_use]
    pub fn delete(&self, url: &str) -> Request {
        self.request(Method::DELETE, url)
    }

    /// Reads JSON from a URL.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn get_json<T: DeserializeOwned>(&self, url: &str) -> Result<T, OutboundError> {
        self.get(url).header(ACCEPT, "application/json").send().await?.json()
    }

    fn request(&self, method: Method, url: &str) -> Request {
        let head = hyper::Request::builder().method(method).uri(url);
        Request { connector: self.connector.clone(), head, whole: self.whole }
    }
}

impl Request {
    /// With another deadline than the client's.
    #[must_use]
    pub fn within(self, whole: Duration) -> Self {
        Self { whole, ..self }
    }

    /// With a header field.
    #[must_use]
    pub fn header<V>(self, name: impl TryInto<HeaderName, Error: Into<hyper::http::Error>>, value: V) -> Self
    where
        V: TryInto<HeaderValue, Error: Into<hyper::http::Error>>,
    {
        Self { head: self.head.header(name, value), ..self }
    }

    /// With a bearer credential (RFC 6750, 2.1).
    #[must_use]
    pub fn bearer_auth(self, token: &str) -> Self {
        self.authorization("Bearer", token)
    }

    /// With a name and a password (RFC 7617).
    #[must_use]
    pub fn basic_auth(self, name: &str, password: &str) -> Self {
        let pair = Zeroizing::new(format!("{name}:{password}"));
        self.authorization("Basic", &STANDARD.encode(pair.as_bytes()))
    }

    fn authorization(self, scheme: &str, credential: &str) -> Self {
        let value = HeaderValue::try_from(format!("{scheme} {credential}")).map(|mut value| {
            value.set_sensitive(true);
            value
        });
        match value {
            Ok(value) => self.header(AUTHORIZATION, value),
            // A value that no header can hold makes sending fail; the error does not repeat it.
            Err(_) => self.header(AUTHORIZATION, "\n"),
        }
    }

    /// Sends it without a body.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send(self) -> Result<Answer, OutboundError> {
        self.send_body(Vec::new()).await
    }

    /// Sends it with JSON.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send_json(self, body: &impl Serialize) -> Result<Answer, OutboundError> {
        let body = serde_json::to_vec(body).map_err(|error| unsendable(&error))?;
        self.header(CONTENT_TYPE, "application/json").send_body(body).await
    }

    /// Sends it with a form.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send_form(self, form: &[(&str, &str)]) -> Result<Answer, OutboundError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.header(CONTENT_TYPE, "application/x-www-form-urlencoded").send_body(body.into_bytes()).await
    }

    /// Sends it with these bytes.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send_body(self, body: Vec<u8>) -> Result<Answer, OutboundError> {
        let Self { mut connector, head, whole } = self;
        let mut request = head.body(Full::from(body)).map_err(|error| unsendable(&error))?;
        let url = std::mem::take(request.uri_mut());
        address(&mut request, &url)?;
        // Boxed: it is large, and part of every future that awaits an answer.
        let answer = Box::pin(async {
            let connection = connector.call(url).await.map_err(OutboundError::NotConnected)?;
            exchanged(connection, request).await
        });
        timeout(whole, answer).await.unwrap_or(Err(OutboundError::TimedOut))
    }
}

/// Sends the only request of a connection and returns the answer.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
async fn exchanged(
    connection: Connected,
    request: hyper::Request<Full<Bytes>>,
) -> Result<Answer, OutboundError> {
    let (sender, connection) = http1::handshake(connection).await?;
    match select(pin!(answered(sender, request)), pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, answering)) => answering.await,
    }
}

/// Sets the request target and `Host` (RFC 9112, 3.2).
fn address(request: &mut hyper::Request<Full<Bytes>>, url: &Uri) -> Result<(), OutboundError> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().map_err(|error| unsendable(&error))?;
    let host = HeaderValue::try_from(host_and_port(url)).map_err(|error| unsendable(&error))?;
    let headers = request.headers_mut();
    headers.extend(request_context::headers());
    headers.insert(HOST, host);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(USER_AGENT, HeaderValue::from_static(PROGRAM));
    Ok(())
}

fn host_and_port(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    url.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A request that cannot be built was not sent.
fn unsendable(error: &impl ToString) -> OutboundError {
    OutboundError::NotConnected(ConnectFailure::Other(error.to_string()))
}

async fn answered(
    mut sender: SendRequest<Full<Bytes>>,
    request: hyper::Request<Full<Bytes>>,
) -> Result<Answer, OutboundError> {
    let (head, body) = Response::into_parts(sender.send_request(request).await?);
    Ok(Answer { status: head.status, headers: head.headers, body: all_of(body).await? })
}

async fn all_of(mut body: Incoming) -> Result<Bytes, OutboundError> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        // Trailers are ignored.
        let Ok(piece) = frame?.into_data() else { continue };
        if whole.len().saturating_add(piece.len()) > BODY_LIMIT {
            return Err(OutboundError::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

impl Answer {
    /// The JSON in it, where its status is 200.
    ///
    /// # Errors
    /// When it has another status, or is not the JSON that was expected.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, OutboundError> {
        if self.status != StatusCode::OK {
            return Err(OutboundError::Status(self.status.as_u16()));
        }
        serde_json::from_slice(&self.body).map_err(|_| OutboundError::NotJson)
    }
}

#[cfg(test)]
mod tests;

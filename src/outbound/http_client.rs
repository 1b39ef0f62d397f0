//! The one way out for requests of our own: to the identity provider, Backstage and the backend. Each has one deadline over
//! connecting, sending, head and body; a connection of its own, since on a kept one the other side may hang up just as we send,
//! and then it is not known whether a code or refresh token was spent; and an answer that is whole, or none.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Bytes, BytesMut};
use awc::error::PayloadError;
use awc::http::header::{CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING, TryIntoHeaderPair};
use awc::http::{Method, StatusCode, Uri, Version};
use awc::{ClientRequest, ClientResponse, Connector, SendClientRequest};
use futures_util::{Stream, StreamExt};
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::connection::{Closed, Opener, with_scheme};
use super::http_proxy::HttpProxies;
use super::tunnel::Dialler;
use super::{BODY_LIMIT, OutboundError, trail, trusting_nobody};

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until there is a connection, TLS and a proxy on the way included. Shorter than `whole`: who could not connect has sent
    /// nothing, and shall know that.
    pub connect: Duration,
    /// From the beginning to the last byte of the answer.
    pub whole: Duration,
}

/// The client of one worker.
#[derive(Clone)]
pub struct HttpClient {
    plain: awc::Client,
    secure: awc::Client,
    whole: Duration,
}

/// A request that is not sent yet.
pub struct Request {
    sending: ClientRequest,
    whole: Duration,
}

/// An answer, all of it. `Debug` shows neither header fields nor body: both may hold tokens.
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
    /// Follows no redirects.
    #[must_use]
    pub fn new(tls: &Arc<ClientConfig>, proxies: &HttpProxies, deadlines: Deadlines) -> Self {
        // The dialler gives up before awc does, which would not know on whom.
        let dialler = Dialler::new(proxies.clone(), deadlines.connect.mul_f32(0.9));
        Self {
            plain: client(Opener::plain(dialler.clone()), deadlines),
            secure: client(Opener::secure(dialler, tls), deadlines),
            whole: deadlines.whole,
        }
    }

    /// For what stays on this machine: knows no proxy, and trusts no certificate.
    #[must_use]
    pub fn for_loopback(whole: Duration) -> Self {
        let deadlines = Deadlines { connect: whole.mul_f32(0.9), whole };
        Self::new(&trusting_nobody(), &HttpProxies::default(), deadlines)
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
        self.get(url).insert_header(("Accept", "application/json")).send().await?.json()
    }

    fn request(&self, method: Method, url: &str) -> Request {
        let secure = url.parse::<Uri>().ok().filter(|url| url.scheme_str() == Some("https"));
        let sending = match secure.and_then(|url| Some((with_scheme("http", &url).ok()?, url))) {
            Some((for_awc, url)) => {
                self.secure.request(method, for_awc).insert_header((HOST, host_and_port(&url)))
            }
            // What is no URL at all fails when it is sent.
            None => self.plain.request(method, url),
        };
        Request { sending: sending.force_close(), whole: self.whole }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn client(opener: Opener, deadlines: Deadlines) -> awc::Client {
    // Each request has its own connection: there is nothing to wait for a place in.
    let connector = Connector::new().connector(opener).timeout(deadlines.connect).limit(0);
    awc::Client::builder().disable_redirects().disable_timeout().connector(connector).finish()
}

fn host_and_port(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    url.port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl Request {
    /// With another deadline than the client's.
    #[must_use]
    pub fn within(self, whole: Duration) -> Self {
        Self { whole, ..self }
    }

    /// With a header field.
    #[must_use]
    pub fn insert_header(self, field: impl TryIntoHeaderPair) -> Self {
        Self { sending: self.sending.insert_header(field), ..self }
    }

    /// With a bearer credential (RFC 6750, 2.1).
    #[must_use]
    pub fn bearer_auth(self, token: &str) -> Self {
        Self { sending: self.sending.bearer_auth(token), ..self }
    }

    /// With a name and a password (RFC 7617).
    #[must_use]
    pub fn basic_auth(self, name: &str, password: &str) -> Self {
        Self { sending: self.sending.basic_auth(name, password), ..self }
    }

    /// Sends it without a body.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send(self) -> Result<Answer, OutboundError> {
        answered(self.whole, trail::marked(self.sending).send()).await
    }

    /// Sends it with these bytes.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send_body(self, body: Vec<u8>) -> Result<Answer, OutboundError> {
        answered(self.whole, trail::marked(self.sending).send_body(body)).await
    }

    /// Sends it with JSON.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send_json(self, body: &impl Serialize) -> Result<Answer, OutboundError> {
        answered(self.whole, trail::marked(self.sending).send_json(body)).await
    }

    /// Sends it with a form.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send_form(self, form: &impl Serialize) -> Result<Answer, OutboundError> {
        answered(self.whole, trail::marked(self.sending).send_form(form)).await
    }
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

async fn answered(whole: Duration, sending: SendClientRequest) -> Result<Answer, OutboundError> {
    let answer = async {
        let mut answer = sending.await?;
        let body = body(&mut answer).await?;
        Ok(Answer { status: answer.status(), headers: answer.headers().clone(), body })
    };
    tokio::time::timeout(whole, answer).await.unwrap_or(Err(OutboundError::TimedOut))
}

/// All of the body.
async fn body<S>(answer: &mut ClientResponse<S>) -> Result<Bytes, OutboundError>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    let ends_with_connection = ends_with_connection(answer);
    let mut body = BytesMut::new();
    while let Some(piece) = answer.next().await {
        match piece {
            Ok(piece) if body.len().saturating_add(piece.len()) > BODY_LIMIT => {
                return Err(OutboundError::TooLarge);
            }
            Ok(piece) => body.extend_from_slice(&piece),
            Err(PayloadError::Incomplete(Some(error)) | PayloadError::Io(error))
                if ends_with_connection && Closed::is(&error) =>
            {
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(body.freeze())
}

/// Whether the end of the connection is the end of the body (RFC 9112, 6.3), as far as awc reads such answers.
fn ends_with_connection<S>(answer: &ClientResponse<S>) -> bool {
    let headers = answer.headers();
    answer.version() == Version::HTTP_10
        && !headers.contains_key(CONTENT_LENGTH)
        && !headers.contains_key(TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests;

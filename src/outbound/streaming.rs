//! The client of the Kubernetes proxy: pooled connections, HTTP/1.1, and HTTP/2 where the server offers it. An answer may stay open
//! without limit, and one that is cut short never looks complete.
//!
//! Each worker has its own: connections live on the worker's runtime and end with it.

mod answer;
mod lanes;
mod request_body;

use std::error::Error as _;
use std::rc::Rc;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::{Request, Response};
use hyper_util::client::legacy;
use tokio::time::timeout;

use self::lanes::{Carries, Lanes, Place};
use super::connect_failure::ConnectFailure;
use super::connector::{Connector, Speaks};
use super::http_proxy::HttpProxies;
use super::{CurrentTls, OutboundError, innermost};

pub use self::answer::{Answer, AnswerBody, CutShort, Switched};
pub use self::request_body::{BodySender, NotWanted, RequestBody, body_channel};

/// What kind of answer is expected.
#[derive(Clone, Copy, Debug)]
pub enum Expected {
    /// One with its head within this time.
    Within(Duration),
    /// A stream: a watch or a followed log may send its head with the first event.
    Stream,
    /// The switch to the protocol that the request asks for, or an ordinary answer; its head comes within this time.
    Switch(Duration),
}

/// A client of one server, for one worker.
#[derive(Clone)]
pub struct StreamingClient {
    requests: Rc<Lanes>,
    streams: Rc<Lanes>,
    upgrades: Rc<Lanes>,
}

impl StreamingClient {
    /// A client with this TLS and these proxies; a connection, TLS included, may take `connect`.
    #[must_use]
    pub fn new(tls: &CurrentTls, proxies: &HttpProxies, connect: Duration) -> Self {
        let connector = |speaks| Connector::new(tls.clone(), proxies.clone(), connect, speaks);
        let either = connector(Speaks::Http2WhereOffered);
        Self {
            requests: Rc::new(Lanes::new(either.clone(), Carries::Requests)),
            streams: Rc::new(Lanes::new(either, Carries::Streams)),
            // There are no upgrades in HTTP/2 (RFC 9113, 8.6).
            upgrades: Rc::new(Lanes::new(connector(Speaks::Http1), Carries::Upgrades)),
        }
    }

    /// Sends a request with an absolute URL. Dropping the answer also ends the request at the server.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send(
        &self,
        request: Request<RequestBody>,
        expected: Expected,
    ) -> Result<Answer, OutboundError> {
        let (lanes, time) = match expected {
            Expected::Within(time) => (&self.requests, time),
            Expected::Switch(time) => (&self.upgrades, time),
            Expected::Stream => {
                let (answer, place) = self.open(request).await;
                return answer.map(|answer| Answer::new(answer, place)).map_err(|error| unanswered(&error));
            }
        };
        let (answering, place) = lanes.send(request);
        let answer = timeout(time, answering).await.map_err(|_| OutboundError::TimedOut)?;
        answer.map(|answer| Answer::new(answer, place)).map_err(|error| unanswered(&error))
    }

    /// Sends a request in the lanes for streams. If it has no body, and the head of its answer is longer than these lanes read, it is sent
    /// again in the others.
    async fn open(
        &self,
        request: Request<RequestBody>,
    ) -> (Result<Response<Incoming>, legacy::Error>, Place) {
        let again = copy_without_body(&request);
        let (answering, place) = self.streams.send(request);
        match (answering.await, again) {
            (Err(error), Some(again)) if head_is_unreadable(&error) => {
                let (answering, place) = self.requests.send(again);
                (answering.await, place)
            }
            (answer, _) => (answer, place),
        }
    }
}

/// A copy of a request without a body; none if it has one.
fn copy_without_body(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    request.body().is_end_stream().then(|| {
        let mut copy = Request::new(RequestBody::empty());
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.headers_mut() = request.headers().clone();
        copy
    })
}

/// Whether the head of the answer may be too long; hyper reports a malformed one in the same way.
fn head_is_unreadable(error: &legacy::Error) -> bool {
    let hyper = error.source().and_then(|source| source.downcast_ref::<hyper::Error>());
    hyper.is_some_and(hyper::Error::is_parse)
}

fn unanswered(error: &legacy::Error) -> OutboundError {
    if !error.is_connect() {
        return OutboundError::AnswerLost(innermost(error));
    }
    let ours = error.source().and_then(|source| source.downcast_ref::<ConnectFailure>()).cloned();
    OutboundError::NotConnected(ours.unwrap_or_else(|| ConnectFailure::Other(innermost(error))))
}

#[cfg(test)]
mod tests;

//! The client of the Kubernetes proxy: pooled connections, HTTP/1.1, and HTTP/2 where the server offers it. An answer may stay open
//! without limit, and one that is cut short never looks complete.
//!
//! Each worker has its own: connections live on the worker's runtime and end with it.

mod answer;
mod lanes;
mod request_body;

use std::error::Error as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::{Request, Response};
use hyper_util::client::legacy;
use rustls::ClientConfig;
use tokio::time::timeout;

use self::lanes::{Carries, Lanes, Place};
use super::connect_failure::ConnectFailure;
use super::connector::{Connector, Speaks};
use super::http_proxy::HttpProxies;
use super::{OutboundError, innermost};

pub use self::answer::{Answer, AnswerBody, CutShort};
pub use self::request_body::{BodySender, NotWanted, RequestBody, body_channel};

/// How long the head of an answer may take.
#[derive(Clone, Copy, Debug)]
pub enum AnswerWithin {
    /// At most this long.
    Time(Duration),
    /// Without limit: a watch or a followed log may send its head with the first event.
    AnyTime,
}

/// A client of one server, for one worker.
#[derive(Clone)]
pub struct StreamingClient {
    requests: Rc<Lanes>,
    streams: Rc<Lanes>,
}

impl StreamingClient {
    /// A client with this TLS and these proxies; a connection, TLS included, may take `connect`.
    #[must_use]
    pub fn new(tls: &Arc<ClientConfig>, proxies: &HttpProxies, connect: Duration) -> Self {
        let connector = Connector::new(tls, proxies.clone(), connect, Speaks::Http2WhereOffered);
        let lanes = |carries| Rc::new(Lanes::new(connector.clone(), carries));
        Self { requests: lanes(Carries::Requests), streams: lanes(Carries::Streams) }
    }

    /// Sends a request with an absolute URL. Dropping the answer also ends the request at the server.
    ///
    /// # Errors
    /// As the variants of [`OutboundError`] say.
    pub async fn send(
        &self,
        request: Request<RequestBody>,
        within: AnswerWithin,
    ) -> Result<Answer, OutboundError> {
        let (answer, place) = match within {
            AnswerWithin::Time(time) => {
                let (answering, place) = self.requests.send(request);
                (timeout(time, answering).await.map_err(|_| OutboundError::TimedOut)?, place)
            }
            AnswerWithin::AnyTime => self.open(request).await,
        };
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

//! The client of the Kubernetes proxy: pooled, HTTP/1.1, and HTTP/2 where the server offers it. An answer may stay open as long
//! as it likes, and one that was cut short never looks whole.
//!
//! One a worker: its connections live on the runtime of the worker whose requests they carry, and end with it.

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
    /// So long.
    Time(Duration),
    /// As long as it likes: a watch or a followed log may begin with its first event.
    AnyTime,
}

/// A client of one server, for one worker.
#[derive(Clone)]
pub struct StreamingClient {
    requests: Rc<Lanes>,
    streams: Rc<Lanes>,
}

impl StreamingClient {
    /// Connects with this TLS and through these proxies; TLS included, a connection may take `connect`.
    #[must_use]
    pub fn new(tls: &Arc<ClientConfig>, proxies: &HttpProxies, connect: Duration) -> Self {
        let connector = Connector::new(tls, proxies.clone(), connect, Speaks::Http2WhereOffered);
        let lanes = |carries| Rc::new(Lanes::new(connector.clone(), carries));
        Self { requests: lanes(Carries::Requests), streams: lanes(Carries::Streams) }
    }

    /// Sends a request with an absolute URL. Dropping what this returns ends the request at the server, too.
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

    /// Sends what only asks, again where the head of its answer is longer than the lanes of streams read.
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

/// A request without a body; nothing for one that has one.
fn copy_without_body(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    request.body().is_end_stream().then(|| {
        let mut copy = Request::new(RequestBody::empty());
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.headers_mut() = request.headers().clone();
        copy
    })
}

/// Its head may be too long; hyper does not tell that from what is no head.
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

//! Which connection a request uses. hyper's pool has one HTTP/2 connection for each server, and a server limits the streams that are
//! open at once: more requests would wait for a watch to end. So there are several pools, called lanes, each for as many requests as
//! any server allows, and a new one when all are full.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use hyper::Request;
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::super::connector::Connector;
use super::request_body::RequestBody;

/// Requests at once in a lane. Go's servers allow 250 streams, others 100 or 128.
const PER_LANE: u32 = 64;

/// The window of a stream, in bytes: a caller that does not read blocks this much of the connection's window.
const STREAM_WINDOW: u32 = 256 << 10;
/// All streams' windows together, so that callers that do not read never block those that do.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * PER_LANE;
/// The most of an answer's body that HTTP/1.1 reads ahead, and the longest head of an answer.
const READ_BUFFER: usize = 64 << 10;
/// The same for streams that stay open: over HTTP/1.1 each has its own connection, which keeps its buffer.
const SMALL_READ_BUFFER: usize = 3 << 10;

/// How long an idle connection is kept: shorter than API servers and load balancers keep it (60 s and more).
const IDLE: Duration = Duration::from_secs(30);
/// The most idle connections that a lane of requests keeps: as many as it has requests, each of which has one with HTTP/1.1. With fewer, requests
/// that come in waves would open connections for each wave, and a handshake costs more than all the rest of a request.
const MOST_IDLE: usize = PER_LANE as usize;
/// The same in a lane of streams, which seldom end together.
const MOST_IDLE_OF_STREAMS: usize = 16;

/// How often an HTTP/2 connection with open streams is pinged, and how long the answer may take.
const PING_EVERY: Duration = Duration::from_secs(15);
const PING_WITHIN: Duration = Duration::from_secs(10);

/// A place in a lane, until it is dropped.
pub(super) type Place = Rc<()>;

struct Lane {
    pool: Client<Connector, RequestBody>,
    /// One reference for the lane and one for each request.
    places: Place,
}

impl Lane {
    fn is_empty(&self) -> bool {
        Rc::strong_count(&self.places) == 1
    }

    fn is_full(&self) -> bool {
        Rc::strong_count(&self.places) > PER_LANE as usize
    }

    fn send(&self, request: Request<RequestBody>) -> (ResponseFuture, Place) {
        (self.pool.request(request), Rc::clone(&self.places))
    }
}

/// Which requests a lane carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carries {
    /// Requests that are answered at once, and any other.
    Requests,
    /// Streams that stay open and send little at a time.
    Streams,
    /// Requests that ask for another protocol on their connection: it is theirs alone.
    Upgrades,
}

/// The lanes to one server.
pub(super) struct Lanes {
    connector: Connector,
    carries: Carries,
    open: RefCell<Vec<Lane>>,
}

impl Lanes {
    /// No lanes yet; their connections come from this connector.
    pub(super) fn new(connector: Connector, carries: Carries) -> Self {
        Self { connector, carries, open: RefCell::default() }
    }

    /// Sends a request in the first lane with a free place, so that the last lanes become empty.
    pub(super) fn send(&self, request: Request<RequestBody>) -> (ResponseFuture, Place) {
        let mut lanes = self.open.borrow_mut();
        // Drops the empty lanes that a burst has left, with their idle connections; one is kept in reserve.
        while let [.., reserve, last] = lanes.as_slice()
            && reserve.is_empty()
            && last.is_empty()
        {
            lanes.pop();
        }
        if let Some(lane) = lanes.iter().find(|lane| !lane.is_full()) {
            return lane.send(request);
        }
        let lane = Lane { pool: pool(self.connector.clone(), self.carries), places: Place::default() };
        let sent = lane.send(request);
        lanes.push(lane);
        sent
    }
}

/// A pool. It resends a request only if a kept connection ended before sending any of it.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place for what passes through: its callers set the deadlines"
)]
fn pool(connector: Connector, carries: Carries) -> Client<Connector, RequestBody> {
    let mut pool = Client::builder(TokioExecutor::new());
    pool.timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_WITHIN);
    match carries {
        Carries::Requests => pool.http1_max_buf_size(READ_BUFFER),
        Carries::Streams => {
            pool.pool_max_idle_per_host(MOST_IDLE_OF_STREAMS).http1_read_buf_exact_size(SMALL_READ_BUFFER)
        }
        Carries::Upgrades => pool.pool_max_idle_per_host(0).http1_max_buf_size(READ_BUFFER),
    };
    pool.build(connector)
}

//! One HTTP/2 connection (RFC 9113), by hyper: a request is dropped as soon as its stream is reset or the connection has ended,
//! wherever it waits.

mod answer;
mod open;
mod request;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{Request, Response};
use actix_service::Service;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use hyper::Method;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use self::answer::{Answer, Counted, answered};
pub use self::open::Limits;
use self::open::{Open, Requests, idle};
use crate::backend::stopping::Stopping;

/// Requests at once on one connection, as Go's own servers have it; clients open another connection for more.
const STREAMS: u32 = 250;
/// What may be on its way to us unread: of one request, and of all on a connection. Behind a front many users share one, and bodies
/// that the API servers of some do not read must leave room for those of the others.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * STREAMS;
/// How much of one answer waits for its caller to read.
const SEND_BUFFER: usize = 64 << 10;
/// The head of a request; plugin tokens hold a user's token, and those may name many groups.
const LARGEST_HEAD: u32 = 64 << 10;
/// A client that opens streams and resets them faster than they can be begun is cut off (CVE-2023-44487).
const RESETS: usize = 50;
/// After how long a client is asked whether it is still there, and until when it has to answer.
const ASK_AFTER: Duration = Duration::from_secs(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

tokio::task_local! {
    static STREAM: CallersStream;
}

/// The stream that a request came on, seen from beside hyper. Only requests over HTTP/2 have one among their extensions.
#[derive(Clone, Default)]
pub struct CallersStream(CancellationToken);

impl CallersStream {
    /// Resets the stream, and drops whatever its request still waits for.
    pub fn hang_up(&self) {
        self.0.cancel();
    }
}

/// Serves a connection until it ends.
pub async fn serve<A, B>(
    stream: TlsStream<TcpStream>,
    peer: Option<SocketAddr>,
    application: &Rc<A>,
    (limits, stopping): (Limits, &Stopping),
) where
    A: Service<Request, Error = HttpResponse> + 'static,
    A::Future: 'static,
    A::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    let (open, counted) = watch::channel(Requests::default());
    let open = Rc::new(open);
    let service = service_fn(|request| {
        let (application, counted) = (Rc::clone(application), Open::one_more(&open));
        async move {
            Ok::<_, Infallible>(serve_request::<_, B>(application, request, peer).await.counted_as(counted))
        }
    });
    let connection = settings().serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopping.closes() => {}
        () = idle(counted.clone(), limits) => {}
    }
    // GOAWAY: what is open may end, and the client begins nothing more here.
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection => {}
        // It does not answer that either.
        () = idle(counted, limits) => {}
    }
}

fn settings() -> http2::Builder<ThisThread> {
    let mut builder = http2::Builder::new(ThisThread);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(LARGEST_HEAD)
        .max_pending_accept_reset_streams(RESETS)
        .keep_alive_interval(ASK_AFTER)
        .keep_alive_timeout(ANSWER_WITHIN);
    builder
}

async fn serve_request<A, B>(
    application: Rc<A>,
    request: hyper::Request<Incoming>,
    peer: Option<SocketAddr>,
) -> hyper::Response<Answer>
where
    A: Service<Request, Error = HttpResponse>,
    A::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    let is_head = request.method() == Method::HEAD;
    let response = match request::inward(request, peer) {
        Ok(request) => {
            if let Ok(stream) = STREAM.try_with(CallersStream::clone) {
                request.extensions_mut().insert(stream);
            }
            match application.call(request).await {
                Ok(response) => response.into().map_into_boxed_body(),
                Err(response) => response.into(),
            }
        }
        Err(problem) => problem.error_response().into(),
    };
    answered(response, is_head)
}

/// Runs the streams of a connection on its worker's thread, each with a way to end it.
#[derive(Clone, Copy)]
struct ThisThread;

impl<F: Future + 'static> hyper::rt::Executor<F> for ThisThread {
    fn execute(&self, work: F) {
        let stream = CallersStream::default();
        let ended = stream.0.clone();
        let work: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move {
            tokio::select! {
                _ = work => {}
                () = ended.cancelled() => {}
            }
        });
        actix_web::rt::spawn(STREAM.scope(stream, work));
    }
}

//! Answers that stay open. Each needs a place among the streams, also one that was not asked to go on; and its caller has to be
//! there: of a connection on which too much waits to be read, actix reads no more, not even its end.

use std::any::Any;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::Fuse;
use socket2::{SockRef, Socket};
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::streams::{Claim, OpenStream};
use crate::backend::inbound::tls_listener::CallersStream;

/// After so long an answer is one that stays open.
const LASTING: Duration = Duration::from_secs(10);
/// Between two looks at its caller's connection.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// An answer's place.
pub enum Place {
    /// It has one, since it was asked to go on.
    Held(OpenStream),
    /// It takes one when it stays open.
    Claimed(Claim),
}

/// Why an answer was ended that could have gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// It stayed open, and there was no place for it.
    #[error("it stayed open, and its caller, or this backend, has as many open as may be (STREAMS_PER_USER)")]
    NoPlace,
    /// What waits on the connection is not read: no client does that, and its hanging up would go unnoticed.
    #[error("its caller went on sending, or is gone")]
    CallerGone,
}

/// The connection of a caller, seen from beside actix.
struct CallersConnection(Rc<Socket>);

/// Has the requests of a connection know it. One that cannot be had is not looked at.
pub fn know_connection(connection: &dyn Any, known: &mut Extensions) {
    let Some(connection) = connection.downcast_ref::<TcpStream>() else { return };
    let Ok(socket) = SockRef::from(connection).try_clone() else { return };
    if socket.set_nonblocking(true).is_ok() {
        known.insert(CallersConnection(Rc::new(socket)));
    }
}

/// Watches over an answer for as long as it lives.
pub struct Watch {
    /// Says when the answer has to end.
    end: Fuse<oneshot::Receiver<Ended>>,
    /// Given back with the answer.
    _held: Option<OpenStream>,
    _watching: AbortOnDropHandle<()>,
}

impl Watch {
    /// Begins; `request` is the answer's, where nothing of it may wait to be read.
    #[must_use]
    pub fn begin(request: Option<&HttpRequest>, place: Place) -> Self {
        let connection = request.and_then(HttpRequest::conn_data::<CallersConnection>);
        let connection = connection.map(|connection| Rc::clone(&connection.0));
        let stream = request.and_then(|request| request.extensions().get::<CallersStream>().cloned());
        let (held, claim) = match place {
            Place::Held(place) => (Some(place), None),
            Place::Claimed(claim) => (None, Some(claim)),
        };
        let (sender, end) = oneshot::channel();
        let watching = actix_web::rt::spawn(watch_over((connection, stream), claim, sender));
        Self { end: end.fuse(), _held: held, _watching: AbortOnDropHandle::new(watching) }
    }

    /// Returns when the answer has to end.
    pub async fn ended(&mut self) -> Ended {
        match (&mut self.end).await {
            Ok(ended) => ended,
            // Nothing watches any more.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Ends the answer in both ways: actix may be waiting for the caller to read, or for what the API has to say.
async fn watch_over(
    (connection, stream): (Option<Rc<Socket>>, Option<CallersStream>),
    claim: Option<Claim>,
    end: oneshot::Sender<Ended>,
) {
    sleep(LASTING).await;
    let (ended, _place) = match claim.map(Claim::take).transpose() {
        Err(_) => (Ended::NoPlace, None),
        Ok(place) => (caller_gone(connection.as_deref()).await, place),
    };
    tracing::warn!(reason = %ended, "an answer that stayed open was ended");
    let _ = end.send(ended);
    if let Some(connection) = connection {
        let _ = connection.shutdown(Shutdown::Both);
    }
    // Over HTTP/2 other requests are on the same connection.
    if let Some(stream) = stream {
        stream.hang_up();
    }
}

/// Returns when two looks in a row have found something that waits to be read.
async fn caller_gone(connection: Option<&Socket>) -> Ended {
    let Some(connection) = connection else { return std::future::pending().await };
    let mut looks = 0;
    while looks < 2 {
        sleep(LOOK_AGAIN).await;
        looks = if is_unread(connection) { looks + 1 } else { 0 };
    }
    Ended::CallerGone
}

/// Whether bytes, an end or an error wait on a connection.
fn is_unread(connection: &Socket) -> bool {
    let peeked = connection.peek(&mut [MaybeUninit::uninit()]);
    !peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

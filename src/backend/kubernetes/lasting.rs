//! Answers that stay open. Each needs a place among the streams, also one that was not asked to go on; and its caller has to be
//! there: of a connection on which too much waits to be read, actix reads no more, not even its end.

use std::cell::Cell;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
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
use super::used_logins::{UsedLogin, UsedLogins};
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
    /// The login that it was begun with is not there any more.
    #[error(
        "its user has logged out of the cluster, or logged in anew, or an admin or the identity provider ended the login"
    )]
    LoginEnded,
}

/// The connection of an answer's caller, as far as it is to be looked at.
pub enum Caller<'r> {
    /// Nothing may wait to be read on it.
    Silent(&'r HttpRequest),
    /// A body may wait there for as long as the API likes.
    Sends(&'r HttpRequest),
    /// It is not actix's any more, or will not be, unless the API ignores what it asks for.
    Upgrades(&'r HttpRequest),
}

impl Caller<'_> {
    /// The connection, over HTTP/1.1: nothing else is on it.
    fn connection(&self) -> Option<Rc<Socket>> {
        self.request().conn_data::<CallersConnection>().map(|connection| Rc::clone(&connection.0))
    }

    /// The stream of a connection, over HTTP/2. That it is reset, or its connection gone, is noticed there.
    fn stream(&self) -> Option<CallersStream> {
        self.request().extensions().get::<CallersStream>().cloned()
    }

    fn request(&self) -> &HttpRequest {
        match self {
            Self::Silent(request) | Self::Sends(request) | Self::Upgrades(request) => request,
        }
    }
}

/// What an answer was begun with.
pub struct Begun {
    /// Its place.
    pub place: Place,
    /// The login; none where it is in no record, so that nothing says when it ends.
    pub login: Option<UsedLogin>,
    /// Where it is looked after.
    pub logins: Arc<UsedLogins>,
}

/// The connection of a caller, seen from beside actix.
struct CallersConnection(Rc<Socket>);

/// Has the requests of a connection know it. One that cannot be had is not looked at.
pub fn know_connection(connection: &TcpStream, known: &mut Extensions) {
    let Ok(socket) = SockRef::from(connection).try_clone() else { return };
    if socket.set_nonblocking(true).is_ok() {
        known.insert(CallersConnection(Rc::new(socket)));
    }
}

/// Why an answer is being ended, once it is; known also where its body is dropped before that hears it.
#[derive(Clone, Default)]
pub struct Ending(Rc<Cell<Option<Ended>>>);

impl Ending {
    /// The reason, once there is one.
    #[must_use]
    pub fn reason(&self) -> Option<Ended> {
        self.0.get()
    }
}

/// Watches over an answer for as long as it lives.
pub struct Watch {
    ending: Ending,
    /// Says when the answer has to end.
    end: Fuse<oneshot::Receiver<Ended>>,
    /// Given back with the answer.
    _held: Option<OpenStream>,
    _watching: AbortOnDropHandle<()>,
}

impl Watch {
    /// Begins.
    #[must_use]
    pub fn begin(caller: &Caller<'_>, begun: Begun) -> Self {
        let (connection, stream) = (caller.connection(), caller.stream());
        let looked_at = connection.clone().filter(|_| matches!(caller, Caller::Silent(_)));
        let (held, claim) = match begun.place {
            Place::Held(place) => (Some(place), None),
            Place::Claimed(claim) => (None, Some(claim)),
        };
        let (sender, end) = oneshot::channel();
        let ends = ends(looked_at, claim, begun.login, begun.logins);
        let ending = Ending::default();
        let end_by = (sender, ending.clone());
        let watching = actix_web::rt::spawn(end_with(ends, (connection, stream), end_by));
        Self { ending, end: end.fuse(), _held: held, _watching: AbortOnDropHandle::new(watching) }
    }

    /// Why it is being ended, for what outlives it.
    #[must_use]
    pub fn ending(&self) -> Ending {
        self.ending.clone()
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
async fn end_with(
    ends: impl Future<Output = Ended>,
    (connection, stream): (Option<Rc<Socket>>, Option<CallersStream>),
    (end, ending): (oneshot::Sender<Ended>, Ending),
) {
    let ended = ends.await;
    ending.0.set(Some(ended));
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

/// Returns when an answer that stays open has to end.
async fn ends(
    connection: Option<Rc<Socket>>,
    claim: Option<Claim>,
    login: Option<UsedLogin>,
    logins: Arc<UsedLogins>,
) -> Ended {
    sleep(LASTING).await;
    let Ok(_place) = claim.map(Claim::take).transpose() else { return Ended::NoPlace };
    let login = login.map(|login| logins.use_of(login));
    let login_ended = async {
        match &login {
            Some(login) => login.ended().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = caller_gone(connection.as_deref()) => ended,
        () = login_ended => Ended::LoginEnded,
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

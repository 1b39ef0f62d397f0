//! The session that an interrupted login leaves behind: it is cancelled, so that Backstage says so at once. After its callback it is
//! left alone: the code may be redeemed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::helper::backend_client::BackendApi;
use crate::protocol::{SessionStatus, WireSecret};

/// Ctrl-C waits for the backend's answer no longer than this.
const WAIT: Duration = Duration::from_millis(900);

/// Where a session was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In Backstage, where its user can cancel it.
    Backstage,
    /// Here.
    Here,
}

/// What became of the session of an interrupted login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// There is none, or it was begun here and is of no use to another command.
    Nothing,
    /// It was begun in Backstage, and cancelled.
    Cancelled,
    /// It was begun in Backstage, and the backend did not say that it is cancelled.
    Open,
}

/// The session of a login, from its beginning to its callback.
#[derive(Default)]
pub struct OpenSession(Mutex<Option<Open>>);

struct Open {
    api: BackendApi,
    token: WireSecret,
    origin: Origin,
}

impl OpenSession {
    /// It has begun, or was taken over.
    pub fn begun(&self, api: &BackendApi, token: &WireSecret, origin: Origin) {
        self.put(Some(Open { api: api.clone(), token: token.clone(), origin }));
    }

    /// Its callback has come.
    pub fn came_back(&self) {
        self.put(None);
    }

    /// Tells the backend that the login is given up, and waits a moment for its answer.
    pub async fn cancel(&self) -> Left {
        let Some(Open { api, token, origin }) = self.put(None) else { return Left::Nothing };
        let cancelled = match tokio::time::timeout(WAIT, api.cancel(&token)).await {
            Ok(Ok(session)) => session.status == SessionStatus::Failed,
            Ok(Err(reason)) => {
                tracing::info!(%reason, "the session is not cancelled");
                false
            }
            Err(_) => {
                tracing::info!("the backend does not say that the session is cancelled");
                false
            }
        };
        match origin {
            Origin::Here => Left::Nothing,
            Origin::Backstage if cancelled => Left::Cancelled,
            Origin::Backstage => Left::Open,
        }
    }

    fn put(&self, session: Option<Open>) -> Option<Open> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), session)
    }
}

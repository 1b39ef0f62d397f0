//! The logins that open streams were begun with. A stream ends with its login, wherever that was ended: by its user, here or at
//! another replica, by an admin's command, or by the identity provider.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::backend::logins::{LoginKey, LoginState, Logins, RecordError};

/// Between two looks at the logins in use. With the time that a look takes, and [`super::lasting`]'s before a stream counts, well below
/// the minute that is promised.
const LOOK_AGAIN: Duration = Duration::from_secs(15);

/// Which login: the id tells it from the ones before and after it at the same place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UsedLogin {
    /// Where it lies.
    pub key: LoginKey,
    /// [`super::super::logins::LiveLogin::id`].
    pub id: String,
}

struct Use {
    streams: u32,
    ended: CancellationToken,
}

/// The logins in use in this process.
pub struct UsedLogins {
    logins: Arc<Logins>,
    used: Mutex<HashMap<UsedLogin, Use>>,
}

impl UsedLogins {
    /// None yet; their records are there.
    #[must_use]
    pub fn new(logins: Arc<Logins>) -> Arc<Self> {
        Arc::new(Self { logins, used: Mutex::default() })
    }

    /// Counts one more stream of a login, until it is dropped.
    #[must_use]
    pub fn use_of(self: &Arc<Self>, login: UsedLogin) -> InUse {
        let mut used = self.lock();
        let one =
            used.entry(login.clone()).or_insert_with(|| Use { streams: 0, ended: CancellationToken::new() });
        one.streams = one.streams.saturating_add(1);
        let ended = one.ended.clone();
        drop(used);
        InUse { of: Arc::clone(self), login, ended }
    }

    /// Looks after them for ever.
    pub async fn look_after(&self) {
        loop {
            sleep(LOOK_AGAIN).await;
            self.look().await;
        }
    }

    /// Ends the streams of each login that is not there any more. One that cannot be read may be there.
    async fn look(&self) {
        let used: Vec<UsedLogin> = self.lock().keys().cloned().collect();
        for login in used {
            match self.logins.read(&login.key).await {
                Ok(found) => {
                    let is_there = found.is_some_and(
                        |found| matches!(&found.record.state, LoginState::Live(live) if live.id == login.id),
                    );
                    if let Some(used) = self.lock().get(&login).filter(|_| !is_there) {
                        used.ended.cancel();
                    }
                }
                // So it is for the others; the next look is soon enough.
                Err(RecordError::Store(error)) => {
                    tracing::warn!(%error, "whether the logins of open streams are still there is not known");
                    return;
                }
                Err(_) => {}
            }
        }
    }

    /// Each change is one step, so what a panic left behind is whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<UsedLogin, Use>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream's use of its login.
pub struct InUse {
    of: Arc<UsedLogins>,
    login: UsedLogin,
    ended: CancellationToken,
}

impl InUse {
    /// Returns when the login has ended.
    pub async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        let mut used = self.of.lock();
        if let Some(one) = used.get_mut(&self.login) {
            one.streams = one.streams.saturating_sub(1);
            if one.streams == 0 {
                used.remove(&self.login);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::backend::assembly::example_backend::{ExampleBackend, example_login};
    use crate::backend::logins::EndReason;
    use crate::clock::Clock;

    /// Whether a stream was ended by a look.
    async fn is_ended(used: &Arc<UsedLogins>, stream: &InUse) -> bool {
        used.look().await;
        stream.ended().now_or_never().is_some()
    }

    #[actix_web::test]
    async fn a_stream_ends_with_its_login_and_not_before() {
        let example = ExampleBackend::new();
        let used = Arc::clone(&example.used_logins);
        let key = example.log_in("felix", "dev").await;
        let stream = |id: &str| used.use_of(UsedLogin { key: key.clone(), id: id.to_owned() });
        let (first, earlier) = (stream("login"), stream("the one before"));
        assert!(!is_ended(&used, &first).await && is_ended(&used, &earlier).await);
        // Refreshed: other tokens, the same login.
        let live = example_login("felix", example.clock.now());
        example.write(&key, LoginState::Live(Arc::new(live.clone()))).await;
        assert!(!is_ended(&used, &first).await);
        // A record that cannot be opened may be its own.
        example.store.put(&key.record(), b"unreadable", example.logins.ttl).await.unwrap();
        assert!(!is_ended(&used, &first).await);
        example.write(&key, LoginState::Ended(EndReason::RefreshRefused)).await;
        assert!(is_ended(&used, &first).await);
        // A new stream of a login that is there again.
        drop((first, earlier));
        example.write(&key, LoginState::Live(Arc::new(live))).await;
        let second = stream("login");
        assert!(!is_ended(&used, &second).await);
        example.store.delete(&key.record()).await.unwrap();
        assert!(is_ended(&used, &second).await);
        drop(second);
        assert!(used.lock().is_empty());
    }
}

//! Which tokens a refresh revokes when a concurrent write came first.

use std::cell::Cell;
use std::sync::Arc;

use async_trait::async_trait;

use super::*;
use crate::backend::assembly::example_backend::example_login;
use crate::clock::{RuntimeTimer, SystemClock};
use crate::random::SystemRandom;
use crate::store::Store;
use crate::store::memory::Memory;
use crate::store::redis::Redis;
use crate::store::sealing::Keyring;

/// Counts what it revokes.
#[derive(Default)]
struct Revoking(Cell<u32>);

#[async_trait(?Send)]
impl RefreshGrant for Revoking {
    async fn ready(&self) -> Result<(), GrantFailure> {
        unreachable!("nothing is refreshed")
    }

    async fn refresh(&self, _: &LiveLogin, _: &WireSecret) -> Result<TokenSet, GrantFailure> {
        unreachable!("nothing is refreshed")
    }

    async fn revoke(&self, _: &LiveLogin, _: &TokenSet) {
        self.0.set(self.0.get() + 1);
    }
}

impl LockWait for Revoking {
    fn waited(&self, _: time::Duration) {
        unreachable!("nothing is waited for")
    }
}

/// How many revocations follow in a store that holds this login.
async fn revoked(store: impl Store + 'static, held: Option<LiveLogin>) -> u32 {
    let (keyring, second) = (Arc::new(Keyring::random(&SystemRandom).unwrap()), Duration::from_secs(1));
    let random = Arc::new(SystemRandom);
    let logins = Logins {
        store: Arc::new(store),
        keyring,
        random,
        ttl: second,
        kubelogin: None,
        opened: Arc::default(),
    };
    let grant = Revoking::default();
    let refresher = Refresher {
        logins: &logins,
        grant: &grant,
        clock: &SystemClock,
        timer: &RuntimeTimer,
        limits: Limits { lock: second, wait: second, keep_trying: second, spending: second },
        lock_wait: &grant,
        stopping: &Stopping::default(),
    };
    let key = LoginKey::new(&"user:default/felix".parse().unwrap(), "dev");
    if let Some(held) = held {
        let record = LoginRecord::live(2, held);
        logins.store.put(&key.record(), &logins.seal(&key, &record).unwrap(), second).await.unwrap();
    }
    let _ = refresher.superseded(&key, &example_login("felix", SystemClock.now())).await;
    grant.0.get()
}

#[actix_web::test]
async fn what_replaced_a_refresh_is_known_before_its_tokens_are_revoked() {
    let empty = || Memory::new(Arc::new(SystemClock));
    let same = example_login("felix", SystemClock.now());
    let other = LiveLogin { id: "another".to_owned(), ..same.clone() };
    assert_eq!(revoked(empty(), Some(same)).await, 0, "another refresh's tokens are of the same family");
    assert_eq!(revoked(empty(), Some(other)).await, 1);
    assert_eq!(revoked(empty(), None).await, 1);
    // Nothing listens there.
    let away = Redis::new("redis://127.0.0.1:1/", None).unwrap();
    assert_eq!(revoked(away, None).await, 0, "it may be the same login");
}

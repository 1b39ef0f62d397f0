//! What a refresh makes of its tokens when a concurrent write came first, or its lock was lost.

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

/// Work of a refresher with this store; how many revocations there were.
async fn refreshing<T>(store: Arc<dyn Store>, work: impl AsyncFnOnce(&Refresher<'_>) -> T) -> (T, u32) {
    let (keyring, second) = (Arc::new(Keyring::random(&SystemRandom).unwrap()), Duration::from_secs(1));
    let random = Arc::new(SystemRandom);
    let logins = Logins { store, keyring, random, ttl: second * 60, kubelogin: None, opened: Arc::default() };
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
    let done = work(&refresher).await;
    (done, grant.0.get())
}

fn felix_at_dev() -> LoginKey {
    LoginKey::new(&"user:default/felix".parse().unwrap(), "dev")
}

async fn write(logins: &Logins, version: u64, login: LiveLogin) {
    let (key, record) = (felix_at_dev(), LoginRecord::live(version, login));
    logins.store.put(&key.record(), &logins.seal(&key, &record).unwrap(), logins.ttl).await.unwrap();
}

/// How many revocations follow in a store that holds this login.
async fn revoked(store: impl Store + 'static, held: Option<LiveLogin>) -> u32 {
    let superseded = async |refresher: &Refresher<'_>| {
        if let Some(held) = held {
            write(refresher.logins, 2, held).await;
        }
        let _ = refresher.superseded(&felix_at_dev(), &example_login("felix", SystemClock.now())).await;
    };
    refreshing(Arc::new(store), superseded).await.1
}

fn with_id_token(login: &LiveLogin, token: &str) -> LiveLogin {
    let mut login = login.clone();
    login.tokens.id_token = token.into();
    login
}

/// The ID token that a refresh is answered with, and the one that is kept, when its lock was lost before its tokens came, and perhaps
/// another refresh has come first.
async fn kept_without_the_lock(first: Option<&str>) -> [String; 2] {
    let before = example_login("felix", SystemClock.now());
    let keep = async |refresher: &Refresher<'_>| {
        let (logins, key) = (refresher.logins, felix_at_dev());
        write(logins, 1, before.clone()).await;
        let seen = logins.read(&key).await.unwrap().unwrap();
        let random = logins.random.as_ref();
        let lock = Lock::take(logins.store.as_ref(), &key.lock(), random, Duration::from_secs(15)).await;
        let lock = lock.unwrap().unwrap();
        logins.store.delete(&key.lock()).await.unwrap();
        if let Some(first) = first {
            write(logins, 2, with_id_token(&before, first)).await;
        }
        let given = refresher.keep(&lock, &key, seen, 2, with_id_token(&before, "new")).await.unwrap();
        let (_, kept) = refresher.live(&key).await.unwrap();
        [given, kept.tokens].map(|tokens| tokens.id_token.expose().to_owned())
    };
    refreshing(Arc::new(Memory::new(Arc::new(SystemClock))), keep).await.0
}

#[actix_web::test]
async fn a_token_that_came_with_an_unproven_answer_is_not_one_that_may_be_spent() {
    let fail = async |refresher: &Refresher<'_>| {
        let (logins, key) = (refresher.logins, felix_at_dev());
        let before = example_login("felix", SystemClock.now());
        write(logins, 1, before.intend(1, &"spent".into())).await;
        let (seen, live) = refresher.live(&key).await.unwrap();
        let lock =
            Lock::take(logins.store.as_ref(), &key.lock(), logins.random.as_ref(), Duration::from_secs(15))
                .await;
        let failure = GrantFailure::Unproven { refresh_token: Some("next".into()), reason: String::new() };
        assert!(refresher.fail(&lock.unwrap().unwrap(), &key, seen, live, failure).await.is_err());
        refresher.live(&key).await.unwrap().1
    };
    let (kept, _) = refreshing(Arc::new(Memory::new(Arc::new(SystemClock))), fail).await;
    assert_eq!(kept.tokens.refresh_token.as_ref().map(WireSecret::expose), Some("next"));
    assert_eq!(kept.intent, None);
}

#[actix_web::test]
async fn new_tokens_are_kept_though_the_lock_was_lost_unless_another_refresh_came_first() {
    assert_eq!(kept_without_the_lock(None).await, ["new", "new"]);
    assert_eq!(kept_without_the_lock(Some("another's")).await, ["another's", "another's"]);
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

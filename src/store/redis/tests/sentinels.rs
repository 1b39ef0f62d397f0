//! Tests of finding the master through sentinels.

use std::sync::Arc;

use super::*;
use crate::clock::Timer;
use crate::store::redis::watch::{self, Lost};

/// A URL with these sentinels.
fn named_by(sentinels: &[&RedisServer]) -> String {
    let hosts: Vec<String> =
        sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port())).collect();
    format!("redis+sentinel://{}/dev", hosts.join(","))
}

/// Makes the sentinel name another master, while the old one still has the role.
async fn have_named(sentinel: &RedisServer, master: &RedisServer) {
    let mut sentinel = sentinel.connect().await;
    let mut told = async |words: &[&str]| {
        redis::cmd("SENTINEL").arg(words).exec_async(&mut sentinel).await.unwrap();
    };
    told(&["REMOVE", "dev"]).await;
    told(&["MONITOR", "dev", "127.0.0.1", &master.port().to_string(), "1"]).await;
}

async fn has(server: &RedisServer, key: &str) -> bool {
    redis::AsyncTypedCommands::exists(&mut server.connect().await, prefixed(key)).await.unwrap()
}

#[actix_web::test]
async fn the_sentinel_with_the_newest_word_is_believed() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let behind = RedisServer::start_sentinel("127.0.0.1", &old, "sentinel config-epoch dev 1");
    let mut ahead = RedisServer::start_sentinel("127.0.0.1", &new, "sentinel config-epoch dev 2");
    for (key, sentinels) in [("one", [&behind, &ahead]), ("two", [&ahead, &behind])] {
        let store = open_patiently(&named_by(&sentinels));
        store.put(key, b"value", TTL).await.unwrap();
        assert_eq!((has(&old, key).await, has(&new, key).await), (false, true));
    }
    ahead.kill();
    let store = open_patiently(&named_by(&[&ahead, &behind]));
    store.put("three", b"value", TTL).await.unwrap();
    assert!(has(&old, "three").await, "one sentinel is enough");
}

#[actix_web::test]
async fn a_server_that_is_no_master_is_not_used_whatever_a_sentinel_says() {
    let master = RedisServer::start();
    let replica = RedisServer::start_replica_of(&master);
    let sentinel = RedisServer::start_sentinel("127.0.0.1", &replica, "");
    let reason = refusal(&open(&named_by(&[&sentinel]))).await;
    assert_eq!(reason, "the server that the sentinels name is no master");
}

#[actix_web::test]
async fn a_master_without_replicas_counts_only_while_the_sentinels_name_it() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let sentinel = RedisServer::start_sentinel("127.0.0.1", &old, "");
    let store = open_patiently(&named_by(&[&sentinel]));
    // A connection without a watch, so that the sentinel is asked before it announces anything.
    let Address::Sentinels(sentinels) = store.address() else { unreachable!("these are sentinels") };
    let client = sentinels.master(60 * SOON).await.unwrap();
    *store.connections.here().lock().await =
        Some(Arc::new(Connection::open(&client, store.connections.lost()).await.unwrap()));
    for server in [&old, &new] {
        let elsewhere = open(&server.url());
        elsewhere.put("record", b"seen", TTL).await.unwrap();
    }
    assert_eq!(store.swap("record", b"seen", b"new", TTL).await.unwrap(), Swap::Done);
    have_named(&sentinel, &new).await;
    let error = store.swap("record", b"new", b"newer", TTL).await.unwrap_err();
    assert_eq!(error.reason, "no replica has confirmed the write");
    assert_eq!(store.swap("record", b"seen", b"newer", TTL).await.unwrap(), Swap::Done);
}

#[actix_web::test]
async fn a_master_that_was_replaced_is_left_before_it_knows() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let sentinel = RedisServer::start_sentinel("127.0.0.1", &old, "");
    let store = open(&named_by(&[&sentinel]));
    open_patiently(&new.url()).put("record", b"new", TTL).await.unwrap();
    assert_eq!(store.get("record").await.unwrap(), None);
    have_named(&sentinel, &new).await;
    tokio::time::timeout(60 * SOON, async {
        while store.get("record").await.ok().flatten().as_deref() != Some(&b"new"[..]) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

/// Reports each wait and never ends one, so that only an event can cause what follows.
struct EndlessTimer(tokio::sync::mpsc::UnboundedSender<Duration>);

#[async_trait]
impl Timer for EndlessTimer {
    async fn wait(&self, time: Duration) {
        self.0.send(time).unwrap();
        std::future::pending::<()>().await;
    }
}

#[actix_web::test]
async fn sentinels_that_are_listened_to_are_asked_rarely_and_tell_of_a_new_master() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let mut sentinels = ["one", "two"].map(|_| RedisServer::start_sentinel("127.0.0.1", &old, ""));
    let Address::Sentinels(asked) = Address::parse(&named_by(&sentinels.each_ref()), None).unwrap() else {
        unreachable!("these are sentinels")
    };
    let (sender, mut waits) = tokio::sync::mpsc::unbounded_channel();
    let (lost, server) = (Arc::new(Lost::new(false)), format!("127.0.0.1:{}", old.port()));
    let watching = Arc::downgrade(&lost);
    tokio::spawn(
        async move { watch::watch(asked, server, watching, 60 * SOON, &EndlessTimer(sender)).await },
    );
    assert_eq!(waits.recv().await, Some(watch::SLOW_INTERVAL));
    // A lost subscription is noticed at once, and polling replaces it.
    sentinels[0].kill();
    assert_eq!(waits.recv().await, Some(60 * SOON));
    assert!(!*lost.borrow(), "a sentinel that is away says nothing against the master");
    have_named(&sentinels[1], &new).await;
    let mut told = lost.subscribe();
    tokio::time::timeout(60 * SOON, told.wait_for(|lost| *lost)).await.unwrap().unwrap();
}

#[actix_web::test]
async fn sentinels_and_servers_have_passwords_of_their_own() {
    let server = RedisServer::start();
    let sentinel = RedisServer::start_sentinel(
        "127.0.0.1",
        &server,
        "requirepass swordfish\nsentinel auth-pass dev hunter2",
    );
    let mut set = redis::cmd("CONFIG");
    set.arg("SET").arg("requirepass").arg("hunter2");
    set.exec_async(&mut server.connect().await).await.unwrap();
    let url = format!("redis+sentinel://:hunter2@127.0.0.1:{}/dev/3", sentinel.port());
    assert_eq!(refusal(&open(&url)).await, "no sentinel names the master: Redis answered NOAUTH");
    let store = open_patiently(&format!("{url}?sentinel_password=swordfish"));
    store.put("record", b"value", TTL).await.unwrap();
    let database = format!("redis://:hunter2@127.0.0.1:{}/3", server.port());
    assert!(open(&database).get("record").await.unwrap().is_some());
}

#[actix_web::test]
async fn tls_reaches_sentinels_and_servers_alike() {
    let server = RedisServer::start_with_tls();
    let folder = server.folder().display();
    let sentinel = RedisServer::start_sentinel(
        "localhost",
        &server,
        &format!(
            "port 0\ntls-port OWN_PORT\ntls-auth-clients no\ntls-replication yes\n\
             tls-cert-file {folder}/cert.pem\ntls-key-file {folder}/key.pem\ntls-ca-cert-file {folder}/ca.pem"
        ),
    );
    let url = format!("rediss+sentinel://localhost:{}/dev", sentinel.port());
    let store = Redis::with_timeout(&url, Some(&server.ca_file()), 60 * SOON).unwrap();
    assert_eq!(store.put_new("record", b"value", TTL).await.unwrap(), Swap::Done);
    let reason = refusal(&open(&url)).await;
    assert!(reason.contains("is signed by a CA that is not trusted here"), "{reason}");
}

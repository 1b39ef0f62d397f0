use std::sync::Arc;
use std::time::Instant;

use super::watch::Lost;
use super::*;
use crate::clock::Pause;
use crate::store::redis_server::RedisServer;
use redis::RedisResult;

const TTL: Duration = Duration::from_mins(10);

/// Short, but long enough for a machine under load.
const SOON: Duration = Duration::from_secs(1);

fn open(url: &str) -> Redis {
    Redis::with_patience(url, None, SOON).unwrap()
}

/// For what is not about being late, on a machine that may be under load.
fn open_patiently(url: &str) -> Redis {
    Redis::with_patience(url, None, 60 * SOON).unwrap()
}

/// The reason, after a check that it came before anybody lost patience.
async fn refusal(store: &Redis) -> String {
    let asked = Instant::now();
    let error = store.get("record").await.unwrap_err();
    assert!(asked.elapsed() < 4 * SOON, "{:?}", asked.elapsed());
    error.reason
}

#[actix_web::test]
async fn a_redis_that_is_not_there_yet_is_found_when_it_is() {
    let mut server = RedisServer::start();
    server.kill();
    let store = open(&server.url());
    let reason = refusal(&store).await;
    assert!(reason.contains("refused"), "{reason}");
    server.restart();
    store.put("record", b"value", TTL).await.unwrap();
}

#[actix_web::test]
async fn a_redis_that_died_is_an_error_until_it_is_back() {
    let mut server = RedisServer::start();
    let store = open(&server.url());
    assert_eq!(store.enter("set", "member", TTL, 1).await.unwrap(), Write::Done);
    server.kill();
    refusal(&store).await;
    let reason = refusal(&store).await;
    assert!(reason.contains("refused"), "{reason}");
    server.restart();
    // A new Redis knows neither the connection nor the scripts.
    assert_eq!(store.enter("set", "another", TTL, 1).await.unwrap(), Write::Done);
}

#[actix_web::test]
async fn a_connection_lost_while_idle_costs_no_request() {
    let mut server = RedisServer::start();
    let store = open(&server.url());
    store.ping().await.unwrap();
    server.kill();
    server.restart();
    let connection = store.connection.lock().await.clone().unwrap();
    tokio::time::timeout(SOON, async {
        while !connection.is_lost() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(store.put_new("record", b"value", TTL).await.unwrap(), Write::Done);
}

#[actix_web::test]
async fn a_redis_that_hangs_is_an_error_soon() {
    let server = RedisServer::start();
    let store = open(&server.url());
    store.ping().await.unwrap();
    server.freeze();
    assert_eq!(refusal(&store).await, "no answer in time");
    assert_eq!(refusal(&store).await, "no connection in time");
    server.resume();
    store.put("record", b"value", TTL).await.unwrap();
}

/// It takes connections and says nothing.
#[actix_web::test]
async fn a_redis_that_hangs_gathers_no_connections() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = open(&format!("redis://{}", listener.local_addr().unwrap()));
    let (closed, mut all_closed) = tokio::sync::mpsc::unbounded_channel::<()>();
    let server = actix_web::rt::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let closed = closed.clone();
            actix_web::rt::spawn(async move {
                let _ = tokio::io::copy(&mut connection, &mut tokio::io::sink()).await;
                drop(closed);
            });
        }
    });
    for _ in 0..3 {
        assert_eq!(refusal(&store).await, "no connection in time");
    }
    server.abort();
    let left = tokio::time::timeout(20 * SOON, all_closed.recv()).await;
    assert_eq!(left.expect("connections stay open that no request waits for"), None);
}

#[actix_web::test]
async fn a_refused_password_is_no_secret_told_and_no_end() {
    let server = RedisServer::start();
    let mut admin = server.connect().await;
    let mut set_password = async |password: &str| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("requirepass").arg(password).exec_async(&mut admin).await.unwrap();
    };
    set_password("the-right-one").await;
    let store = open(&format!("redis://:hunter2@127.0.0.1:{}", server.port()));
    let reason = refusal(&store).await;
    assert_eq!(reason, "Redis answered WRONGPASS");
    set_password("hunter2").await;
    store.put("record", b"value", TTL).await.unwrap();
}

#[actix_web::test]
async fn a_server_that_repeats_the_password_is_not_quoted() {
    // What does not know HELLO does so: old servers, and proxies that take themselves for one.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = open(&format!("redis://:hunter2@{}", listener.local_addr().unwrap()));
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let answer =
            "-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'hunter2'\r\n"
                .repeat(4);
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    };
    let reason = tokio::select! {
        reason = refusal(&store) => reason,
        () = server => unreachable!(),
    };
    assert_eq!(reason, "Redis answered ERR");
}

#[actix_web::test]
async fn a_key_of_another_kind_is_an_error_and_not_the_end_of_the_connection() {
    let server = RedisServer::start();
    let store = open(&server.url());
    store.enter("set", "member", TTL, 1).await.unwrap();
    assert_eq!(store.get("set").await.unwrap_err().reason, "Redis answered WRONGTYPE");
    assert!(!store.connection.lock().await.as_ref().unwrap().is_lost());
}

#[actix_web::test]
async fn tls_is_trusted_with_its_ca_only() {
    let server = RedisServer::start_with_tls();
    let url = format!("rediss://localhost:{}/3", server.port());
    let store = Redis::with_patience(&url, Some(&server.ca_file()), SOON).unwrap();
    assert_eq!(store.put_new("record", b"value", TTL).await.unwrap(), Write::Done);
    let reason = refusal(&open(&url)).await;
    assert!(reason.contains("UnknownIssuer"), "{reason}");
    let in_the_clear = open(&url.replace("rediss", "redis"));
    refusal(&in_the_clear).await;
}

/// Where sentinels say who is the master.
fn named_by(sentinels: &[&RedisServer]) -> String {
    let hosts: Vec<String> =
        sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.port())).collect();
    format!("redis+sentinel://{}/dev", hosts.join(","))
}

/// From now on the sentinel names another master, while the old one takes itself for one.
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
async fn a_conditional_write_is_done_when_a_replica_has_it() {
    let master = RedisServer::start();
    let replica = RedisServer::start_replica_of(&master);
    let store = open(&master.url());
    let patient = open_patiently(&master.url());
    store.put("record", b"seen", TTL).await.unwrap();
    assert_eq!(patient.swap("record", b"seen", b"new", TTL).await.unwrap(), Write::Done);
    replica.freeze();
    let newer = async |store: &Redis| store.swap("record", b"new", b"newer", TTL).await;
    assert_eq!(newer(&store).await.unwrap_err().reason, "no replica has confirmed the write");
    // It is written all the same.
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"newer"[..]));
    assert_eq!(newer(&store).await.unwrap_err().reason, "no replica has confirmed the write");
    replica.resume();
    assert_eq!(newer(&patient).await.unwrap(), Write::Done);
}

#[actix_web::test]
async fn a_record_is_deleted_when_a_replica_knows() {
    let master = RedisServer::start();
    let replica = RedisServer::start_replica_of(&master);
    let (store, patient) = (open(&master.url()), open_patiently(&master.url()));
    for key in ["record", "lock"] {
        patient.put(key, b"seen", TTL).await.unwrap();
        assert_eq!(patient.swap(key, b"seen", b"seen", TTL).await.unwrap(), Write::Done);
    }
    replica.freeze();
    let error = store.delete_seen("record", b"seen").await.unwrap_err();
    assert_eq!(error.reason, "no replica has confirmed the write");
    // It is deleted all the same.
    assert_eq!(store.get("record").await.unwrap(), None);
    assert_eq!(store.release("lock", b"seen").await.unwrap(), Write::Done, "a lock ends by itself");
    replica.resume();
    patient.put("record", b"seen", TTL).await.unwrap();
    assert_eq!(patient.delete_seen("record", b"seen").await.unwrap(), Write::Done);
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
async fn a_master_that_was_demoted_is_left_with_its_first_refusal() {
    let (old, mut away) = (RedisServer::start(), RedisServer::start());
    away.kill();
    for (seen, reason) in [("seen", "Redis answered READONLY"), ("unseen", "Redis is no master any more")] {
        let store = open(&old.url());
        let to_be = async |master: &str, port: &str| {
            let mut command = redis::cmd("REPLICAOF");
            command.arg(master).arg(port).exec_async(&mut old.connect().await).await.unwrap();
        };
        to_be("NO", "ONE").await;
        store.put("record", b"seen", TTL).await.unwrap();
        // Of a master that it cannot reach, so that it keeps its records.
        to_be("127.0.0.1", &away.port().to_string()).await;
        let error = store.swap("record", seen.as_bytes(), b"new", TTL).await.unwrap_err();
        assert_eq!(error.reason, reason);
        assert!(store.connection.lock().await.as_ref().unwrap().is_lost());
    }
}

#[actix_web::test]
async fn a_master_without_replicas_counts_only_while_the_sentinels_name_it() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let sentinel = RedisServer::start_sentinel("127.0.0.1", &old, "");
    let store = open_patiently(&named_by(&[&sentinel]));
    // A connection that nobody watches: the sentinel's word is asked for, before it is heard of.
    let Address::Sentinels(sentinels) = &store.address else { unreachable!("these are sentinels") };
    let client = sentinels.master(60 * SOON).await.unwrap();
    *store.connection.lock().await = Some(Connection::open(&client).await.unwrap());
    for server in [&old, &new] {
        let elsewhere = open(&server.url());
        elsewhere.put("record", b"seen", TTL).await.unwrap();
    }
    assert_eq!(store.swap("record", b"seen", b"new", TTL).await.unwrap(), Write::Done);
    have_named(&sentinel, &new).await;
    let error = store.swap("record", b"new", b"newer", TTL).await.unwrap_err();
    assert_eq!(error.reason, "no replica has confirmed the write");
    assert_eq!(store.swap("record", b"seen", b"newer", TTL).await.unwrap(), Write::Done);
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

/// Tells of each wait, and never ends one: whatever happens, was told.
struct EndlessPause(tokio::sync::mpsc::UnboundedSender<Duration>);

#[async_trait]
impl Pause for EndlessPause {
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
        async move { watch::watch(asked, server, watching, 60 * SOON, &EndlessPause(sender)).await },
    );
    assert_eq!(waits.recv().await, Some(watch::RARELY));
    // One that cannot be heard is noticed at once, and made up for by asking.
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
    let store = Redis::with_patience(&url, Some(&server.ca_file()), 60 * SOON).unwrap();
    assert_eq!(store.put_new("record", b"value", TTL).await.unwrap(), Write::Done);
    let reason = refusal(&open(&url)).await;
    assert!(reason.contains("UnknownIssuer"), "{reason}");
}

#[actix_web::test]
async fn the_commands_in_the_documentation_are_enough() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/redis.md");
    let document = std::fs::read_to_string(document).unwrap();
    let rule = document.lines().find_map(|line| line.strip_prefix("ACL SETUSER ")).unwrap();
    let rule = rule.replace("PASSWORD", "hunter2");
    let master = RedisServer::start();
    let _replica = RedisServer::start_replica_of(&master);
    let mut acl = redis::cmd("ACL");
    acl.arg("SETUSER").arg(rule.split(' ').collect::<Vec<_>>());
    acl.exec_async(&mut master.connect().await).await.unwrap();
    let store = open_patiently(&format!("redis://cluster-auth:hunter2@127.0.0.1:{}/3", master.port()));
    assert_eq!(store.put_new("lock", b"owner", TTL).await.unwrap(), Write::Done);
    store.put("record", b"1", TTL).await.unwrap();
    assert_eq!(store.swap("record", b"1", b"2", TTL).await.unwrap(), Write::Done);
    let held = Held { lock: "lock", owner: b"owner", life: TTL };
    assert_eq!(store.swap_under(held, "record", b"2", b"3", TTL).await.unwrap(), Write::Done);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(store.delete_seen("record", b"3").await.unwrap(), Write::Done);
    store.live_on("lock", TTL).await.unwrap();
    assert_eq!(store.release("lock", b"owner").await.unwrap(), Write::Done);
    store.delete("lock").await.unwrap();
    for member in ["one", "two"] {
        assert_eq!(store.enter("set", member, TTL, 2).await.unwrap(), Write::Done);
    }
    store.leave("set", "one").await.unwrap();
    let at = OffsetDateTime::UNIX_EPOCH;
    store.note("index", "one", at).await.unwrap();
    assert_eq!(store.noted("index", at, 1).await.unwrap(), ["one"]);
    store.note_all("index", &["two".to_owned()], at).await.unwrap();
    assert_eq!(store.noted_after("index", &Noted::from(at), at, 9).await.unwrap().len(), 2);
    let names = Names { after: "one", before: None };
    assert_eq!(store.named("index", names, 9).await.unwrap(), ["two"]);
    assert_eq!(store.noted_at("index", "one").await.unwrap(), Some(at));
    store.unnote("index", "one").await.unwrap();
    store.ping().await.unwrap();
}

#[actix_web::test]
async fn a_connection_outlives_the_thread_that_was_the_first_to_ask() {
    let server = RedisServer::start();
    let store = std::sync::Arc::new(open_patiently(&server.url()));
    let there = std::sync::Arc::clone(&store);
    let asking = move || actix_web::rt::System::new().block_on(there.ping());
    tokio::task::spawn_blocking(asking).await.unwrap().unwrap();
    let connection = store.connection.lock().await.clone().unwrap();
    let answer: RedisResult<String> = redis::cmd("PING").query_async(&mut connection.driver.clone()).await;
    assert_eq!(answer.unwrap(), "PONG");
}

mod sentinels;

use std::time::Instant;

use super::*;
use crate::store::redis_server::RedisServer;

const TTL: Duration = Duration::from_mins(10);

/// Short, but long enough for a machine under load.
const SOON: Duration = Duration::from_secs(1);

fn open(url: &str) -> Redis {
    Redis::with_timeout(url, None, SOON).unwrap()
}

/// For tests that are not about timeouts, on a machine that may be under load.
fn open_patiently(url: &str) -> Redis {
    Redis::with_timeout(url, None, 60 * SOON).unwrap()
}

/// The reason of a failure, after a check that it came within the timeouts.
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
    assert_eq!(store.enter("set", "member", TTL, 1).await.unwrap(), Swap::Done);
    server.kill();
    refusal(&store).await;
    let reason = refusal(&store).await;
    assert!(reason.contains("refused"), "{reason}");
    server.restart();
    // A new Redis knows neither the connection nor the scripts.
    assert_eq!(store.enter("set", "another", TTL, 1).await.unwrap(), Swap::Done);
}

#[actix_web::test]
async fn a_node_of_a_redis_cluster_is_refused_and_no_other_server_is() {
    let mut server = RedisServer::start_cluster_node();
    let store = open_patiently(&server.url());
    assert!(matches!(store.refuse_cluster().await, Err(UnusableRedis::Cluster)));
    let reason = refusal(&open(&server.url())).await;
    assert!(reason.contains("Redis Cluster") && reason.contains("redis+sentinel://"), "{reason}");
    server.kill();
    store.refuse_cluster().await.unwrap();
    let alone = RedisServer::start();
    open_patiently(&alone.url()).refuse_cluster().await.unwrap();
}

#[actix_web::test]
async fn a_connection_lost_while_idle_costs_no_request() {
    let mut server = RedisServer::start();
    let store = open(&server.url());
    store.ping().await.unwrap();
    server.kill();
    server.restart();
    let connection = store.connections.here().lock().await.clone().unwrap();
    tokio::time::timeout(SOON, async {
        while !connection.is_lost() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(store.put_new("record", b"value", TTL).await.unwrap(), Swap::Done);
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

/// How many connections of this machine to a port are open at our end.
#[cfg(target_os = "linux")]
fn open_to(port: u16) -> usize {
    let (there, established) = (format!(":{port:04X}"), "01");
    let all = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let fields = all.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields.filter(|fields| fields[2].ends_with(&there) && fields[3] == established).count()
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn a_connection_that_is_given_up_is_closed_though_an_answer_is_still_to_come() {
    let (hanging, other) = (RedisServer::start(), RedisServer::start());
    let store = open(&hanging.url());
    store.ping().await.unwrap();
    hanging.freeze();
    assert_eq!(refusal(&store).await, "no answer in time");
    assert_eq!(open_to(hanging.port()), 2);
    store.move_to(&other.url(), None).await.unwrap();
    store.ping().await.unwrap();
    let closed = async {
        while open_to(hanging.port()) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, closed).await.expect("the connection is still open");
}

/// A Redis that accepts connections and sends nothing.
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
async fn another_password_is_used_once_it_is_accepted_and_until_then_the_one_from_before() {
    let server = RedisServer::start();
    let mut admin = server.connect().await;
    let mut change = async |command: &[&str]| {
        let mut acl = redis::cmd(command[0]);
        acl.arg(&command[1..]).exec_async(&mut admin).await.unwrap();
    };
    change(&["ACL", "SETUSER", "backend", "on", ">first", "~*", "+@all"]).await;
    let url = |password: &str| format!("redis://backend:{password}@127.0.0.1:{}", server.port());
    let store = open_patiently(&url("first"));
    store.put("record", b"value", TTL).await.unwrap();
    let refused = store.move_to(&url("second"), None).await.unwrap_err().to_string();
    assert_eq!(refused, "no connection can be opened there (Redis answered WRONGPASS)");
    assert!(matches!(store.move_to("redis", None).await, Err(NotMoved::Unusable(UnusableRedis::Url))));
    assert!(store.get("record").await.unwrap().is_some());
    change(&["ACL", "SETUSER", "backend", ">second"]).await;
    let same = store.clone();
    store.move_to(&url("second"), None).await.unwrap();
    change(&["ACL", "SETUSER", "backend", "<first"]).await;
    // A new connection needs the new one.
    change(&["CLIENT", "KILL", "USER", "backend"]).await;
    while same.get("record").await.is_err() {}
    assert!(store.get("record").await.unwrap().is_some());
}

#[actix_web::test]
async fn a_server_that_repeats_the_password_is_not_quoted() {
    // Servers that do not know HELLO do so: old ones, and some proxies.
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
    assert!(!store.connections.here().lock().await.as_ref().unwrap().is_lost());
}

#[actix_web::test]
async fn tls_is_trusted_with_its_ca_only() {
    let server = RedisServer::start_with_tls();
    let url = format!("rediss://localhost:{}/3", server.port());
    let store = Redis::with_timeout(&url, Some(&server.ca_file()), SOON).unwrap();
    assert_eq!(store.put_new("record", b"value", TTL).await.unwrap(), Swap::Done);
    let reason = refusal(&open(&url)).await;
    assert!(
        reason.contains("the certificate of localhost is signed by a CA that is not trusted here"),
        "{reason}"
    );
    let in_the_clear = open(&url.replace("rediss", "redis"));
    refusal(&in_the_clear).await;
}

#[actix_web::test]
async fn a_conditional_write_is_done_when_a_replica_has_it() {
    let master = RedisServer::start();
    let replica = RedisServer::start_replica_of(&master);
    let store = open(&master.url());
    let patient = open_patiently(&master.url());
    store.put("record", b"seen", TTL).await.unwrap();
    assert_eq!(patient.swap("record", b"seen", b"new", TTL).await.unwrap(), Swap::Done);
    replica.freeze();
    let newer = async |store: &Redis| store.swap("record", b"new", b"newer", TTL).await;
    assert_eq!(newer(&store).await.unwrap_err().reason, "no replica has confirmed the write");
    // The master has it all the same.
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"newer"[..]));
    assert_eq!(newer(&store).await.unwrap_err().reason, "no replica has confirmed the write");
    replica.resume();
    assert_eq!(newer(&patient).await.unwrap(), Swap::Done);
}

#[actix_web::test]
async fn a_record_is_deleted_when_a_replica_knows() {
    let master = RedisServer::start();
    let replica = RedisServer::start_replica_of(&master);
    let (store, patient) = (open(&master.url()), open_patiently(&master.url()));
    for key in ["record", "lock"] {
        patient.put(key, b"seen", TTL).await.unwrap();
        assert_eq!(patient.swap(key, b"seen", b"seen", TTL).await.unwrap(), Swap::Done);
    }
    replica.freeze();
    let error = store.delete_seen("record", b"seen").await.unwrap_err();
    assert_eq!(error.reason, "no replica has confirmed the write");
    // The master has deleted it all the same.
    assert_eq!(store.get("record").await.unwrap(), None);
    assert_eq!(store.release("lock", b"seen").await.unwrap(), Swap::Done, "a lock ends by itself");
    replica.resume();
    patient.put("record", b"seen", TTL).await.unwrap();
    assert_eq!(patient.delete_seen("record", b"seen").await.unwrap(), Swap::Done);
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
        // A replica of a master that it cannot reach, so that it keeps its records.
        to_be("127.0.0.1", &away.port().to_string()).await;
        let error = store.swap("record", seen.as_bytes(), b"new", TTL).await.unwrap_err();
        assert_eq!(error.reason, reason);
        assert!(store.connections.here().lock().await.as_ref().unwrap().is_lost());
    }
}

#[actix_web::test]
async fn a_thread_that_is_refused_by_the_master_of_before_tells_the_others() {
    let (old, mut away) = (RedisServer::start(), RedisServer::start());
    away.kill();
    let store = open(&old.url());
    store.put("record", b"seen", TTL).await.unwrap();
    let there = store.clone();
    let asking = move || {
        actix_web::rt::System::new().block_on(async {
            there.ping().await.unwrap();
            there.connections.here().lock().await.clone().unwrap()
        })
    };
    let other = std::thread::spawn(asking).join().unwrap();
    assert!(!other.is_lost());
    let mut demote = redis::cmd("REPLICAOF");
    demote.arg("127.0.0.1").arg(away.port()).exec_async(&mut old.connect().await).await.unwrap();
    store.swap("record", b"seen", b"new", TTL).await.unwrap_err();
    assert!(other.is_lost(), "the other thread reads what is the master's no more");
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
    assert_eq!(store.put_new("lock", b"owner", TTL).await.unwrap(), Swap::Done);
    store.put("record", b"1", TTL).await.unwrap();
    assert_eq!(store.swap("record", b"1", b"2", TTL).await.unwrap(), Swap::Done);
    let held = HeldLock { lock: "lock", owner: b"owner", life: TTL };
    assert_eq!(store.swap_under(held, "record", b"2", b"3", TTL).await.unwrap(), Swap::Done);
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(store.delete_seen("record", b"3").await.unwrap(), Swap::Done);
    store.live_on("lock", TTL).await.unwrap();
    assert_eq!(store.release("lock", b"owner").await.unwrap(), Swap::Done);
    store.delete("lock").await.unwrap();
    for member in ["one", "two"] {
        assert_eq!(store.enter("set", member, TTL, 2).await.unwrap(), Swap::Done);
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
async fn each_thread_has_a_connection_and_takes_it_along_when_it_ends() {
    let server = RedisServer::start();
    let store = std::sync::Arc::new(open_patiently(&server.url()));
    store.ping().await.unwrap();
    let here = store.connections.here().lock().await.clone().unwrap();
    let there = std::sync::Arc::clone(&store);
    let asking = move || {
        actix_web::rt::System::new().block_on(async {
            there.ping().await.unwrap();
            there.connections.here().lock().await.clone().unwrap()
        })
    };
    let other = std::thread::spawn(asking).join().unwrap();
    assert!(!Arc::ptr_eq(&here, &other));
    store.ping().await.unwrap();
    let still = store.connections.here().lock().await.clone().unwrap();
    assert!(Arc::ptr_eq(&here, &still) && !still.is_lost());
}

#[actix_web::test]
async fn a_thread_that_has_a_connection_follows_to_another_server() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    open_patiently(&new.url()).put("record", b"there", TTL).await.unwrap();
    let store = open_patiently(&old.url());
    assert_eq!(store.get("record").await.unwrap(), None);
    // A look at the files is on another thread.
    let (moved, url, here) = (store.clone(), new.url(), tokio::runtime::Handle::current());
    let moving = move || here.block_on(moved.move_to(&url, None));
    tokio::task::spawn_blocking(moving).await.unwrap().unwrap();
    assert_eq!(store.get("record").await.unwrap().as_deref(), Some(&b"there"[..]));
}

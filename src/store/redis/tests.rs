use std::time::Instant;

use nix::sys::signal::{Signal, kill};

use super::*;
use crate::store::redis_server::RedisServer;

const TTL: Duration = Duration::from_mins(10);

/// Short, but long enough for a machine under load.
const SOON: Duration = Duration::from_secs(1);

fn open(url: &str) -> Redis {
    Redis::with_patience(url, None, SOON).unwrap()
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
    let lost = Arc::clone(&store.connection.lock().await.as_ref().unwrap().lost);
    tokio::time::timeout(SOON, async {
        while !lost.load(Ordering::Relaxed) {
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
    kill(server.id(), Signal::SIGSTOP).unwrap();
    assert_eq!(refusal(&store).await, "no answer in time");
    assert_eq!(refusal(&store).await, "no connection in time");
    kill(server.id(), Signal::SIGCONT).unwrap();
    store.put("record", b"value", TTL).await.unwrap();
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

#[test]
fn what_is_not_a_redis_is_refused_without_its_password() {
    let no_certificate = tempfile::NamedTempFile::new().unwrap();
    for (url, ca_file) in [
        ("redis.example:hunter2", None),
        ("https://:hunter2@redis.example", None),
        ("unix:///hunter2", None),
        ("redis://:hunter2@redis.example/not-a-number", None),
        ("rediss://:hunter2@redis.example#insecure", None),
        ("rediss://:hunter2@redis.example", Some(no_certificate.path())),
        ("rediss://:hunter2@redis.example", Some(Path::new("does-not-exist.pem"))),
    ] {
        let refused = Redis::new(url, ca_file).err().unwrap();
        assert_eq!(matches!(refused, UnusableRedis::CaFile { .. }), ca_file.is_some(), "{url}");
        assert!(!refused.to_string().contains("hunter2") && !format!("{refused:?}").contains("hunter2"));
    }
}

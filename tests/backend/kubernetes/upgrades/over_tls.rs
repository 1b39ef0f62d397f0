//! Upgrades of callers' connections that are TLS, and the end of a login there, over both versions of HTTP.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;

use actix_web::rt::net::TcpStream;
use actix_web::rt::task::spawn_blocking;
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::super::on_cluster;
use super::ends::WITHIN;
use super::raw_api::{Arrived, RawApi};
use super::{EXEC, WAYS, WEBSOCKET, read_exactly, read_to_end};
use crate::harness::clients::api::Api;
use crate::harness::clients::https::{Http2, Pair, connect, run};
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, SEALING_KEY};

/// Felix, who may do anything at a cluster behind raw sockets, by a backend that speaks TLS.
struct Secured {
    _here: Deployment<HostileIdp, RedisServer, Cluster>,
    api: RawApi,
    pair: Pair,
    backend: Backend,
    /// Of a backend beside it that does not.
    plain: (Backend, Api),
}

impl Secured {
    fn new(test: &str) -> Self {
        let here = on_cluster(test).with_redis();
        let api = RawApi::start();
        let deployed = here.plan.clone().without("KUBERNETES_CA_FILE").with("KUBERNETES_API_URL", &api.url);
        let deployed = deployed.with("USER_TOKENS", "full").with("TOKEN_ENCRYPTION_KEYS", SEALING_KEY);
        let plain = here.start_as(&deployed);
        plain.1.log_in(&here.idp, "felix");
        let pair = Pair::new(&here.world);
        let backend = pair.of(&deployed).start();
        Self { _here: here, api, pair, backend, plain }
    }

    /// Sends the request of one way, and bytes right behind it.
    async fn ask(&self, (method, asks, _): (&str, &str, &str), behind: &str) -> TlsStream<TcpStream> {
        let mut caller = connect(&self.backend, &self.pair, "http/1.1").await.unwrap();
        let request = format!("{method} {EXEC} HTTP/1.1\r\nhost: localhost\r\n{asks}\r\n{behind}");
        caller.write_all(request.as_bytes()).await.unwrap();
        caller
    }

    /// Both ends of a connection that was upgraded in one of the ways.
    async fn upgraded(&self, way: (&str, &str, &str), behind: &str) -> (TlsStream<TcpStream>, Arrived) {
        let mut caller = self.ask(way, behind).await;
        let mut arrived = self.api.next();
        arrived.switches(way.2, "hello");
        let head = head(&mut caller).await.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 switching protocols\r\n"), "{head}");
        assert!(head.contains("\r\nconnection: upgrade\r\n"), "{head}");
        assert_eq!(exactly(&mut caller, 5).await, b"hello");
        (caller, arrived)
    }
}

async fn exactly(caller: &mut TlsStream<TcpStream>, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    caller.read_exact(&mut bytes).await.unwrap();
    bytes
}

async fn head(caller: &mut TlsStream<TcpStream>) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(exactly(caller, 1).await);
    }
    String::from_utf8(head).unwrap()
}

/// All that comes, to an end that TLS says is one (RFC 8446, 6.1).
async fn to_end(caller: &mut TlsStream<TcpStream>) -> String {
    let mut rest = String::new();
    caller.read_to_string(&mut rest).await.unwrap();
    rest
}

#[test]
fn bytes_pass_both_ways_and_each_end_on_its_own() {
    let secured = Secured::new("tls_upgrade_ends");
    run(async {
        for way in WAYS {
            let (mut caller, mut arrived) = secured.upgraded(way, "early").await;
            assert_eq!(read_exactly(&mut arrived.connection, 5), b"early");
            caller.write_all(b"GET / HTTP/1.1\r\n\r\n\0\xff").await.unwrap();
            assert_eq!(read_exactly(&mut arrived.connection, 20), b"GET / HTTP/1.1\r\n\r\n\0\xff");
            caller.shutdown().await.unwrap();
            assert_eq!(read_to_end(&mut arrived.connection), "");
            arrived.connection.write_all(b"after its end").unwrap();
            drop(arrived);
            assert_eq!(to_end(&mut caller).await, "after its end");
            let (mut caller, mut arrived) = secured.upgraded(way, "").await;
            arrived.connection.shutdown(Shutdown::Write).unwrap();
            assert_eq!(to_end(&mut caller).await, "");
            caller.write_all(b"still").await.unwrap();
            assert_eq!(read_exactly(&mut arrived.connection, 5), b"still");
            // Without a word of TLS.
            drop(caller);
            assert_eq!(read_to_end(&mut arrived.connection), "");
        }
    });
}

#[test]
fn much_passes_whole_both_ways_at_once() {
    const MUCH: usize = 8 << 20;
    let secured = Secured::new("tls_upgrade_much");
    run(async {
        let (caller, arrived) = secured.upgraded(WEBSOCKET, "").await;
        let bytes: Vec<u8> = (0..MUCH).map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[2]).collect();
        let (mut from_api, mut to_api) = (arrived.connection.try_clone().unwrap(), arrived.connection);
        let sent = bytes.clone();
        let writer = thread::spawn(move || to_api.write_all(&sent).unwrap());
        let reader = spawn_blocking(move || {
            let mut got = vec![0; MUCH];
            from_api.read_exact(&mut got).unwrap();
            got
        });
        let (mut from_us, mut to_us) = tokio::io::split(caller);
        let mut got = vec![0; MUCH];
        // What was taken may still be to be written, as it became TLS: only flushing sends the end of it.
        let sending = async {
            to_us.write_all(&bytes).await.unwrap();
            to_us.flush().await.unwrap();
        };
        let ((), read) = futures_util::future::join(sending, from_us.read_exact(&mut got)).await;
        read.unwrap();
        assert!(got == bytes && reader.await.unwrap() == bytes, "other bytes have come");
        writer.join().unwrap();
    });
}

/// Answers a watch with events for as long as they are taken, or with one; returns when the connection has ended.
fn answers_without_end(mut arrived: Arrived, events: usize) -> thread::JoinHandle<()> {
    arrived.answers("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    arrived.connection.set_read_timeout(Some(2 * WITHIN)).unwrap();
    thread::spawn(move || {
        for _ in 0..events {
            if arrived.connection.write_all(&[b'x'; 1 << 10]).is_err() {
                return;
            }
        }
        let _ = arrived.connection.read(&mut [0]);
    })
}

/// A watch that waits for its next event, and one that is not read: hyper asks for no more of that, so that only its stream can be
/// ended.
#[test]
fn the_end_of_a_login_ends_its_streams_and_nothing_else_of_their_connection() {
    let secured = Secured::new("tls_logged_out");
    let watch = |what: &str| format!("/clusters/dev/proxy/api/v1/{what}?watch=true");
    run(async {
        let (mut upgraded, mut at_api) = secured.upgraded(WEBSOCKET, "").await;
        at_api.connection.set_read_timeout(Some(2 * WITHIN)).unwrap();
        let Secured { api, pair, backend, plain: (_plain, of_felix), _here } = secured;
        let client = Http2::connect(&backend, &pair).await;
        let served =
            thread::spawn(move || [1, usize::MAX].map(|events| answers_without_end(api.next(), events)));
        let watches = [client.get(&watch("pods")).await, client.get(&watch("nodes")).await];
        let at_api_of_watches = served.join().unwrap();
        assert_eq!(of_felix.delete("/tokens").status, 200);
        let ended = async {
            let _ = upgraded.read_to_end(&mut Vec::new()).await;
            let waited = spawn_blocking(move || {
                let _ = at_api.connection.read(&mut [0]);
                for ended in at_api_of_watches {
                    ended.join().unwrap();
                }
            });
            waited.await.unwrap();
        };
        timeout(WITHIN, ended).await.expect("what a login began stays open after its end");
        for watch in watches {
            assert!(watch.into_body().collect().await.is_err(), "what was cut looks whole");
        }
        // What another login has begun may be on the same connection.
        assert_eq!(client.get("/info").await.status(), 200);
        for what in ["\"subresource\":\"exec\"", "\"resource\":\"pods\"", "\"resource\":\"nodes\""] {
            backend.process.wait_for(what, |line| {
                (line.contains("\"reason\":\"logged_out\"") && line.contains(what)).then_some(())
            });
        }
    });
}

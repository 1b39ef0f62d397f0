//! The proxy over TLS and HTTP/2: many watches on one connection, each of which ends by itself.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::rt::time::{sleep, timeout};
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame, Incoming};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::upgrades::raw_api::RawApi;
use crate::harness::clients::api::{Answer, agent};
use crate::harness::clients::https::{Http2, Pair, nothing, run, text};
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::{Cluster, PODS, names};
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::Backend;

/// As many as one connection takes at once, but for a few.
const MANY: u64 = 200;

/// Longer than the API server's side takes to hear of an end, and shorter than a read of its own waits.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Felix, logged in to a cluster over HTTP/2: a backend that speaks TLS, and one beside it that does not.
struct Secured {
    here: Deployment<HostileIdp, RedisServer, Cluster>,
    pair: Pair,
    backend: Backend,
    plain: Backend,
}

impl Secured {
    fn new(test: &str, settings: &[(&str, &str)]) -> Self {
        let here = Deployment::with_hostile_idp(test).with_redis();
        let here = here.with_cluster_by(Cluster::start_with_http2);
        let (plain, api) = here.start();
        api.log_in(&here.idp, "felix");
        let pair = Pair::new(&here.world);
        let secured = settings.iter().fold(pair.of(&here.plan), |plan, (name, value)| plan.with(name, value));
        // A trace of each frame would take longer than what is tried here.
        let backend = secured.with("RUST_LOG", "info").start();
        Self { here, pair, backend, plain }
    }

    /// The same, and a backend with TLS before another API server.
    fn with_raw_api(test: &str, settings: &[(&str, &str)]) -> (Self, Backend, RawApi) {
        let secured = Self::new(test, &[]);
        let api = RawApi::start();
        let plan =
            secured.here.plan.clone().without("KUBERNETES_CA_FILE").with("KUBERNETES_API_URL", &api.url);
        let plan =
            settings.iter().fold(plan, |plan, (name, value)| plan.with(name, value)).with("RUST_LOG", "info");
        let (_plain, of_felix) = secured.here.start_as(&plan);
        of_felix.log_in(&secured.here.idp, "felix");
        let backend = secured.pair.of(&plan).start();
        (secured, backend, api)
    }

    /// Waits until the cluster has that many streams open; the connections of this thread go on meanwhile.
    async fn wait_until_open(&self, count: u64) {
        let streams = "/api/cluster-auth/clusters/dev/proxy/control/streams";
        let url = format!("{}{streams}?open={count}", self.plain.url);
        let ask = move || Answer::read(agent().get(url).call().unwrap());
        let told = spawn_blocking(ask).await.unwrap();
        assert_eq!(told.json["open"], count, "{}", told.text);
    }
}

/// The next event of a watch.
async fn next_event(watch: &mut Response<Incoming>) -> String {
    let frame = watch.frame().await.unwrap().unwrap().into_data().unwrap();
    let first = frame.split(|byte| *byte == b'\n').next().unwrap();
    let event: Value = serde_json::from_slice(first).unwrap();
    event["type"].as_str().unwrap().to_owned()
}

#[test]
fn many_watches_share_a_connection_and_each_ends_alone() {
    let secured = Secured::new("tls_watches", &[]);
    run(async {
        let client = Http2::connect(&secured.backend, &secured.pair).await;
        let mut watches = Vec::new();
        for _ in 0..MANY {
            watches.push(client.get(&format!("{PODS}?watch=true")).await);
        }
        for watch in &mut watches {
            assert_eq!(next_event(watch).await, "ADDED");
        }
        secured.wait_until_open(MANY).await;
        // Closed by its client while nothing happens: the connection and the others stay.
        drop(watches.pop());
        secured.wait_until_open(MANY - 1).await;
        secured.here.cluster.touch();
        for watch in &mut watches {
            while next_event(watch).await != "MODIFIED" {}
        }
        drop(watches);
        secured.wait_until_open(0).await;
        assert_eq!(client.get("/info").await.status(), 200);
        // And all at once, with the connection.
        let last = client.get(&format!("{PODS}?watch=true")).await;
        secured.wait_until_open(1).await;
        drop((last, client));
        secured.wait_until_open(0).await;
    });
}

#[test]
fn requests_and_answers_pass_whole_or_are_seen_to_be_cut() {
    let secured = Secured::new("tls_bodies", &[("USER_TOKENS", "full")]);
    run(async {
        let client = Http2::connect(&secured.backend, &secured.pair).await;
        let pods: Value = serde_json::from_str(&text(client.get(PODS).await).await.unwrap()).unwrap();
        assert_eq!(names(&pods), ["web-0", "web-1"]);
        let large = client.get("/clusters/dev/proxy/api/v1/namespaces/team-a/configmaps/large").await;
        let large: Value = serde_json::from_str(&text(large).await.unwrap()).unwrap();
        assert_eq!(large["data"]["bytes"].as_str().map(str::len), Some(1 << 20));
        let head = client.request("HEAD", PODS).body(nothing()).unwrap();
        assert_eq!(text(client.send(head).await.unwrap()).await.unwrap(), "");
        for code in [0, 2, 8] {
            let cut = client.get(&format!("/clusters/dev/proxy/echo/cut?code={code}")).await;
            assert_eq!(cut.status(), 200);
            assert!(text(cut).await.is_err(), "{code}: what was cut looks whole");
        }
        // A body without a length, as HTTP/2 may have it; and the same with one.
        for (parts, sized) in [(0, false), (1, true), (70, false)] {
            let parts = (0..parts).map(|_| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; 50_000]))));
            let length = parts.len() * 50_000;
            let request = client.request("PUT", "/clusters/dev/proxy/echo/x?a=b%20c");
            let request = if sized { request.header("content-length", length) } else { request };
            let request = request.body(StreamBody::new(stream::iter(parts)).boxed()).unwrap();
            let seen = text(client.send(request).await.unwrap()).await.unwrap();
            let seen: Value = serde_json::from_str(&seen).unwrap();
            assert_eq!(seen["bodyBytes"], json!(length), "{seen}");
            assert_eq!(seen["rawUrl"], "/echo/x?a=b%20c");
        }
    });
}

/// Answers each request without an end, as fast as it is read, and tells of each that it could not be written on.
fn answer_without_end(api: RawApi) -> Receiver<()> {
    let (sender, ended) = channel();
    std::thread::spawn(move || {
        for mut arrived in api.requests() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                arrived.answers("HTTP/1.1 200 OK\r\n\r\n");
                let part = vec![b'x'; 64 << 10];
                while arrived.connection.write_all(&part).is_ok() {}
                let _ = sender.send(());
            });
        }
    });
    ended
}

#[test]
fn an_answer_that_is_not_read_and_has_no_place_is_reset_alone() {
    let (secured, backend, api) = Secured::with_raw_api("tls_no_place", &[("STREAMS_PER_USER", "1")]);
    let ended = answer_without_end(api);
    run(async {
        let client = Http2::connect(&backend, &secured.pair).await;
        // Their first bytes are all that there is room for.
        let path = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods/web-0/log";
        let floods = [client.get(path).await, client.get(path).await];
        let log = backend.process.wait_for_line("an answer that stayed open was ended");
        assert!(log.contains("STREAMS_PER_USER"), "{log}");
        // What is not read does not hear of its end by itself.
        let ended = spawn_blocking(move || ended.recv_timeout(TIMEOUT).map(|()| ended)).await.unwrap();
        let ended = ended.expect("the API server still writes");
        assert_eq!(client.get("/info").await.status(), 200);
        assert!(ended.try_recv().is_err(), "the other goes on");
        drop(floods);
        spawn_blocking(move || ended.recv_timeout(TIMEOUT)).await.unwrap().unwrap();
    });
}

#[test]
fn an_idle_connection_does_not_wait_for_the_others_when_the_backend_stops() {
    let mut secured = Secured::new("tls_stop", &[]);
    run(async {
        let idle = Http2::connect(&secured.backend, &secured.pair).await;
        assert_eq!(idle.get("/info").await.status(), 200);
        let busy = Http2::connect(&secured.backend, &secured.pair).await;
        let flood = busy.get("/clusters/dev/proxy/echo/flood").await;
        secured.backend.process.signal(Signal::SIGTERM);
        idle.closed().await;
        assert_eq!(text(flood).await.unwrap().len(), 32 << 20, "what was under way goes on");
    });
    secured.backend.process.wait();
    assert!(!secured.backend.process.printed().contains("ends before all its work is done"));
}

/// Behind a front, the users of a connection are many.
#[test]
fn bodies_that_an_api_does_not_read_leave_room_for_others() {
    const STALLED: usize = 10;
    let (secured, backend, api) = Secured::with_raw_api("tls_stalled", &[("USER_TOKENS", "full")]);
    run(async {
        let client = Http2::connect(&backend, &secured.pair).await;
        let taken = Arc::new(AtomicUsize::new(0));
        for _ in 0..STALLED {
            let counted = Arc::clone(&taken);
            let parts = stream::repeat_with(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; 16 << 10])))
            });
            let request = client
                .request("PUT", "/clusters/dev/proxy/api/v1/namespaces/team-a/pods/mine/proxy/")
                .body(StreamBody::new(parts).boxed())
                .unwrap();
            let client = client.clone();
            spawn(async move { client.send(request).await.map(drop) });
        }
        // Seconds in which nothing more is taken are an end: whatever fits has found its place by then.
        let mut before = 0;
        while before == 0 || taken.load(Ordering::Relaxed) > before {
            before = taken.load(Ordering::Relaxed);
            sleep(Duration::from_secs(2)).await;
        }
        let begun: Vec<_> = (0..STALLED).map(|_| api.next()).collect();
        let other = client.request("POST", "/register").header("content-type", "application/json");
        let other = other.body(Full::new(Bytes::from_static(b"{}")).boxed()).unwrap();
        // Those that are not read end after 65 s.
        let answer = timeout(Duration::from_secs(30), client.send(other)).await;
        assert_eq!(answer.expect("a body waits for those that are not read").unwrap().status(), 200);
        drop(begun);
    });
}

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web;
use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use crate::helper::web::guard::AllowedHosts;
use crate::helper::web::server::{PortServer, serve};

const TIME: Duration = Duration::from_mins(5);

/// A test that waits for ever would not say which.
async fn within_reason<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_mins(1), future).await.expect("this never happens")
}

/// Time that passes when the test says so.
struct Hourglass {
    begun: Semaphore,
    over: Semaphore,
}

#[async_trait]
impl Timer for Hourglass {
    async fn wait(&self, time: Duration) {
        assert_eq!(time, TIME);
        self.begun.add_permits(1);
        self.over.acquire().await.unwrap().forget();
    }
}

/// The socket as systemd keeps it, and a server on it.
struct Scene {
    kept: TcpListener,
    address: SocketAddr,
    server: PortServer,
    needed: Arc<AtomicBool>,
    hourglass: Arc<Hourglass>,
}

impl Scene {
    fn new() -> Self {
        let kept = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = kept.local_addr().unwrap();
        let needed = Arc::new(AtomicBool::new(false));
        let server = started(&kept, &needed);
        let hourglass = Arc::new(Hourglass { begun: Semaphore::new(0), over: Semaphore::new(0) });
        Self { kept, address, server, needed, hourglass }
    }

    fn watch(&self) -> JoinHandle<()> {
        let (gate, needed, hourglass) =
            (self.server.gate(), Arc::clone(&self.needed), Arc::clone(&self.hourglass));
        actix_web::rt::spawn(async move {
            unused(&gate, || needed.load(Ordering::Acquire), hourglass.as_ref(), TIME).await;
        })
    }

    /// Waits until the time runs, and has it pass.
    async fn let_time_pass(&self) {
        self.time_runs().await;
        self.hourglass.over.add_permits(1);
    }

    async fn time_runs(&self) {
        within_reason(self.hourglass.begun.acquire()).await.unwrap().forget();
    }

    /// A client that has connected, and that the server has accepted.
    async fn accepted_client(&self) -> TcpStream {
        let before = self.server.gate().accepted();
        let client = TcpStream::connect(self.address).await.unwrap();
        within_reason(async {
            while self.server.gate().accepted() == before {
                tokio::task::yield_now().await;
            }
        })
        .await;
        client
    }

    async fn answer_to(&self, mut client: TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        within_reason(client.read_to_string(&mut answer)).await.unwrap();
        answer
    }
}

fn started(socket: &TcpListener, needed: &Arc<AtomicBool>) -> PortServer {
    let hosts = web::Data::new(AllowedHosts::new(socket.local_addr().unwrap().port(), &[]));
    let needed = Arc::clone(needed);
    let routes = move |config: &mut web::ServiceConfig| {
        let needed = Arc::clone(&needed);
        let begin = move || {
            needed.store(true, Ordering::Release);
            async { "begun" }
        };
        config.app_data(hosts.clone());
        config.route("/", web::get().to(|| async { "answered" }));
        config.route("/begin", web::get().to(begin));
    };
    serve(vec![socket.try_clone().unwrap()], routes, || {}).unwrap()
}

#[actix_web::test]
async fn what_was_accepted_is_answered_before_the_end_and_what_comes_later_waits_at_the_socket() {
    let scene = Scene::new();
    let slow = scene.accepted_client().await;
    let watched = scene.watch();
    scene.let_time_pass().await;
    // It does not end while the client is connected.
    let early = tokio::time::timeout(Duration::from_millis(50), scene.time_runs());
    assert!(early.await.is_err() && !watched.is_finished());
    let late = TcpStream::connect(scene.address).await.unwrap();
    assert!(scene.answer_to(slow, "/").await.ends_with("answered"));
    within_reason(watched).await.unwrap();
    assert_eq!(scene.server.gate().accepted(), 1);
    let Scene { kept, address, server, needed, hourglass } = scene;
    server.stop().await;
    let next = started(&kept, &needed);
    let scene = Scene { kept, address, server: next, needed, hourglass };
    assert!(scene.answer_to(late, "/").await.ends_with("answered"));
}

#[actix_web::test]
async fn a_connection_or_a_pending_login_keeps_it() {
    let scene = Scene::new();
    let watched = scene.watch();
    scene.time_runs().await;
    let client = scene.accepted_client().await;
    assert!(scene.answer_to(client, "/").await.ends_with("answered"));
    scene.hourglass.over.add_permits(1);
    scene.time_runs().await;
    scene.needed.store(true, Ordering::Release);
    scene.hourglass.over.add_permits(1);
    scene.time_runs().await;
    scene.needed.store(false, Ordering::Release);
    scene.hourglass.over.add_permits(1);
    within_reason(watched).await.unwrap();
}

#[actix_web::test]
async fn a_login_that_begins_as_it_would_end_is_served_to_its_end() {
    let scene = Scene::new();
    let client = scene.accepted_client().await;
    let watched = scene.watch();
    scene.let_time_pass().await;
    assert!(scene.answer_to(client, "/begin").await.ends_with("begun"));
    // It accepts again: the callback is answered.
    scene.time_runs().await;
    let client = TcpStream::connect(scene.address).await.unwrap();
    assert!(scene.answer_to(client, "/").await.ends_with("answered"));
    assert!(!watched.is_finished());
}

//! Accepts the connections of a port's listeners and serves each in a task of its own, all on one thread. So it can be told to stop
//! accepting and to answer what it has accepted, and no connection is lost between the two: the others wait in the system's queue for the
//! process that accepts next.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{LocalBoxFuture, select_all};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// More than browsers need, and few enough not to exhaust the process.
const MOST_CONNECTIONS: usize = 512;

/// How long to wait where the system has no more file descriptors.
const EXHAUSTED_WAIT: Duration = Duration::from_millis(500);

/// Serves one connection to its end.
type Serve = Box<dyn Fn(TcpStream) -> LocalBoxFuture<'static, ()>>;

/// A listener and what serves its connections.
pub struct Port {
    /// The listener.
    pub listener: TcpListener,
    /// Serves a connection.
    pub serve: Serve,
}

/// What the acceptor is told.
pub enum Order {
    /// Accept nothing more, and say when all that was accepted is answered.
    Pause(oneshot::Sender<()>),
    /// Accept again.
    Resume,
    /// Accept nothing more, and end when all that was accepted is answered.
    Close,
}

/// Lets connections in, or has them wait.
#[derive(Clone)]
pub struct Gate {
    orders: mpsc::UnboundedSender<Order>,
    accepted: Arc<AtomicU64>,
}

impl Gate {
    /// A gate, and the orders for its acceptor.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Order>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        (Self { orders, accepted: Arc::default() }, receiver)
    }

    /// How many connections were accepted since the start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Acquire)
    }

    /// Has new connections wait in the system's queue; returns when all accepted ones are answered.
    pub async fn pause(&self) {
        let (done, answered) = oneshot::channel();
        // Both fail only when the server has ended.
        let _ = self.orders.send(Order::Pause(done));
        let _ = answered.await;
    }

    /// Lets connections in again.
    pub fn resume(&self) {
        let _ = self.orders.send(Order::Resume);
    }

    /// Ends the server when all accepted connections are answered.
    pub fn close(&self) {
        let _ = self.orders.send(Order::Close);
    }
}

/// Whether connections are accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accepting {
    Yes,
    No,
}

/// Accepts and serves connections until it is told to close.
pub struct Acceptor {
    ports: Vec<Port>,
    gate: Gate,
    orders: mpsc::UnboundedReceiver<Order>,
    connections: JoinSet<()>,
}

impl Acceptor {
    /// Accepts nothing yet.
    #[must_use]
    pub fn new(ports: Vec<Port>, gate: Gate, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        Self { ports, gate, orders, connections: JoinSet::new() }
    }

    /// Runs until it is told to close. Dropping the future cuts the connections off.
    pub async fn run(mut self) {
        let mut accepting = Accepting::Yes;
        loop {
            let has_room = accepting == Accepting::Yes && self.connections.len() < MOST_CONNECTIONS;
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(Order::Pause(done)) => {
                        accepting = Accepting::No;
                        self.answer_all().await;
                        let _ = done.send(());
                    }
                    Some(Order::Resume) => accepting = Accepting::Yes,
                    Some(Order::Close) | None => return self.answer_all().await,
                },
                accepted = next(&self.ports), if has_room => self.begin(accepted).await,
                // A connection that has ended; a panic in it was logged by the panic hook.
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    async fn begin(&mut self, (at, accepted): (usize, io::Result<(TcpStream, SocketAddr)>)) {
        match accepted {
            Ok((stream, _)) => {
                self.gate.accepted.fetch_add(1, Ordering::AcqRel);
                if let Some(port) = self.ports.get(at) {
                    self.connections.spawn_local((port.serve)(stream));
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                // A sleep, since no event tells that there are file descriptors again.
                tokio::time::sleep(EXHAUSTED_WAIT).await;
            }
        }
    }

    async fn answer_all(&mut self) {
        while self.connections.join_next().await.is_some() {}
    }
}

/// The next connection of any listener, and which listener it is.
async fn next(ports: &[Port]) -> (usize, io::Result<(TcpStream, SocketAddr)>) {
    if ports.is_empty() {
        return std::future::pending().await;
    }
    let (accepted, at, _) = select_all(ports.iter().map(|port| Box::pin(port.listener.accept()))).await;
    (at, accepted)
}

/// Whether the client was gone before it was accepted, which says nothing about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

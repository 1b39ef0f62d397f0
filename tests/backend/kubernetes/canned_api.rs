//! An API server that answers with the bytes that it is told to and hangs up: what no well-behaved server would do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Connected;
use crate::harness::network::far_network::FAR;
use crate::harness::programs::backend::Backend;

/// Longer than anything takes here, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is done with each connection once its request has come.
#[derive(Clone)]
enum Script {
    AnswerAndHangUp(Vec<u8>),
    AnswerAndWait(Vec<u8>),
}

/// The stand-in; says nothing until it is told to.
pub struct CannedApi {
    pub url: String,
    script: Arc<Mutex<Script>>,
    events: Receiver<Event>,
}

#[derive(Debug, PartialEq, Eq)]
enum Event {
    Asked,
    HungUp,
}

impl CannedApi {
    /// Listens at this address.
    pub fn start(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::AnswerAndWait(Vec::new())));
        let (told, events) = channel();
        let given = Arc::clone(&script);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (script, told) = (given.lock().unwrap().clone(), told.clone());
                std::thread::spawn(move || serve(connection, &script, &told));
            }
        });
        Self { url, script, events }
    }

    /// Answers each connection's request with these bytes from now on, and hangs up.
    pub fn answers(&self, bytes: &[u8]) {
        *self.script.lock().unwrap() = Script::AnswerAndHangUp(bytes.to_vec());
    }

    /// Answers each connection's request with these bytes from now on, and waits for more to say.
    pub fn begins(&self, bytes: &[u8]) {
        *self.script.lock().unwrap() = Script::AnswerAndWait(bytes.to_vec());
    }

    /// Waits until a request has come that keeps its connection.
    pub fn wait_until_asked(&self) {
        assert_eq!(self.events.recv_timeout(TIMEOUT), Ok(Event::Asked), "no request comes");
    }

    /// Waits until the client of that request has hung up.
    pub fn wait_until_hung_up(&self) {
        assert_eq!(self.events.recv_timeout(TIMEOUT), Ok(Event::HungUp), "the request goes on");
    }

    /// A backend before it, in which Felix is logged in.
    pub fn backend(&self, connected: &Connected) -> Backend {
        let plan =
            connected.here.plan.clone().without("KUBERNETES_CA_FILE").with("KUBERNETES_API_URL", &self.url);
        let plan = plan.with("INSECURE_HTTP_HOSTS", FAR);
        // A thousand requests are made here: a trace of them would only take its time.
        let backend = plan.with("RUST_LOG", "info").start();
        connected.here.api(&backend).log_in(&connected.here.idp, "felix");
        backend
    }
}

fn serve(mut connection: TcpStream, script: &Script, told: &Sender<Event>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if connection.read(&mut byte).unwrap_or_default() == 0 {
            return;
        }
        head.push(byte[0]);
    }
    match script {
        Script::AnswerAndHangUp(answer) => drop(connection.write_all(answer)),
        Script::AnswerAndWait(answer) => {
            let _ = connection.write_all(answer);
            let _ = told.send(Event::Asked);
            let _ = connection.read(&mut byte);
            let _ = told.send(Event::HungUp);
        }
    }
}

//! One address in front of Backstage and the backend, as an installation's ingress is, which can lose an answer.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than anything takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);
const BAD_GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A running ingress; ends with the test.
pub struct Ingress {
    /// `http://localhost:…`
    pub url: String,
    routes: Arc<Routes>,
}

struct Routes {
    backend: String,
    backstage: String,
    losing: Mutex<Option<Losing>>,
    asked_backstage: Mutex<Vec<String>>,
}

/// The next answer to this path does not reach its client.
struct Losing {
    path: &'static str,
    arrived: Sender<Held>,
}

/// An answer that has left the backend and will not arrive; drop it to break its connection off.
pub struct Held {
    _connection: Sender<()>,
}

impl Ingress {
    /// `/api/cluster-auth` goes to the backend, everything else to Backstage; both are URLs without a path.
    pub fn start(backend: &str, backstage: &str) -> Self {
        let address = |url: &str| url.trim_start_matches("http://").to_owned();
        let routes = Arc::new(Routes {
            backend: address(backend),
            backstage: address(backstage),
            losing: Mutex::default(),
            asked_backstage: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let serving = Arc::clone(&routes);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let routes = Arc::clone(&serving);
                std::thread::spawn(move || drop(routes.pass(client)));
            }
        });
        Self { url, routes }
    }

    /// The paths that Backstage has been asked for so far.
    pub fn asked_backstage(&self) -> Vec<String> {
        self.routes.asked_backstage.lock().unwrap().clone()
    }

    /// Holds the next answer to `path` back for good.
    pub fn lose_answer_to(&self, path: &'static str) -> Lost {
        let (arrived, receiver) = channel();
        *self.routes.losing.lock().unwrap() = Some(Losing { path, arrived });
        Lost(receiver)
    }
}

/// The answer that will be lost.
pub struct Lost(Receiver<Held>);

impl Lost {
    /// Waits until all of it has left the backend.
    pub fn wait(&self) -> Held {
        self.0.recv_timeout(TIMEOUT).expect("no answer came to be lost")
    }
}

impl Routes {
    /// One request a connection: each answer ends with its connection, so that nothing of HTTP but the head need be read.
    fn pass(&self, mut client: TcpStream) -> std::io::Result<()> {
        let (head, body) = read_head(&mut client)?;
        let path = head.split(' ').nth(1).unwrap_or_default();
        let upstream = if path.starts_with("/api/cluster-auth/") {
            &self.backend
        } else {
            self.asked_backstage.lock().unwrap().push(path.to_owned());
            &self.backstage
        };
        let Ok(mut upstream) = TcpStream::connect(upstream) else { return client.write_all(BAD_GATEWAY) };
        let (first_line, rest) = head.split_once("\r\n").unwrap_or_default();
        write!(upstream, "{first_line}\r\nConnection: close\r\n{rest}")?;
        upstream.write_all(&body)?;
        let (mut from_client, mut to_upstream) = (client.try_clone()?, upstream.try_clone()?);
        std::thread::spawn(move || std::io::copy(&mut from_client, &mut to_upstream));
        match self.losing(path) {
            Some(losing) => lose(&losing, &mut upstream),
            None => std::io::copy(&mut upstream, &mut client).map(drop),
        }?;
        client.shutdown(Shutdown::Both)
    }

    fn losing(&self, path: &str) -> Option<Losing> {
        self.losing.lock().unwrap().take_if(|losing| path.ends_with(losing.path))
    }
}

fn lose(losing: &Losing, upstream: &mut TcpStream) -> std::io::Result<()> {
    upstream.read_to_end(&mut Vec::new())?;
    let (held, dropped) = channel();
    let _ = losing.arrived.send(Held { _connection: held });
    // Ends with the error that the other end is gone.
    let _ = dropped.recv();
    Ok(())
}

/// The head up to its empty line, and what of the body came with it.
fn read_head(client: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut read = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let count = client.read(&mut buffer)?;
        read.extend_from_slice(&buffer[..count]);
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let body = read.split_off(end + 4);
            return Ok((String::from_utf8_lossy(&read).into_owned(), body));
        }
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

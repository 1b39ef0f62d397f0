//! What stands in front of a server and has a fault on one path or another; without one it passes everything on, and keeps
//! connections.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::front::read_request;

const HINTS: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";

/// What it does wrong.
#[derive(Clone)]
pub enum Fault {
    /// Sends a head and the beginning of a body, and then nothing. The server does not hear of the request.
    Stalls,
    /// Sends all of the answer but the end of its last chunk, and hangs up: what came looks whole.
    LacksItsEnd,
    /// Hangs up, without an answer, on every request but the first of a connection.
    WantsItsOwnConnection,
    /// Sends two interim answers before the answer.
    Hints,
    /// Answers this instead.
    Answers(Value),
    /// Answers this with 400.
    Refuses(Value),
    /// Answers with this in the place of that.
    Rewrites(&'static str, &'static str),
}

/// A request that has come.
struct Seen {
    path: String,
    head: String,
}

/// One that serves.
pub struct FaultyFront {
    /// Where it is, without a slash at the end.
    pub url: String,
    shared: Arc<Shared>,
    listener: Mutex<Option<TcpListener>>,
}

#[derive(Default)]
struct Shared {
    faults: Mutex<BTreeMap<String, Fault>>,
    seen: Mutex<Vec<Seen>>,
}

impl FaultyFront {
    /// One that accepts no connection yet.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        Self { url, shared: Arc::default(), listener: Mutex::new(Some(listener)) }
    }

    /// From now on it stands in front of what listens on that port of loopback; ends with the test.
    pub fn serve(&self, port: u64) {
        let listener = self.listener.lock().unwrap().take().unwrap();
        let shared = Arc::clone(&self.shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || drop(converse(client, port, &shared)));
            }
        });
    }

    /// In front of what listens at that URL on loopback.
    pub fn before(url: &str) -> Self {
        let front = Self::new();
        front.serve(url::Url::parse(url).unwrap().port().unwrap().into());
        front
    }

    /// From now on that path has that fault.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.shared.faults.lock().unwrap().insert(path.to_owned(), fault);
    }

    /// From now on it has none.
    pub fn heal(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// How many requests there were for that path.
    pub fn requests(&self, path: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.path == path).count()
    }

    /// What the requests for that path say in this header, in their order; nothing where one has none.
    pub fn said(&self, path: &str, header: &str) -> Vec<String> {
        let seen = self.shared.seen.lock().unwrap();
        let of_path = seen.iter().filter(|seen| seen.path == path);
        of_path.map(|seen| value_of(&seen.head, header).unwrap_or_default().to_owned()).collect()
    }
}

fn value_of<'h>(head: &'h str, header: &str) -> Option<&'h str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.eq_ignore_ascii_case(header)).map(|(_, value)| value.trim())
}

fn converse(mut client: TcpStream, port: u64, shared: &Shared) -> io::Result<()> {
    let mut first = true;
    loop {
        let (head, body) = read_request(&mut client)?;
        let path = head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
        shared.seen.lock().unwrap().push(Seen { path: path.to_owned(), head: head.clone() });
        let fault = shared.faults.lock().unwrap().get(path).cloned();
        let whole = || pass(&head, &body, port);
        match fault {
            Some(Fault::Stalls) => {
                client.write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
                )?;
                // Until the client gives up.
                return client.read(&mut [0]).map(drop);
            }
            Some(Fault::LacksItsEnd) => return client.write_all(&without_its_end(&whole()?)),
            Some(Fault::Hints) => client.write_all(&[HINTS, &kept(&whole()?)].concat())?,
            Some(Fault::WantsItsOwnConnection) if !first => return Ok(()),
            Some(Fault::Answers(answer)) => {
                client.write_all(&counted("HTTP/1.1 200 OK", &answer.to_string()))?;
            }
            Some(Fault::Refuses(answer)) => {
                client.write_all(&counted("HTTP/1.1 400 Bad Request", &answer.to_string()))?;
            }
            Some(Fault::Rewrites(from, to)) => {
                let Parts { first_line, body, .. } = Parts::of(&whole()?);
                assert!(body.contains(from), "no {from} to rewrite in what came from {path}");
                client.write_all(&counted(&first_line, &body.replace(from, to)))?;
            }
            _ => client.write_all(&kept(&whole()?))?,
        }
        first = false;
    }
}

/// The server's answer.
fn pass(head: &str, body: &[u8], port: u64) -> io::Result<Vec<u8>> {
    let (first_line, rest) = head.split_once("\r\n").unwrap_or_default();
    let mut server = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    server.write_all(format!("{first_line}\r\nConnection: close\r\n{rest}").as_bytes())?;
    server.write_all(body)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}

/// An answer, taken apart.
struct Parts {
    first_line: String,
    /// Without what is said about the connection and the length.
    fields: String,
    body: String,
    is_chunked: bool,
}

impl Parts {
    fn of(answer: &[u8]) -> Self {
        let text = String::from_utf8_lossy(answer);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let (first_line, fields) = head.split_once("\r\n").unwrap();
        let about_the_body = |line: &&str| {
            let line = line.to_ascii_lowercase();
            ["connection:", "content-length:", "transfer-encoding:"].iter().any(|name| line.starts_with(name))
        };
        let is_chunked = fields.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let fields = fields.lines().filter(|line| !about_the_body(line)).map(|line| format!("{line}\r\n"));
        Self {
            first_line: first_line.to_owned(),
            fields: fields.collect(),
            body: body.to_owned(),
            is_chunked,
        }
    }
}

/// The same in one chunk without its end.
fn without_its_end(answer: &[u8]) -> Vec<u8> {
    let Parts { first_line, fields, body, is_chunked } = Parts::of(answer);
    assert!(!is_chunked, "this answer is in chunks already");
    let length = body.len();
    format!("{first_line}\r\n{fields}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n").into_bytes()
}

fn counted(first_line: &str, json: &str) -> Vec<u8> {
    let length = json.len();
    format!("{first_line}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}")
        .into_bytes()
}

/// The same on a connection that is kept.
fn kept(answer: &[u8]) -> Vec<u8> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let (head, rest) = answer.split_at(end);
    let head = String::from_utf8_lossy(head);
    let said = |line: &&str| !line.to_ascii_lowercase().starts_with("connection:");
    let head: Vec<&str> = head.split("\r\n").filter(said).collect();
    [head.join("\r\n").as_bytes(), rest].concat()
}

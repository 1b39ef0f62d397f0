//! Requests to the helper's port byte for byte, as no well-behaved client sends them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Where the helper listens.
pub const HELPER: &str = "127.0.0.1:8000";
/// The header that every request of ours carries unless it is about the host.
pub const HOST: &str = "Host: localhost:8000";

/// What came back before the connection was closed.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status; none when the connection was closed without a word.
    pub status: Option<u16>,
    /// Head and body.
    pub text: String,
}

impl RawAnswer {
    /// The name of the helper's page.
    pub fn outcome(&self) -> Option<&str> {
        self.text.split_once("data-outcome=\"")?.1.split('"').next()
    }
}

/// Opens a connection and sends only that.
pub fn send(bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(HELPER).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    // A server that refuses early stops reading: its answer tells.
    let _ = stream.write_all(bytes);
    stream
}

/// Reads to the end of the connection.
pub fn receive(mut stream: TcpStream) -> RawAnswer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    RawAnswer { status, text }
}

/// Sends a request of these head lines, and a body where it is not empty.
pub fn request(lines: &[&str], body: &str) -> RawAnswer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    receive(send(format!("{}\r\n{length}\r\n{body}", lines.join("\r\n")).as_bytes()))
}

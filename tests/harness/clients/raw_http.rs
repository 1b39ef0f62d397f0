//! Requests byte for byte, for what no client would send, and for clients that hang up.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Sends these bytes and does not wait for an answer; dropping the connection is hanging up.
pub fn begin(url: &str, request: &str) -> TcpStream {
    let mut connection = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    connection
}

/// Sends these bytes and reads all that comes back; the request must ask for the connection to be closed.
pub fn send(url: &str, request: &str) -> String {
    let mut answer = Vec::new();
    begin(url, request).read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

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

/// The head of a `POST /exchange` with a body of this length; `more` is further lines, each with its end.
pub fn exchange_head(session_token: &str, length: usize, more: &str) -> String {
    format!(
        "POST /api/cluster-auth/exchange HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {session_token}\r\n\
         {more}content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// Sends a `POST /exchange` and does not wait for its answer.
pub fn begin_exchange(url: &str, session_token: &str, body: &str) -> TcpStream {
    begin(url, &(exchange_head(session_token, body.len(), "") + body))
}

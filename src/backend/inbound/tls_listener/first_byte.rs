//! Tells what a client speaks that connects to the TLS port: who writes http is told to write https.

use std::sync::Once;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::problem::Problem;
use crate::protocol::Code;

/// The first byte of a TLS connection: the record type `handshake` (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;
/// How long the rest of a request is read that was answered already.
const UNREAD_WITHIN: Duration = Duration::from_secs(1);

/// What a connection begins with.
pub enum Begun {
    /// A handshake, which is still to be read.
    Tls(TcpStream),
    /// Nothing, or something else, which has been answered.
    Other,
}

/// Looks at the first byte, without reading it.
pub async fn begin(mut stream: TcpStream) -> Begun {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first == [HANDSHAKE] => Begun::Tls(stream),
        Ok(1) => {
            warn_once();
            let _ = stream.write_all(answer().as_bytes()).await;
            let _ = stream.shutdown().await;
            // What is closed with something unread is reset, and the client may lose the answer.
            let _ = timeout(UNREAD_WITHIN, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await;
            Begun::Other
        }
        // A probe of the port: gone without a word.
        Ok(_) | Err(_) => Begun::Other,
    }
}

/// Once a process: it is a setting somewhere that is wrong, and each of its requests would say so.
fn warn_once() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "plain http came to the API, which speaks TLS here (TLS_CERT_FILE): write https:// where its address is configured"
        );
    });
}

/// An answer in HTTP/1.1, which every client of HTTP reads.
fn answer() -> String {
    let problem = Problem::new(
        Code::BadRequest,
        "This port speaks TLS: write https:// in place of http:// in the address.",
    );
    let body = serde_json::to_string(&problem.body()).unwrap_or_default();
    format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncache-control: no-store\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

//! A tunnel through an HTTP proxy by CONNECT (RFC 9110, 9.3.6). TLS runs inside, so that the proxy sees only host and port of an
//! https URL.

use std::io;
use std::sync::Arc;

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::Proxy;
use crate::outbound::connect_failure::ConnectFailure;

/// The longest head of an answer to CONNECT that is read, in bytes.
const HEAD_LIMIT: usize = 16 << 10;
/// The most header fields of an answer to CONNECT that are read.
const MOST_FIELDS: usize = 64;

/// A tunnel that is to be opened.
pub(in crate::outbound) struct Tunnel<'a> {
    /// The proxy.
    pub(in crate::outbound) proxy: &'a Arc<Proxy>,
    /// `host:port`
    pub(in crate::outbound) target: &'a str,
    /// The deadline for opening it.
    pub(in crate::outbound) deadline: Instant,
}

impl Tunnel<'_> {
    /// Opens it over the connection to the proxy that `dialling` resolves to.
    ///
    /// # Errors
    /// One of the proxy's failures.
    pub(in crate::outbound) async fn open(
        &self,
        dialling: impl Future<Output = io::Result<TcpStream>>,
    ) -> Result<TcpStream, ConnectFailure> {
        let dialled = timeout_at(self.deadline, dialling).await;
        let mut stream = dialled
            .map_err(|_| self.unreachable("time-out"))?
            .map_err(|error| self.unreachable(&error.to_string()))?;
        let status = timeout_at(self.deadline, self.connect(&mut stream)).await;
        let status = status
            .map_err(|_| self.unreachable("no answer to CONNECT in time"))?
            .map_err(|error| self.unreachable(&error.to_string()))?;
        let (proxy, variable) = (self.proxy.to_string(), self.proxy.variable());
        match status {
            200..=299 => Ok(stream),
            // tinyproxy answers 401 where it should be 407.
            401 | 407 if self.proxy.credentials().is_some() => {
                Err(ConnectFailure::ProxyRefusesCredentials { proxy, variable })
            }
            401 | 407 => Err(ConnectFailure::ProxyWantsCredentials { proxy, variable }),
            status => Err(ConnectFailure::ProxyRefuses { proxy, target: self.target.to_owned(), status }),
        }
    }

    /// Sends CONNECT and returns the status of the answer.
    async fn connect(&self, stream: &mut TcpStream) -> io::Result<u16> {
        let target = self.target;
        let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
        if let Some(credentials) = self.proxy.credentials() {
            request.push_str("Proxy-Authorization: Basic ");
            request.push_str(credentials.expose_secret());
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        // Byte by byte: the bytes after the head belong to the tunnel.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() == HEAD_LIMIT {
                return Err(no_proxy());
            }
            head.push(stream.read_u8().await?);
        }
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut answer = httparse::Response::new(&mut fields);
        answer.parse(&head).map_err(|_| no_proxy())?;
        answer.code.ok_or_else(no_proxy)
    }

    fn unreachable(&self, reason: &str) -> ConnectFailure {
        ConnectFailure::ProxyUnreachable {
            proxy: self.proxy.to_string(),
            variable: self.proxy.variable(),
            reason: reason.to_owned(),
            target: self.target.to_owned(),
        }
    }
}

fn no_proxy() -> io::Error {
    io::Error::other("what answers there is no HTTP proxy")
}

//! What stands in front of a server that listens on loopback: gives it an address, and TLS by a CA of the test's own.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{PrivateKeyDer, ServerName};

use crate::harness::world::World;

/// Whatever is asked for below this path is asked for without it behind the front.
pub const BELOW: &str = "/portal/";

/// A certification authority that only its own file makes known.
pub struct PrivateCa {
    /// Its certificate, PEM. The test's Node programs trust it, too.
    pub file: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl PrivateCa {
    /// Makes one.
    pub fn new(world: &World) -> Self {
        // A second call finds the first one's provider, which is the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "The test's own CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let file = world.file(crate::harness::node::PRIVATE_CA);
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { file, issuer: Issuer::new(params, key) }
    }

    /// TLS for a server of this name or address.
    pub fn server(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        // A certificate with its issuer's subject would be taken for self-signed.
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

/// A server on loopback.
pub enum Behind {
    /// `http://127.0.0.1:port`
    Plain(String),
    /// `https://127.0.0.1:port`, and the TLS settings that trust it.
    Tls(String, Arc<ClientConfig>),
}

/// The heads of the requests that have come, in their order.
#[derive(Clone, Default)]
pub struct Heads {
    heads: Arc<Mutex<Vec<String>>>,
    handshakes: Arc<Mutex<Vec<HandshakeKind>>>,
}

impl Heads {
    /// Those so far, and no more of them from now on.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.heads.lock().unwrap())
    }

    /// How each connection with TLS began.
    pub fn handshakes(&self) -> Vec<HandshakeKind> {
        self.handshakes.lock().unwrap().clone()
    }

    fn note(&self, head: &str) {
        self.heads.lock().unwrap().push(head.to_owned());
    }
}

/// Serves `https` there, and passes each request on; ends with the test.
pub fn serve_tls(address: &str, tls: Arc<ServerConfig>, behind: Behind) -> Heads {
    let (behind, heads) = (Arc::new(behind), Heads::default());
    let noted = heads.clone();
    accept(address, move |client| {
        let mut client = StreamOwned::new(ServerConnection::new(Arc::clone(&tls)).unwrap(), client);
        client.conn.complete_io(&mut client.sock)?;
        noted.handshakes.lock().unwrap().extend(client.conn.handshake_kind());
        pass(client, &behind, &noted)
    });
    heads
}

/// Serves plain `http` there.
pub fn serve_plain(address: &str, behind: Behind) -> Heads {
    let (behind, heads) = (Arc::new(behind), Heads::default());
    let noted = heads.clone();
    accept(address, move |client| pass(client, &behind, &noted));
    heads
}

fn accept(address: &str, serve: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) {
    let listener = TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let serve = serve.clone();
            std::thread::spawn(move || drop(serve(client)));
        }
    });
}

/// One request a connection: each answer ends with its connection.
fn pass(mut client: impl Read + Write, behind: &Behind, heads: &Heads) -> io::Result<()> {
    let (head, body) = read_request(&mut client)?;
    heads.note(&head);
    let (first_line, rest) = head.split_once("\r\n").unwrap_or_default();
    let first_line = first_line.replacen(BELOW, "/", 1);
    let head = format!("{first_line}\r\nConnection: close\r\nX-Forwarded-Proto: https\r\n{rest}");
    let mut server = behind.connect()?;
    server.write_all(head.as_bytes())?;
    server.write_all(&body)?;
    server.flush()?;
    let mut answer = Vec::new();
    // Not every server says goodbye in TLS before it hangs up.
    let _ = server.read_to_end(&mut answer);
    client.write_all(&answer)?;
    client.flush()
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

impl Behind {
    fn connect(&self) -> io::Result<Box<dyn ReadWrite>> {
        match self {
            Self::Plain(url) => Ok(Box::new(TcpStream::connect(url.trim_start_matches("http://"))?)),
            Self::Tls(url, tls) => {
                let stream = TcpStream::connect(url.trim_start_matches("https://"))?;
                let name = ServerName::try_from("127.0.0.1").unwrap();
                let connection = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
                Ok(Box::new(StreamOwned::new(connection, stream)))
            }
        }
    }
}

/// The head up to its empty line, without what was said about the connection, and the body as long as it says it is.
pub(super) fn read_request(client: &mut impl Read) -> io::Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let named = |name: &str, line: &str| line.to_ascii_lowercase().starts_with(name);
    let length = head.lines().find(|line| named("content-length:", line));
    let length = length.and_then(|line| line.split_once(':')?.1.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    let kept = head.split_inclusive("\r\n").filter(|line| !named("connection:", line));
    Ok((kept.collect(), body))
}

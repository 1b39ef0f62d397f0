//! The client against servers that misbehave byte for byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ClientConfig, ServerConfig, ServerConnection, StreamOwned};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};

use super::*;
use crate::outbound::connect_failure::ConnectFailure;
use crate::outbound::trusting_only;

const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n3\r\n567\r\n0\r\n\r\n";
const COUNTED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n1234567";
const AFTER_INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n\
    HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n1234567";
/// Bodies without length or chunks, which end with the connection (RFC 9112, 6.3).
const UNTIL_THE_END: [&[u8]; 2] = [b"HTTP/1.0 200 OK\r\n\r\n1234567", b"HTTP/1.1 200 OK\r\n\r\n1234567"];

/// Longer than anything that a test awaits.
const AMPLE: Duration = Duration::from_secs(30);
/// A deadline that a test lets expire.
const SHORT: Duration = Duration::from_millis(300);

/// A server that serves so many connections with `serve` and then closes each.
fn server(connections: usize, serve: impl Fn(usize, TcpStream) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        for (number, connection) in listener.incoming().take(connections).enumerate() {
            serve(number, connection.unwrap());
        }
    });
    (format!("http://{address}/"), serving)
}

fn read_request(connection: &mut impl Read) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
}

/// What the client makes of an answer that is cut after each byte, and of the whole one.
async fn cut_everywhere(whole: &'static [u8]) -> Vec<Result<Answer, OutboundError>> {
    let (url, _) = server(whole.len() + 1, move |cut, mut connection| {
        read_request(&mut connection);
        connection.write_all(&whole[..cut]).unwrap();
    });
    let client = HttpClient::for_loopback(AMPLE);
    let mut answers = Vec::new();
    for _ in 0..=whole.len() {
        answers.push(client.get(&url).send().await);
    }
    answers
}

fn is_lost<T: std::fmt::Debug>(answer: &Result<T, OutboundError>) -> bool {
    matches!(answer, Err(OutboundError::AnswerLost(_)))
}

#[actix_web::test]
async fn half_an_answer_is_none_wherever_it_is_cut() {
    for whole in [CHUNKED, COUNTED, AFTER_INTERIM] {
        let mut answers = cut_everywhere(whole).await;
        let last = answers.pop().unwrap().unwrap();
        assert_eq!(last.json::<Value>().unwrap(), json!(1_234_567));
        for (cut, answer) in answers.iter().enumerate() {
            assert!(is_lost(answer), "cut after {cut} bytes: {answer:?}");
        }
    }
}

#[actix_web::test]
async fn interim_answers_are_not_the_answer_however_they_arrive() {
    let (url, _) = server(1, |_, mut connection| {
        connection.set_nodelay(true).unwrap();
        read_request(&mut connection);
        for byte in AFTER_INTERIM {
            connection.write_all(&[*byte]).unwrap();
        }
    });
    let answer = HttpClient::for_loopback(AMPLE).get(&url).send().await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"1234567"[..]));
}

#[actix_web::test]
async fn an_answer_that_ends_with_its_connection_is_whole() {
    for whole in UNTIL_THE_END {
        let mut answers = cut_everywhere(whole).await;
        assert_eq!(answers.pop().unwrap().unwrap().body, "1234567");
        // Its head must be whole.
        let head = whole.len() - 7;
        assert!(answers[..head].iter().all(is_lost), "{answers:?}");
    }
}

/// How a server with TLS closes the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HangsUp {
    /// With `close_notify` (RFC 8446, 6.1).
    Properly,
    /// Without it, as when the connection is cut.
    Abruptly,
}

/// TLS of a server, and of a client that trusts it.
fn tls_pair() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![cert.der().clone()], key).unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), cert.pem()).unwrap();
    (config, trusting_only(file.path()).unwrap())
}

/// A server with TLS, and a client that trusts it.
fn secure_server(connections: usize, answer: &'static [u8], hangs_up: HangsUp) -> (String, HttpClient) {
    let (config, trusting) = tls_pair();
    let (url, _) = server(connections, move |cut, connection| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut connection = StreamOwned::new(tls, connection);
        read_request(&mut connection);
        connection.write_all(&answer[..answer.len() - cut]).unwrap();
        if hangs_up == HangsUp::Properly {
            connection.conn.send_close_notify();
        }
        connection.flush().unwrap();
    });
    let deadlines = Deadlines { connect: AMPLE / 2, whole: AMPLE };
    let client = HttpClient::new(&trusting, &HttpProxies::default(), deadlines);
    (url.replace("http://127.0.0.1", "https://localhost"), client)
}

#[actix_web::test]
async fn roots_that_are_replaced_count_from_the_next_connection_on() {
    let (config, right) = tls_pair();
    let (url, _) = server(3, move |_, connection| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut connection = StreamOwned::new(tls, connection);
        // The client refuses one of the handshakes.
        if connection.conn.complete_io(&mut connection.sock).is_ok() {
            read_request(&mut connection);
            connection.write_all(COUNTED).unwrap();
        }
    });
    let url = url.replace("http://127.0.0.1", "https://localhost");
    let roots = tokio::sync::watch::Sender::new(Arc::clone(&right));
    let deadlines = Deadlines { connect: AMPLE / 2, whole: AMPLE };
    let client = HttpClient::new(CurrentTls::of(&roots), &HttpProxies::default(), deadlines);
    assert!(client.get(&url).send().await.is_ok());
    // Not by the session of the connection before, either.
    roots.send_replace(trusting_no_roots());
    let refused = client.get(&url).send().await.unwrap_err();
    assert!(matches!(refused, OutboundError::NotConnected(ConnectFailure::UnknownCa { .. })), "{refused:?}");
    roots.send_replace(right);
    assert!(client.get(&url).send().await.is_ok());
}

#[actix_web::test]
async fn half_an_answer_is_none_over_tls_either() {
    for whole in [CHUNKED, COUNTED] {
        // Only HTTP's own length can show that something is missing.
        let (url, client) = secure_server(8, whole, HangsUp::Properly);
        assert_eq!(client.get_json::<Value>(&url).await.unwrap(), json!(1_234_567));
        for missing in 1..8 {
            let answer = client.get(&url).send().await;
            assert!(is_lost(&answer), "without the last {missing} bytes: {answer:?}");
        }
    }
}

#[actix_web::test]
async fn over_tls_the_end_of_the_connection_must_be_meant_to_end_an_answer() {
    for whole in UNTIL_THE_END {
        let (url, client) = secure_server(1, whole, HangsUp::Properly);
        assert_eq!(client.get(&url).send().await.unwrap().body, "1234567");
        let (url, client) = secure_server(1, whole, HangsUp::Abruptly);
        let answer = client.get(&url).send().await;
        assert!(is_lost(&answer), "{answer:?}");
    }
}

#[actix_web::test]
async fn a_server_that_stalls_anywhere_costs_the_deadline() {
    let stops = [0, 20, COUNTED.len() - 3];
    let (url, _) = server(stops.len(), move |number, mut connection| {
        read_request(&mut connection);
        connection.write_all(&COUNTED[..stops[number]]).unwrap();
        // Until the client closes the connection.
        let _ = connection.read(&mut [0]);
    });
    let client = HttpClient::for_loopback(SHORT);
    for stop in stops {
        let answer = tokio::time::timeout(AMPLE, client.get(&url).send()).await.unwrap();
        assert!(matches!(answer, Err(OutboundError::TimedOut)), "after {stop} bytes: {answer:?}");
    }
}

#[actix_web::test]
async fn a_server_that_does_not_read_costs_the_deadline() {
    let (url, _) = server(1, |_, connection| {
        // It never reads, so that a body larger than the buffers is never sent. It ends with the client.
        while connection.peek(&mut [0; 1]).is_ok_and(|there| there > 0) {
            std::thread::yield_now();
            if connection.take_error().is_err() {
                break;
            }
        }
    });
    let client = HttpClient::for_loopback(SHORT);
    let sending = client.post(&url).send_body(vec![0; 64 << 20]);
    let answer = tokio::time::timeout(AMPLE, sending).await.unwrap();
    assert!(matches!(answer, Err(OutboundError::TimedOut)), "{answer:?}");
}

#[actix_web::test]
async fn a_server_that_reads_and_hangs_up_may_have_received_the_request() {
    let (url, _) = server(1, |_, mut connection| read_request(&mut connection));
    let answer = HttpClient::for_loopback(AMPLE).get(&url).send().await;
    assert!(is_lost(&answer), "{answer:?}");
}

#[actix_web::test]
async fn what_was_never_connected_was_never_sent() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Accepts and sends nothing, so that the TLS handshake never completes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = HttpClient::for_loopback(SHORT);
    for (url, in_time) in [
        (format!("http://{nobody}/"), true),
        (format!("https://{}/", silent.local_addr().unwrap()), false),
        ("http://not a url/".to_owned(), true),
    ] {
        let error = client.get(&url).send().await.unwrap_err();
        let OutboundError::NotConnected(failure) = &error else { panic!("{url}: {error:?}") };
        assert_eq!(!matches!(failure, ConnectFailure::TimedOut), in_time, "{url}: {error:?}");
    }
}

#[actix_web::test]
async fn each_request_has_a_connection_of_its_own_and_waits_for_none() {
    // More at once than awc's own limit, each with an answer that allows keeping the connection.
    const REQUESTS: usize = 150;
    let (url, serving) = server(REQUESTS, |_, mut connection| {
        std::thread::spawn(move || {
            read_request(&mut connection);
            connection.write_all(COUNTED).unwrap();
            let _ = connection.read(&mut [0]);
        });
    });
    let client = HttpClient::for_loopback(AMPLE);
    let answers = futures_util::future::join_all((0..REQUESTS).map(|_| client.get(&url).send())).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    serving.join().unwrap();
}

//! How many connections requests take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web::{Data, get};
use actix_web::{App, HttpResponse, HttpServer};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::sync::Barrier;

use super::*;
use crate::outbound::trusting_no_roots;

/// As many as a lane has places.
const AT_ONCE: usize = 64;
const WAVES: usize = 4;

/// Longer than anything that a test awaits.
const AMPLE: Duration = Duration::from_secs(30);

/// A server that answers once so many requests have come; how many connections were opened to it.
fn server() -> (String, Arc<AtomicUsize>) {
    let (connections, all_there) = (Arc::new(AtomicUsize::new(0)), Data::new(Barrier::new(AT_ONCE)));
    let opened = Arc::clone(&connections);
    let app = move || App::new().app_data(all_there.clone()).route("/", get().to(answer));
    let server = HttpServer::new(app).workers(1).disable_signals();
    let server = server.on_connect(move |_, _| {
        opened.fetch_add(1, Ordering::Relaxed);
    });
    let server = server.bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.addrs()[0]);
    drop(actix_web::rt::spawn(server.run()));
    (url, connections)
}

async fn answer(all_there: Data<Barrier>) -> HttpResponse {
    all_there.wait().await;
    HttpResponse::Ok().body("answered")
}

/// How many connections were opened for the waves.
async fn opened_for_waves(expected: fn() -> Expected) -> usize {
    let (url, connections) = server();
    let client = StreamingClient::new(&(&trusting_no_roots()).into(), &HttpProxies::default(), AMPLE);
    for _ in 0..WAVES {
        let wave = (0..AT_ONCE).map(async |_| {
            let request = Request::get(&url).body(RequestBody::empty()).unwrap();
            let mut answer = client.send(request, expected()).await.unwrap();
            while let Some(part) = answer.body.next().await {
                part.unwrap();
            }
        });
        join_all(wave).await;
    }
    connections.load(Ordering::Relaxed)
}

#[actix_web::test]
async fn waves_of_requests_use_the_connections_of_the_first() {
    let opened = opened_for_waves(|| Expected::Within(AMPLE)).await;
    // One that is not yet back when the next wave begins is opened once more.
    assert!(
        (AT_ONCE..AT_ONCE * 3 / 2).contains(&opened),
        "{opened} connections for {AT_ONCE} requests at a time"
    );
}

#[actix_web::test]
async fn streams_that_have_ended_leave_few_connections_open() {
    let opened = opened_for_waves(|| Expected::Stream).await;
    assert!(opened > AT_ONCE * 2, "{opened} connections: most were kept");
}

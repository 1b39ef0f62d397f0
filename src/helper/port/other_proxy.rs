//! A port that is taken may be our own proxy's: then there is a better way than to stop it.

use std::time::Duration;

use serde::Deserialize;

use super::ListenError;
use crate::outbound::http_client::HttpClient;

/// How long whoever has the port is given to say who it is.
const TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Status {
    role: String,
}

/// Tells our own proxy from another program that has the port.
pub async fn recognise(error: ListenError) -> ListenError {
    match error {
        ListenError::Taken { port, .. } if is_proxy(port).await => ListenError::OwnProxy { port },
        other => other,
    }
}

async fn is_proxy(port: u16) -> bool {
    let client = HttpClient::for_loopback(TIMEOUT);
    let status = client.get_json::<Status>(&format!("http://127.0.0.1:{port}/status")).await;
    status.is_ok_and(|status| status.role == "proxy")
}

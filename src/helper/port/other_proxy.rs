//! Recognises a helper in the proxy role that uses the port: the user can log in there instead of stopping it.

use std::time::Duration;

use serde::Deserialize;

use super::ListenError;
use crate::outbound::http_client::HttpClient;

/// How long the program that uses the port may take to answer.
const TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Status {
    role: String,
}

/// Turns the error into [`ListenError::OwnProxy`] if a helper in the proxy role uses the port.
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

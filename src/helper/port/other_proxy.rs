//! Recognises a helper in the proxy role that uses the port: the user can log in there instead of stopping it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use serde::Deserialize;

use super::{ListenError, holder};
use crate::outbound::http_client::HttpClient;

/// How long the program that uses the port may take to answer.
const TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Status {
    role: String,
}

/// Turns the error into [`ListenError::OwnProxy`] if a helper in the proxy role uses the port; into [`ListenError::BesideOwnProxy`] if
/// another program has the address of the port that browsers take first. A helper in a container cannot see that by itself.
pub async fn recognise(error: ListenError) -> ListenError {
    let ListenError::Taken { port, holder } = error else { return error };
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    if !is_proxy(v4).await {
        return ListenError::Taken { port, holder };
    }
    if is_taken(v6) && !is_proxy(v6).await {
        return ListenError::BesideOwnProxy { port, holder: holder::describe_at(v6) };
    }
    ListenError::OwnProxy { port }
}

async fn is_proxy(address: SocketAddr) -> bool {
    let client = HttpClient::for_loopback(TIMEOUT);
    let status = client.get_json::<Status>(&format!("http://{address}/status")).await;
    status.is_ok_and(|status| status.role == "proxy")
}

fn is_taken(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

//! The `healthcheck` command: does the role in this container answer? Docker and compose files run it, as the image has no curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use backstage_oidc_helper::outbound::OutboundError;
use backstage_oidc_helper::outbound::http_client::HttpClient;
use backstage_oidc_helper::settings::lists::addresses::to_listen_on;
use backstage_oidc_helper::settings::{SettingsError, Source};
use clap::Args;
use hyper::StatusCode;
use serde::Deserialize;

use super::source::environment;

/// Shorter than the three seconds after which the image's HEALTHCHECK gives up, so that the message is seen.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The default control ports: the proxy's, the backend's.
const DEFAULT_PORTS: [u16; 2] = [8888, 9090];

/// The flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct HealthcheckFlags {
    /// Where the role serves its health [CONTROL_LISTEN; default 127.0.0.1:8888, then 127.0.0.1:9090].
    #[arg(long, value_name = "ADDRESS:PORT")]
    control_listen: Option<String>,
}

impl HealthcheckFlags {
    pub fn settings(self) -> Result<HealthcheckSettings, SettingsError> {
        HealthcheckSettings::read(&environment().with_flags([("CONTROL_LISTEN", self.control_listen)]))
    }
}

/// The part of a role's settings that the command reads.
#[derive(Deserialize)]
pub struct HealthcheckSettings {
    #[serde(default, deserialize_with = "to_listen_on")]
    control_listen: Vec<SocketAddr>,
}

/// No address answered as a healthy role does.
#[derive(Debug, thiserror::Error)]
#[error("Not healthy: {tried}. Set CONTROL_LISTEN to the role's own, and see what its log says.")]
pub struct NotHealthy {
    tried: String,
}

impl HealthcheckSettings {
    /// Reads them.
    ///
    /// # Errors
    /// When `CONTROL_LISTEN` is not an address.
    pub fn read(source: &Source) -> Result<Self, SettingsError> {
        source.read()
    }

    /// The configured listeners, or the default one of each role.
    fn addresses(&self) -> Vec<SocketAddr> {
        if self.control_listen.is_empty() {
            return DEFAULT_PORTS.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).to_vec();
        }
        self.control_listen.iter().copied().map(reachable).collect()
    }
}

/// Where a role that listens on every address can be asked: on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Asks for `/healthz`, each address once; one that answers is enough.
///
/// # Errors
/// When none answers with 200; the sentence says what each answered.
pub async fn run(settings: HealthcheckSettings) -> Result<(), NotHealthy> {
    // A client of its own: the request stays in the container, so that a role's proxies and root certificates do not apply.
    let client = HttpClient::for_loopback(TIMEOUT);
    let mut tried = Vec::new();
    for address in settings.addresses() {
        match ask(&client, address).await {
            Ok(()) => return Ok(()),
            Err(error) => tried.push(format!("http://{address}/healthz: {error}")),
        }
    }
    Err(NotHealthy { tried: tried.join("; ") })
}

async fn ask(client: &HttpClient, address: SocketAddr) -> Result<(), OutboundError> {
    match client.get(&format!("http://{address}/healthz")).send().await?.status {
        StatusCode::OK => Ok(()),
        status => Err(OutboundError::Status(status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(control_listen: &str) -> Vec<String> {
        let variables = [("CONTROL_LISTEN".to_owned(), control_listen.to_owned())];
        let settings = HealthcheckSettings::read(&Source::new(variables)).unwrap();
        settings.addresses().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_role_is_asked_where_it_can_be_reached() {
        assert_eq!(asked("0.0.0.0:9091"), ["127.0.0.1:9091"]);
        assert_eq!(asked("[::]:9091"), ["[::1]:9091"]);
        assert_eq!(asked("10.1.2.3:9091,[::1]:8888"), ["10.1.2.3:9091", "[::1]:8888"]);
        assert_eq!(asked("localhost:8888"), ["127.0.0.1:8888", "[::1]:8888"]);
        assert_eq!(asked(""), ["127.0.0.1:8888", "127.0.0.1:9090"]);
    }
}

//! The address of Redis, as `REDIS_URL` gives it.

use std::path::Path;
use std::sync::Arc;

use redis::{ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use rustls::ClientConfig;
use url::Url;

use super::driver::of_server;
use super::sentinel::Sentinels;
use super::server::Server;
use super::unusable::UnusableRedis;
use crate::outbound::trusting_system_and;

/// The port of a sentinel that is named without one.
const SENTINEL_PORT: u16 = 26379;

/// How to find the master.
#[derive(Clone)]
pub(super) enum Address {
    /// At a fixed address.
    Server(Arc<Server>),
    /// By asking sentinels.
    Sentinels(Arc<Sentinels>),
}

impl Address {
    /// Reads a URL. With TLS, the roots of `ca_file` are trusted in addition to the system's.
    ///
    /// # Errors
    /// When it is no Redis URL, or the file holds no certificate.
    pub(super) fn parse(url: &str, ca_file: Option<&Path>) -> Result<Self, UnusableRedis> {
        let (scheme, rest) = url.split_once("://").ok_or(UnusableRedis::Url)?;
        // The only fragment that the driver knows turns off the verification of certificates.
        if rest.contains('#') {
            return Err(UnusableRedis::Url);
        }
        let (scheme, has_sentinels) =
            scheme.strip_suffix("+sentinel").map_or((scheme, false), |scheme| (scheme, true));
        let tls = match scheme {
            "redis" => None,
            "rediss" => Some(trusting_system_and(ca_file)?),
            _ => return Err(UnusableRedis::Url),
        };
        if has_sentinels {
            return sentinels(rest, tls)
                .map(|sentinels| Self::Sentinels(Arc::new(sentinels)))
                .ok_or(UnusableRedis::Url);
        }
        let info = connection_info(&format!("redis://{rest}")).ok_or(UnusableRedis::Url)?;
        let settings = info.redis_settings().clone();
        Ok(Self::Server(Arc::new(Server::new(of_server(info, settings), tls))))
    }
}

fn connection_info(url: &str) -> Option<ConnectionInfo> {
    Url::parse(url).ok()?.as_str().into_connection_info().ok()
}

/// `[user:password@]host[:port][,host[:port]…]/master-name[/database][?sentinel_username=…&sentinel_password=…]`
fn sentinels(rest: &str, tls: Option<Arc<ClientConfig>>) -> Option<Sentinels> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/')?;
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let (master, database) = path.split_once('/').unwrap_or((path, ""));
    if master.is_empty() {
        return None;
    }
    // The driver reads user, password and database; the sentinels name the host.
    let settings = connection_info(&format!("redis://{user}@localhost/{database}"))?.redis_settings().clone();
    let mut at_sentinels = RedisConnectionInfo::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        at_sentinels = match name.as_ref() {
            "sentinel_username" => at_sentinels.set_username(value),
            "sentinel_password" => at_sentinels.set_password(value),
            _ => return None,
        };
    }
    let sentinel = |host: &str| {
        let at = Url::parse(&format!("redis://{host}")).ok()?;
        let url = format!("redis://{}:{}", at.host_str()?, at.port().unwrap_or(SENTINEL_PORT));
        Some(Server::new(connection_info(&url)?.set_redis_settings(at_sentinels.clone()), tls.clone()))
    };
    let each = hosts.split(',').map(sentinel).collect::<Option<_>>()?;
    Some(Sentinels::new(each, master.to_owned(), settings, tls))
}

#[cfg(test)]
mod tests;

//! Finds the master through Redis Sentinel.
//!
//! The driver's own client for Sentinel is not used: it checks the role on a connection that it then closes, and it believes the first
//! sentinel, although one that was down during a failover still names the old master.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::{join_all, try_join};
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Client, ErrorKind, IntoConnectionInfo, RedisConnectionInfo, RedisError};

#[cfg(test)]
use super::driver::server_of;
use super::driver::{driver_config, out_of_time, server, store_error};
use super::tls::Roots;
use crate::store::StoreError;

/// The events by which a sentinel announces another master, after a failover or a change of its configuration.
const EVENTS: [&str; 2] = ["+switch-master", "+monitor"];

/// The sentinels of one master, and how to connect to the servers that they name.
pub(super) struct Sentinels {
    clients: Vec<Client>,
    master: String,
    scheme: String,
    settings: RedisConnectionInfo,
    roots: Roots,
}

/// A sentinel's answer.
struct MasterAnswer {
    /// Grows with every failover.
    epoch: u64,
    host: String,
    port: u16,
}

impl Sentinels {
    /// `scheme` (`redis` or `rediss`) and `settings` are those of the servers.
    pub(super) fn new(
        clients: Vec<Client>,
        master: String,
        scheme: String,
        settings: RedisConnectionInfo,
        roots: Roots,
    ) -> Self {
        Self { clients, master, scheme, settings, roots }
    }

    /// The master by the newest answer of the sentinels that answer within `timeout`.
    ///
    /// # Errors
    /// When none of them answers, or none knows that master.
    pub(super) async fn master(&self, timeout: Duration) -> Result<Client, StoreError> {
        let ask = |sentinel| async move {
            tokio::time::timeout(timeout, self.ask(sentinel))
                .await
                .unwrap_or_else(|_| Err(out_of_time("no answer")))
        };
        let mut newest: Option<MasterAnswer> = None;
        let mut failure = String::new();
        for answer in join_all(self.clients.iter().map(ask)).await {
            match answer {
                Ok(word) if newest.as_ref().is_none_or(|newest| newest.epoch < word.epoch) => {
                    newest = Some(word);
                }
                Ok(_) => {}
                Err(error) => failure = error.reason,
            }
        }
        let word = newest.ok_or(StoreError::of_redis(format!("no sentinel names the master: {failure}")))?;
        self.client(&word).map_err(|error| store_error(&error))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.clients.len()
    }

    /// Subscribes to the events of that sentinel about new masters; the sink can ping it.
    ///
    /// # Errors
    /// When it cannot be reached, or does not allow the subscription.
    pub(super) async fn listen(&self, number: usize) -> Result<(PubSubSink, PubSubStream), RedisError> {
        let sentinel =
            self.clients.get(number).ok_or((ErrorKind::InvalidClientConfig, "no such sentinel"))?;
        let (mut sink, told) = sentinel.get_async_pubsub().await?.split();
        for event in EVENTS {
            sink.subscribe(event).await?;
        }
        Ok((sink, told))
    }

    async fn ask(&self, sentinel: &Client) -> Result<MasterAnswer, StoreError> {
        let failed = |error: RedisError| store_error(&error);
        let mut driver =
            sentinel.get_multiplexed_async_connection_with_config(&driver_config()).await.map_err(failed)?;
        let mut same = driver.clone();
        let about = |question| {
            let mut command = redis::cmd("SENTINEL");
            command.arg(question).arg(&self.master);
            command
        };
        // The address is asked for separately: in a failover it changes before the master's description does.
        let (description, address) = (about("MASTER"), about("GET-MASTER-ADDR-BY-NAME"));
        let (described, (host, port)): (HashMap<String, String>, (String, u16)) =
            try_join(description.query_async(&mut driver), address.query_async(&mut same))
                .await
                .map_err(failed)?;
        let epoch = described.get("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or_default();
        Ok(MasterAnswer { epoch, host, port })
    }

    /// Where they are.
    #[cfg(test)]
    pub(super) fn addresses(&self) -> Vec<String> {
        self.clients.iter().map(server_of).collect()
    }

    fn client(&self, word: &MasterAnswer) -> Result<Client, RedisError> {
        let MasterAnswer { host, port, .. } = word;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let info = format!("{}://{host}:{port}", self.scheme).into_connection_info()?;
        self.roots.client(server(info, self.settings.clone()))
    }
}

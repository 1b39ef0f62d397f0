//! Finds the master through Redis Sentinel.
//!
//! The driver's own client for Sentinel is not used: it checks the role on a connection that it then closes, and it believes the first
//! sentinel, although one that was down during a failover still names the old master.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join_all, try_join};
use redis::aio::{PubSubSink, PubSubStream};
use redis::{IntoConnectionInfo, RedisConnectionInfo, RedisError};
use rustls::ClientConfig;

use super::driver::{driver_config, of_server, out_of_time, store_error};
use super::server::Server;
use crate::store::StoreError;

/// The events by which a sentinel announces another master, after a failover or a change of its configuration.
const EVENTS: [&str; 2] = ["+switch-master", "+monitor"];

/// The sentinels of one master, and how to connect to the servers that they name.
pub(super) struct Sentinels {
    each: Vec<Server>,
    master: String,
    settings: RedisConnectionInfo,
    tls: Option<Arc<ClientConfig>>,
}

/// A sentinel's answer.
struct MasterAnswer {
    /// Grows with every failover.
    epoch: u64,
    host: String,
    port: u16,
}

impl Sentinels {
    /// `settings` and `tls` are those of the servers.
    pub(super) fn new(
        each: Vec<Server>,
        master: String,
        settings: RedisConnectionInfo,
        tls: Option<Arc<ClientConfig>>,
    ) -> Self {
        Self { each, master, settings, tls }
    }

    /// The master by the newest answer of the sentinels that answer within `timeout`.
    ///
    /// # Errors
    /// When none of them answers, or none knows that master.
    pub(super) async fn master(&self, timeout: Duration) -> Result<Server, StoreError> {
        let ask = |sentinel| async move {
            tokio::time::timeout(timeout, self.ask(sentinel))
                .await
                .unwrap_or_else(|_| Err(out_of_time("no answer")))
        };
        let mut newest: Option<MasterAnswer> = None;
        let mut failure = String::new();
        for answer in join_all(self.each.iter().map(ask)).await {
            match answer {
                Ok(word) if newest.as_ref().is_none_or(|newest| newest.epoch < word.epoch) => {
                    newest = Some(word);
                }
                Ok(_) => {}
                Err(error) => failure = error.reason,
            }
        }
        let word = newest.ok_or(StoreError::of_redis(format!("no sentinel names the master: {failure}")))?;
        self.server(&word).map_err(|error| store_error(&error))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.each.len()
    }

    /// Subscribes to the events of that sentinel about new masters; the sink can ping it.
    ///
    /// # Errors
    /// When it cannot be reached, or does not allow the subscription.
    pub(super) async fn listen(&self, number: usize) -> Result<(PubSubSink, PubSubStream), StoreError> {
        let sentinel = self.each.get(number).ok_or(StoreError::of_redis("no such sentinel"))?;
        let (mut sink, told) = sentinel.subscriber().await?.split();
        for event in EVENTS {
            sink.subscribe(event).await.map_err(|error| store_error(&error))?;
        }
        Ok((sink, told))
    }

    async fn ask(&self, sentinel: &Server) -> Result<MasterAnswer, StoreError> {
        let mut driver = sentinel.connect(driver_config()).await?;
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
                .map_err(|error| store_error(&error))?;
        let epoch = described.get("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or_default();
        Ok(MasterAnswer { epoch, host, port })
    }

    /// Where they are.
    #[cfg(test)]
    pub(super) fn addresses(&self) -> Vec<String> {
        self.each.iter().map(Server::name).collect()
    }

    fn server(&self, word: &MasterAnswer) -> Result<Server, RedisError> {
        let MasterAnswer { host, port, .. } = word;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let info = format!("redis://{host}:{port}").into_connection_info()?;
        Ok(Server::new(of_server(info, self.settings.clone()), self.tls.clone()))
    }
}

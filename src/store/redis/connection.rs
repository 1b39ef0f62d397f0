//! Connections to the master, closed as soon as it may be another server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind, RedisResult, Role, Value};

use super::driver::{driver_config, out_of_time, store_error};
use super::sentinel::Sentinels;
use super::server::Server;
use super::watch::{self, Lost};
use crate::clock::RuntimeTimer;
use crate::store::StoreError;

/// Error codes of a server that is not the master, not ready, or without its replicas: the sentinels have to be asked again.
const NOT_THE_MASTER: [&str; 5] = ["READONLY", "LOADING", "MASTERDOWN", "UNBLOCKED", "NOREPLICAS"];

/// What a node of a Redis Cluster calls its mode.
const CLUSTER: &str = "cluster";

/// Two connections to one server that are closed together. Writes that wait for a replica have their own, so that no other request
/// waits behind them.
pub(super) struct Connection {
    /// For requests that are answered at once.
    pub(super) driver: MultiplexedConnection,
    /// For writes that wait for a replica.
    pub(super) waiting: MultiplexedConnection,
    /// The server.
    pub(super) server: String,
    lost: Arc<Lost>,
}

impl Connection {
    /// Connects; given up with all others that have the same `lost`.
    pub(super) async fn open(server: &Server, lost: Arc<Lost>) -> Result<Self, StoreError> {
        let connect = || {
            let told = Arc::clone(&lost);
            let on_push = move |push: PushInfo| -> Result<(), ()> {
                if push.kind == PushKind::Disconnection {
                    told.send_replace(true);
                }
                Ok(())
            };
            server.connect(driver_config().set_push_sender(on_push))
        };
        let (driver, waiting) = try_join(connect(), connect()).await?;
        Ok(Self { driver, waiting, server: server.name(), lost })
    }

    /// Checks, on this very connection, that the server has the role of master.
    pub(super) async fn check_master(&self) -> Result<(), StoreError> {
        match redis::cmd("ROLE").query_async(&mut self.driver.clone()).await {
            Ok(Role::Primary { .. }) => Ok(()),
            Ok(_) => Err(StoreError::of_redis("the server that the sentinels name is no master")),
            Err(error) => Err(store_error(&error)),
        }
    }

    /// Whether the server is a node of a Redis Cluster: the only question about it that needs no command beyond those of any connection.
    pub(super) async fn is_of_cluster(&self) -> bool {
        let said: RedisResult<HashMap<String, Value>> =
            redis::cmd("HELLO").arg(3).query_async(&mut self.driver.clone()).await;
        match said.ok().and_then(|mut said| said.remove("mode")) {
            Some(Value::BulkString(mode)) => mode == CLUSTER.as_bytes(),
            Some(Value::SimpleString(mode)) => mode == CLUSTER,
            _ => false,
        }
    }

    /// Closes the connection when the sentinels name another server.
    pub(super) fn watch(&self, sentinels: Arc<Sentinels>, interval: Duration) {
        let (server, lost) = (self.server.clone(), Arc::downgrade(&self.lost));
        tokio::spawn(async move { watch::watch(sentinels, server, lost, interval, &RuntimeTimer).await });
    }

    /// Whether the next request needs a new connection.
    pub(super) fn is_lost(&self) -> bool {
        *self.lost.borrow()
    }

    /// Makes the next request open a new connection, on each thread.
    pub(super) fn give_up(&self) {
        self.lost.send_replace(true);
    }

    /// Waits for an answer. Without one, or when the server is not the master, the connection is closed.
    pub(super) async fn wait_for<T>(
        &self,
        answer: impl Future<Output = RedisResult<T>>,
        timeout: Duration,
    ) -> Result<T, StoreError> {
        let Ok(answer) = tokio::time::timeout(timeout, answer).await else {
            self.give_up();
            return Err(out_of_time("no answer"));
        };
        answer.map_err(|error| {
            let no_master = error.code().is_some_and(|code| NOT_THE_MASTER.contains(&code));
            if no_master || error.is_io_error() || error.is_unrecoverable_error() {
                self.give_up();
            }
            store_error(&error)
        })
    }
}

//! The store that several replicas share: one Redis (6 or newer), alone or as a master with replicas under Sentinel. It reconnects
//! after an outage.
//!
//! All users of one [`Redis`] on a thread share that thread's [`connections`]. The driver's own connection manager is not used: it
//! keeps a refusal (a wrong password, too many clients) and goes on returning it after the cause is gone.
//!
//! Redis replicates asynchronously, so a failover may lose the last writes. Conditional writes are the steps that must not happen
//! twice (a code or refresh token redeemed) or must not be undone (a login deleted), so they wait until a replica has them, if there
//! is one. Replication is one ordered stream, so that the replica then has all earlier writes, too.

mod address;
mod connection;
mod connections;
mod driver;
mod scripts;
mod sentinel;
mod server;
mod unusable;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::try_join;
use redis::{Cmd, FromRedisValue, ReplicaInfo, Role, ScriptInvocation};
use time::OffsetDateTime;

use self::address::Address;
use self::connection::Connection;
use self::connections::Connections;
use self::driver::out_of_time;
use self::scripts::{Scripts, milliseconds};
pub use self::unusable::{NotMoved, UnusableRedis};
use self::watch::Lost;
use super::{HeldLock, Key, Names, Noted, Store, StoreError, Swap};

/// How long connecting may take, and then each answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A sentinel's answer, or a replica's confirmation, may take this fraction of the timeout.
const SHARE: u32 = 2;

/// A store in Redis; a clone is the same one. Has no `Debug`: it holds the password.
#[derive(Clone)]
pub struct Redis {
    address: Arc<tokio::sync::watch::Sender<Address>>,
    timeout: Duration,
    connections: Arc<Connections>,
    scripts: Arc<Scripts>,
}

impl Redis {
    /// Checks the settings only. The first request connects, so that a backend starts while Redis is down. With TLS, the roots of
    /// `ca_file` are trusted in addition to the system's.
    ///
    /// # Errors
    /// When it is no Redis URL, or the file holds no certificate.
    pub fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, UnusableRedis> {
        Self::with_timeout(url, ca_file, TIMEOUT)
    }

    /// The same with another timeout.
    pub(super) fn with_timeout(
        url: &str,
        ca_file: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, UnusableRedis> {
        let address = Arc::new(tokio::sync::watch::Sender::new(Address::parse(url, ca_file)?));
        let (connections, scripts) = (Arc::default(), Arc::new(Scripts::new()));
        Ok(Self { address, timeout, connections, scripts })
    }

    /// Refuses a node of a Redis Cluster; a server that does not answer now is looked at when it does.
    ///
    /// # Errors
    /// [`UnusableRedis::Cluster`].
    pub async fn refuse_cluster(&self) -> Result<(), UnusableRedis> {
        let Address::Server(server) = self.address() else { return Ok(()) };
        let asked = async {
            Ok::<_, StoreError>(Connection::open(&server, Arc::default()).await?.is_of_cluster().await)
        };
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(Ok(true)) => Err(UnusableRedis::Cluster),
            Ok(Ok(false) | Err(_)) | Err(_) => Ok(()),
        }
    }

    /// Moves to another address, password or CA, once a connection is open there: until then, all stays as it was. Requests under way
    /// end on the connection that they have.
    ///
    /// # Errors
    /// When it is no Redis URL, the file holds no certificate, or no connection can be opened.
    pub async fn move_to(&self, url: &str, ca_file: Option<&Path>) -> Result<(), NotMoved> {
        let address = Address::parse(url, ca_file)?;
        let opened =
            tokio::time::timeout(self.timeout, open(address.clone(), self.timeout, Arc::default())).await;
        opened.unwrap_or_else(|_| Err(out_of_time("no connection")))?;
        self.address.send_replace(address);
        self.connections.give_up();
        Ok(())
    }

    fn address(&self) -> Address {
        self.address.borrow().clone()
    }

    async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let connection = self.connection().await?;
        connection.wait_for(command.query_async(&mut connection.driver.clone()), self.timeout).await
    }

    async fn script<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let connection = self.connection().await?;
        connection.wait_for(script.invoke_async(&mut connection.driver.clone()), self.timeout).await
    }

    /// Runs a write that no failover loses after `Done`. A write that no replica confirms is still on the master; repeated, it is written
    /// again to the current master.
    async fn confirmed(&self, script: &ScriptInvocation<'_>) -> Result<Swap, StoreError> {
        let connection = self.connection().await?;
        let (mut writing, mut asking) = (connection.waiting.clone(), connection.waiting.clone());
        let (writing, role) = (script.invoke_async(&mut writing), redis::cmd("ROLE"));
        // Pipelined, so that it is one round trip without replicas.
        let (done, role): (bool, Role) =
            connection.wait_for(try_join(writing, role.query_async(&mut asking)), self.timeout).await?;
        let Role::Primary { replicas, .. } = role else {
            // Even a refusal counts for nothing: the server compared a record that is not the master's.
            connection.give_up();
            return Err(StoreError::of_redis("Redis is no master any more"));
        };
        if !done {
            return Ok(Swap::Conflict);
        }
        if self.is_safe(&connection, &replicas).await? {
            return Ok(Swap::Done);
        }
        connection.give_up();
        Err(StoreError::of_redis("no replica has confirmed the write"))
    }

    /// Whether the last write survives a failover.
    async fn is_safe(&self, connection: &Connection, replicas: &[ReplicaInfo]) -> Result<bool, StoreError> {
        let share = self.timeout / SHARE;
        if !replicas.is_empty() {
            let mut wait = redis::cmd("WAIT");
            wait.arg(1).arg(milliseconds(share));
            let mut waiting = connection.waiting.clone();
            let confirmations: u32 =
                connection.wait_for(wait.query_async(&mut waiting), self.timeout).await?;
            return Ok(confirmations > 0);
        }
        match self.address() {
            // A master loses its replicas just before it is demoted.
            Address::Sentinels(sentinels) => Ok(sentinels.master(share).await?.name() == connection.server),
            Address::Server(_) => Ok(true),
        }
    }

    /// This thread's connection, opened if there is none; concurrent callers wait for it.
    async fn connection(&self) -> Result<Arc<Connection>, StoreError> {
        let connected = async {
            let place = self.connections.here();
            let mut current = place.lock().await;
            if let Some(connection) = current.as_ref().filter(|connection| !connection.is_lost()) {
                return Ok(Arc::clone(connection));
            }
            let lost = self.connections.lost();
            let opened = Arc::new(open(self.address(), self.timeout, lost).await?);
            Ok(Arc::clone(current.insert(opened)))
        };
        tokio::time::timeout(self.timeout, connected)
            .await
            .unwrap_or_else(|_| Err(out_of_time("no connection")))
    }
}

async fn open(address: Address, timeout: Duration, lost: Arc<Lost>) -> Result<Connection, StoreError> {
    match address {
        Address::Server(server) => {
            let connection = Connection::open(&server, lost).await?;
            if connection.is_of_cluster().await {
                return Err(StoreError::of_redis(UnusableRedis::Cluster.to_string()));
            }
            Ok(connection)
        }
        Address::Sentinels(sentinels) => {
            let master = sentinels.master(timeout / SHARE).await?;
            let connection = Connection::open(&master, lost).await?;
            connection.check_master().await?;
            connection.watch(sentinels, timeout / SHARE);
            Ok(connection)
        }
    }
}

fn prefixed(key: &Key) -> String {
    format!("cluster-auth:{key}")
}

/// The score of a time in an index, in milliseconds: Redis' numbers do not hold nanoseconds exactly.
fn score(at: OffsetDateTime) -> i64 {
    let milliseconds = at.unix_timestamp_nanos() / 1_000_000;
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

/// The time of a [`score`].
fn moment(score: f64) -> Result<OffsetDateTime, StoreError> {
    let moment = time::Duration::checked_seconds_f64(score / 1_000.0)
        .and_then(|since| OffsetDateTime::UNIX_EPOCH.checked_add(since));
    moment.ok_or_else(|| StoreError::of_redis("a moment in an index is out of range"))
}

fn write(done: bool) -> Swap {
    if done { Swap::Done } else { Swap::Conflict }
}

#[async_trait]
impl Store for Redis {
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(prefixed(key)).arg(value).arg("NX").arg("PX").arg(milliseconds(ttl));
        // `nil`, which reads as false, means that the record existed.
        self.command(&set).await.map(write)
    }

    async fn put(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<(), StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(prefixed(key)).arg(value).arg("PX").arg(milliseconds(ttl));
        self.command(&set).await
    }

    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        self.command(redis::cmd("GET").arg(prefixed(key))).await
    }

    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Swap, StoreError> {
        self.confirmed(&self.scripts.swap(&prefixed(key), seen, value, ttl)).await
    }

    async fn swap_under(
        &self,
        held: HeldLock<'_>,
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Swap, StoreError> {
        let held = HeldLock { lock: &prefixed(held.lock), ..held };
        let swap = self.scripts.swap_under(held, &prefixed(key), seen, value, ttl);
        self.confirmed(&swap).await
    }

    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Swap, StoreError> {
        self.confirmed(&self.scripts.delete_seen(&prefixed(key), seen)).await
    }

    async fn release(&self, lock: &Key, owner: &[u8]) -> Result<Swap, StoreError> {
        self.script(&self.scripts.delete_seen(&prefixed(lock), owner)).await.map(write)
    }

    async fn live_on(&self, key: &Key, ttl: Duration) -> Result<(), StoreError> {
        self.command(redis::cmd("PEXPIRE").arg(prefixed(key)).arg(milliseconds(ttl))).await
    }

    async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.command(redis::cmd("DEL").arg(prefixed(key))).await
    }

    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Swap, StoreError> {
        self.script(&self.scripts.enter(&prefixed(set), member, ttl, limit)).await.map(write)
    }

    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError> {
        self.command(redis::cmd("ZREM").arg(prefixed(set)).arg(member)).await
    }

    async fn members(&self, set: &Key) -> Result<Vec<String>, StoreError> {
        self.command(redis::cmd("ZRANGE").arg(prefixed(set)).arg(0).arg(-1)).await
    }

    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError> {
        self.command(redis::cmd("ZADD").arg(prefixed(index)).arg(score(at)).arg(member)).await
    }

    async fn note_all(&self, index: &Key, members: &[String], at: OffsetDateTime) -> Result<(), StoreError> {
        if members.is_empty() {
            return Ok(());
        }
        let mut add = redis::cmd("ZADD");
        add.arg(prefixed(index));
        for member in members {
            add.arg(score(at)).arg(member);
        }
        self.command(&add).await
    }

    async fn noted(
        &self,
        index: &Key,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut range = redis::cmd("ZRANGEBYSCORE");
        range.arg(prefixed(index)).arg("-inf").arg(score(until)).arg("LIMIT").arg(0).arg(limit);
        self.command(&range).await
    }

    /// Redis cannot start after an entry, only at its time: the entries of that time are read again and skipped.
    async fn noted_after(
        &self,
        index: &Key,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        let mut skipped = 0;
        loop {
            let mut range = redis::cmd("ZRANGEBYSCORE");
            range.arg(prefixed(index)).arg(score(after.at)).arg(score(until)).arg("WITHSCORES");
            range.arg("LIMIT").arg(skipped).arg(limit);
            let entries: Vec<(String, f64)> = self.command(&range).await?;
            let is_last = entries.len() < limit;
            skipped += entries.len();
            let noted = |(member, score)| moment(score).map(|at| Noted { at, member });
            let mut page: Vec<Noted> = entries.into_iter().map(noted).collect::<Result<_, _>>()?;
            page.retain(|entry| entry > after);
            if is_last || !page.is_empty() {
                return Ok(page);
            }
        }
    }

    async fn named(&self, index: &Key, names: Names<'_>, limit: usize) -> Result<Vec<String>, StoreError> {
        let before = names.before.map_or_else(|| "+".to_owned(), |before| format!("({before}"));
        let mut range = redis::cmd("ZRANGEBYLEX");
        range.arg(prefixed(index)).arg(format!("({}", names.after)).arg(before);
        self.command(range.arg("LIMIT").arg(0).arg(limit)).await
    }

    async fn noted_at(&self, index: &Key, member: &str) -> Result<Option<OffsetDateTime>, StoreError> {
        let score: Option<f64> = self.command(redis::cmd("ZSCORE").arg(prefixed(index)).arg(member)).await?;
        score.map(moment).transpose()
    }

    async fn unnote(&self, index: &Key, member: &str) -> Result<(), StoreError> {
        self.command(redis::cmd("ZREM").arg(prefixed(index)).arg(member)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.command(&redis::cmd("PING")).await
    }
}

#[cfg(test)]
mod tests;

//! The store that several replicas share: one Redis (6 or newer, single node), and reached again after it was away.
//!
//! One connection carries the requests of everybody who shares a [`Redis`]. The driver's own connection manager is not
//! used: it keeps a refusal (a wrong password, too many clients) for good, and answers with one that is long over.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, FromRedisValue, IntoConnectionInfo, ProtocolVersion,
    PushInfo, PushKind, RedisError, RedisResult, Script, ScriptInvocation, TlsCertificates,
};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::{Key, Store, StoreError, Write};

/// How long a connection may take, and then an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes the record at KEYS[1] only while it is still ARGV[1].
const SWAP: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";

/// Writes the record at KEYS[2] only while it is still ARGV[2], and KEYS[1] is ARGV[1].
const SWAP_UNDER: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('GET', KEYS[2]) ~= ARGV[2] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 1
";

/// Removes the record at KEYS[1] only while it is still ARGV[1].
const DELETE_SEEN: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
";

/// Adds ARGV[1] to the sorted set KEYS[1] for ARGV[2] milliseconds, if fewer than ARGV[3] others are in it. The score
/// is the end of a member's time by Redis' own clock, the only one that all replicas share.
const ENTER: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], last[2])
return 1
";

/// A store in Redis. Has no `Debug`: it holds the password.
pub struct Redis {
    client: Client,
    patience: Duration,
    connection: Mutex<Option<Connection>>,
    swap: Script,
    swap_under: Script,
    delete_seen: Script,
    enter: Script,
}

/// Settings that no Redis can be reached with; neither URL nor password is repeated.
#[derive(Debug, thiserror::Error)]
pub enum UnusableRedis {
    /// Not a URL of Redis.
    #[error(
        "REDIS_URL is not understood: write redis://[user:password@]host[:port][/database], or rediss:// for TLS"
    )]
    Url,
    /// No certificate in the file.
    #[error("{path} holds no usable certificate ({reason}): give a PEM file with the CA's certificate")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Redis {
    /// Checks the settings and connects to nothing yet: that happens with the first request, so that a backend starts
    /// while Redis is away. For `rediss://`, the roots of `ca_file` are trusted beside the system's.
    ///
    /// # Errors
    /// When the URL is none of Redis', or the file holds no certificate.
    pub fn new(url: &str, ca_file: Option<&Path>) -> Result<Self, UnusableRedis> {
        Self::with_patience(url, ca_file, PATIENCE)
    }

    fn with_patience(url: &str, ca_file: Option<&Path>, patience: Duration) -> Result<Self, UnusableRedis> {
        Ok(Self {
            client: client(url, ca_file)?,
            patience,
            connection: Mutex::new(None),
            swap: Script::new(SWAP),
            swap_under: Script::new(SWAP_UNDER),
            delete_seen: Script::new(DELETE_SEEN),
            enter: Script::new(ENTER),
        })
    }

    async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let connection = self.connection().await?;
        connection.wait_for(command.query_async(&mut connection.driver.clone()), self.patience).await
    }

    async fn script<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, StoreError> {
        let connection = self.connection().await?;
        connection.wait_for(script.invoke_async(&mut connection.driver.clone()), self.patience).await
    }

    /// The connection, made anew if there is none; whoever comes meanwhile waits for it.
    async fn connection(&self) -> Result<Connection, StoreError> {
        let connected = async {
            let mut current = self.connection.lock().await;
            if let Some(connection) = current.as_ref().filter(|connection| !connection.is_lost()) {
                return Ok(connection.clone());
            }
            let connection = Connection::open(&self.client).await?;
            Ok(current.insert(connection).clone())
        };
        tokio::time::timeout(self.patience, connected)
            .await
            .unwrap_or_else(|_| Err(out_of_time("no connection")))
    }
}

#[derive(Clone)]
struct Connection {
    driver: MultiplexedConnection,
    lost: Arc<AtomicBool>,
}

impl Connection {
    async fn open(client: &Client) -> Result<Self, StoreError> {
        let lost = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&lost);
        let on_push = move |push: PushInfo| -> Result<(), ()> {
            if push.kind == PushKind::Disconnection {
                told.store(true, Ordering::Relaxed);
            }
            Ok(())
        };
        // Our own time-outs cover name look-up, TLS and the wait for others as well.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(on_push);
        let driver = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| store_error(&error))?;
        Ok(Self { driver, lost })
    }

    fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits for an answer; a connection that gives none is given up, so that the next request finds a new one.
    async fn wait_for<T>(
        &self,
        answer: impl Future<Output = RedisResult<T>>,
        patience: Duration,
    ) -> Result<T, StoreError> {
        let Ok(answer) = tokio::time::timeout(patience, answer).await else {
            self.lost.store(true, Ordering::Relaxed);
            return Err(out_of_time("no answer"));
        };
        answer.map_err(|error| {
            if error.is_io_error() || error.is_unrecoverable_error() {
                self.lost.store(true, Ordering::Relaxed);
            }
            store_error(&error)
        })
    }
}

fn client(url: &str, ca_file: Option<&Path>) -> Result<Client, UnusableRedis> {
    let address = url::Url::parse(url).map_err(|_| UnusableRedis::Url)?;
    // The one fragment that the driver knows turns the checking of certificates off.
    if address.fragment().is_some() {
        return Err(UnusableRedis::Url);
    }
    let info = address.as_str().into_connection_info().map_err(|_| UnusableRedis::Url)?;
    // Only RESP3 tells of a lost connection before the next request is sent on it.
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let info = info.set_redis_settings(redis).set_tcp_settings(TcpSettings::default().set_nodelay(true));
    match address.scheme() {
        "redis" => Client::open(info).map_err(|_| UnusableRedis::Url),
        "rediss" => tls_client(info, ca_file),
        _ => Err(UnusableRedis::Url),
    }
}

fn tls_client(info: ConnectionInfo, ca_file: Option<&Path>) -> Result<Client, UnusableRedis> {
    let Some(path) = ca_file else {
        return Client::open(info).map_err(|_| UnusableRedis::Url);
    };
    let unusable = |reason: String| UnusableRedis::CaFile { path: path.to_owned(), reason };
    let own = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let own = own.map_err(|e| unusable(e.to_string()))?;
    if own.is_empty() {
        return Err(unusable("no PEM block".to_owned()));
    }
    let usable = |root: &CertificateDer<'_>| RootCertStore::empty().add(root.clone()).is_ok();
    let system = rustls_native_certs::load_native_certs().certs.into_iter().filter(usable);
    let root_cert = Some(own.into_iter().chain(system).flat_map(|root| pem(&root).into_bytes()).collect());
    Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
        .map_err(|e| unusable(store_error(&e).reason))
}

/// The driver takes roots as PEM only.
fn pem(root: &CertificateDer<'_>) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(root))
}

/// The driver's words, but not the server's, which may repeat a command that it did not understand, password included.
fn store_error(error: &RedisError) -> StoreError {
    let reason = match error.code() {
        Some(code) => format!("Redis answered {code}"),
        None if error.is_io_error() => error.to_string(),
        None => error.category().to_owned(),
    };
    StoreError { reason }
}

fn out_of_time(what: &str) -> StoreError {
    StoreError { reason: format!("{what} in time") }
}

fn prefixed(key: &Key) -> String {
    format!("cluster-auth:{key}")
}

/// Redis knows no time to live of zero.
fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// The score of a moment in an index: Redis' numbers hold milliseconds exactly, nanoseconds not.
fn score(at: OffsetDateTime) -> i64 {
    let milliseconds = at.unix_timestamp_nanos() / 1_000_000;
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

fn write(done: bool) -> Write {
    if done { Write::Done } else { Write::Refused }
}

#[async_trait]
impl Store for Redis {
    async fn put_new(&self, key: &Key, value: &[u8], ttl: Duration) -> Result<Write, StoreError> {
        let mut set = redis::cmd("SET");
        set.arg(prefixed(key)).arg(value).arg("NX").arg("PX").arg(milliseconds(ttl));
        // `nil` when the record was there, which reads as false.
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

    async fn swap(&self, key: &Key, seen: &[u8], value: &[u8], ttl: Duration) -> Result<Write, StoreError> {
        let mut swap = self.swap.key(prefixed(key));
        swap.arg(seen).arg(value).arg(milliseconds(ttl));
        self.script(&swap).await.map(write)
    }

    async fn swap_under(
        &self,
        lock: &Key,
        owner: &[u8],
        key: &Key,
        seen: &[u8],
        value: &[u8],
        ttl: Duration,
    ) -> Result<Write, StoreError> {
        let mut swap = self.swap_under.key(prefixed(lock));
        swap.key(prefixed(key)).arg(owner).arg(seen).arg(value).arg(milliseconds(ttl));
        self.script(&swap).await.map(write)
    }

    async fn delete_seen(&self, key: &Key, seen: &[u8]) -> Result<Write, StoreError> {
        let mut delete = self.delete_seen.key(prefixed(key));
        delete.arg(seen);
        self.script(&delete).await.map(write)
    }

    async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.command(redis::cmd("DEL").arg(prefixed(key))).await
    }

    async fn enter(&self, set: &Key, member: &str, ttl: Duration, limit: usize) -> Result<Write, StoreError> {
        let mut enter = self.enter.key(prefixed(set));
        enter.arg(member).arg(milliseconds(ttl)).arg(limit);
        self.script(&enter).await.map(write)
    }

    async fn leave(&self, set: &Key, member: &str) -> Result<(), StoreError> {
        self.command(redis::cmd("ZREM").arg(prefixed(set)).arg(member)).await
    }

    async fn note(&self, index: &Key, member: &str, at: OffsetDateTime) -> Result<(), StoreError> {
        self.command(redis::cmd("ZADD").arg(prefixed(index)).arg(score(at)).arg(member)).await
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

    async fn unnote(&self, index: &Key, member: &str) -> Result<(), StoreError> {
        self.command(redis::cmd("ZREM").arg(prefixed(index)).arg(member)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.command(&redis::cmd("PING")).await
    }
}

#[cfg(test)]
mod tests;

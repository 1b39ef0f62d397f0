//! Settings with which no Redis can be reached.

use crate::outbound::UnusableRoots;
use crate::store::StoreError;

/// Why the settings cannot be used; repeats neither URL nor password.
#[derive(Debug, thiserror::Error)]
pub enum UnusableRedis {
    /// Not a URL of Redis.
    #[error(
        "REDIS_URL is not understood: write redis://[user:password@]host[:port][/database], or \
         redis+sentinel://[user:password@]host[:port][,host[:port]…]/master-name[/database], with rediss for TLS"
    )]
    Url,
    /// A node of a Redis Cluster.
    #[error(
        "REDIS_URL leads to a node of a Redis Cluster, which is not supported, since each node has only a part of the keys \
         (MOVED): name a single Redis, or a master with replicas under Sentinel (redis+sentinel://host[:port]/master-name)"
    )]
    Cluster,
    /// No certificate in the file.
    #[error(transparent)]
    CaFile(#[from] UnusableRoots),
}

/// Why another address is not used yet; repeats neither URL nor password.
#[derive(Debug, thiserror::Error)]
pub enum NotMoved {
    /// It cannot be used.
    #[error(transparent)]
    Unusable(#[from] UnusableRedis),
    /// Nothing answers there, or not to this password.
    #[error("no connection can be opened there ({})", .0.reason)]
    NoConnection(#[from] StoreError),
}

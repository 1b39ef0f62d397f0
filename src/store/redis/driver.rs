//! The driver's configuration, and its errors as ours.

use redis::{AsyncConnectionConfig, ConnectionInfo, ProtocolVersion, RedisConnectionInfo, RedisError};

use crate::store::StoreError;

/// How a server that holds records is spoken to.
pub(super) fn of_server(info: ConnectionInfo, settings: RedisConnectionInfo) -> ConnectionInfo {
    // Only RESP3 reports a lost connection before the next request is sent on it.
    info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3))
}

/// Without the driver's own timeouts: ours also cover name lookup, TLS and the wait for other callers.
pub(super) fn driver_config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None)
}

/// The driver's message without the server's, which may repeat a command that it did not understand, password included.
pub(super) fn store_error(error: &RedisError) -> StoreError {
    let reason = match error.code() {
        Some(code) => format!("Redis answered {code}"),
        None if error.is_io_error() => error.to_string(),
        None => error.category().to_owned(),
    };
    StoreError::of_redis(reason)
}

/// The error for a timeout.
pub(super) fn out_of_time(what: &str) -> StoreError {
    StoreError::of_redis(format!("{what} in time"))
}

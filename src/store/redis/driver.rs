//! How the driver is set up, and its errors in our words.

use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ProtocolVersion, RedisConnectionInfo, RedisError,
};

use crate::store::StoreError;

/// A server that is spoken to with these settings.
pub(super) fn server(info: ConnectionInfo, settings: RedisConnectionInfo) -> ConnectionInfo {
    // Only RESP3 tells of a lost connection before the next request is sent on it.
    let settings = settings.set_protocol(ProtocolVersion::RESP3);
    info.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true))
}

/// Host and port, to tell servers apart.
pub(super) fn server_of(client: &Client) -> String {
    client.get_connection_info().addr().to_string()
}

/// Our own time-outs cover name look-up, TLS and the wait for others as well.
pub(super) fn driver_config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None)
}

/// The driver's words, but not the server's, which may repeat a command that it did not understand, password included.
pub(super) fn store_error(error: &RedisError) -> StoreError {
    let reason = match error.code() {
        Some(code) => format!("Redis answered {code}"),
        None if error.is_io_error() => error.to_string(),
        None => error.category().to_owned(),
    };
    StoreError { reason }
}

/// Nothing came in time.
pub(super) fn out_of_time(what: &str) -> StoreError {
    StoreError { reason: format!("{what} in time") }
}

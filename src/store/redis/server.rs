//! A server of Redis or a sentinel: where it is, and connections to it.
//!
//! The driver does not open them: it would read the system's roots anew for each, on the thread that asks, and trust other ones than the
//! rest of the program.

use std::sync::Arc;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, ConnectionAddr, ConnectionInfo};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};

use super::driver::store_error;
use crate::outbound::connector::straight_to;
use crate::store::StoreError;

/// What opens connections to one server.
pub(super) struct Server {
    info: ConnectionInfo,
    tls: Option<Arc<ClientConfig>>,
}

impl Server {
    /// With these settings of the connections, and TLS where there is some.
    pub(super) fn new(info: ConnectionInfo, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { info, tls }
    }

    /// Host and port, to tell servers apart.
    pub(super) fn name(&self) -> String {
        self.info.addr().to_string()
    }

    /// For requests. Its work ends with its last clone.
    ///
    /// # Errors
    /// When it cannot be reached, is not trusted, or refuses the password.
    pub(super) async fn connect(
        &self,
        config: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, StoreError> {
        let settings = self.info.redis_settings();
        let opened = MultiplexedConnection::new_with_config(settings, self.reach().await?, config).await;
        let (connection, work) = opened.map_err(|error| store_error(&error))?;
        tokio::spawn(work);
        Ok(connection)
    }

    /// For subscriptions.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(super) async fn subscriber(&self) -> Result<PubSub, StoreError> {
        let opened = PubSub::new(self.info.redis_settings(), self.reach().await?).await;
        opened.map_err(|error| store_error(&error))
    }

    async fn reach(&self) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static, StoreError> {
        let ConnectionAddr::Tcp(host, port) = self.info.addr() else {
            return Err(StoreError::of_redis("only servers with a host and a port are known"));
        };
        let reached = straight_to(host, *port, self.tls.as_ref()).await;
        reached.map_err(|failure| StoreError::of_redis(failure.to_string()))
    }
}

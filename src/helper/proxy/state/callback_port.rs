//! The redirect URI's port: bound while a login is pending, so that kubelogin can use it in between, or always.

use std::net::{SocketAddr, TcpListener};

use tokio::sync::Mutex;

use crate::helper::port::{self, ListenError};
use crate::helper::web::server::PortServer;
use crate::settings::proxy::Holding;

/// Starts the server of the port on the runtime of the calling thread.
type Serve = Box<dyn Fn(Vec<TcpListener>) -> std::io::Result<PortServer> + Send + Sync>;

/// The listeners of the redirect URI, all bound or none.
pub struct CallbackPort {
    listen: Vec<SocketAddr>,
    holding: Holding,
    serve: Serve,
    open: Mutex<Option<Open>>,
}

struct Open {
    port: u16,
    server: PortServer,
}

impl CallbackPort {
    /// Not bound yet; `serve` starts the server.
    #[must_use]
    pub fn new(
        listen: Vec<SocketAddr>,
        holding: Holding,
        serve: impl Fn(Vec<TcpListener>) -> std::io::Result<PortServer> + Send + Sync + 'static,
    ) -> Self {
        Self { listen, holding, serve: Box::new(serve), open: Mutex::default() }
    }

    /// Binds the port if it is not bound, and returns its number. Call it on the thread of the backend's jobs, where the server then runs.
    ///
    /// # Errors
    /// When one of the addresses cannot be bound; then none is.
    pub async fn open(&self) -> Result<u16, ListenError> {
        let mut open = self.open.lock().await;
        if let Some(open) = &*open {
            return Ok(open.port);
        }
        let listeners = port::bind(&self.listen)?;
        let port = port::port(&listeners).unwrap_or(port::CALLBACK_PORT);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let server = (self.serve)(listeners).map_err(|reason| ListenError::BindFailed { address, reason })?;
        *open = Some(Open { port, server });
        tracing::info!(port, "the redirect URI's port is bound");
        Ok(port)
    }

    /// Closes the port unless it is needed or always bound. A concurrent [`Self::open`] waits.
    pub async fn close_unless(&self, needed: impl Fn() -> bool) {
        let mut open = self.open.lock().await;
        if self.holding == Holding::WhileNeeded && !needed() {
            Self::stop(&mut open).await;
        }
    }

    /// Closes the port; pending requests are answered.
    pub async fn close(&self) {
        Self::stop(&mut *self.open.lock().await).await;
    }

    async fn stop(open: &mut Option<Open>) {
        if let Some(Open { port, server }) = open.take() {
            server.stop().await;
            tracing::info!(port, "the redirect URI's port is closed");
        }
    }

    /// Its number while it is bound.
    pub async fn port(&self) -> Option<u16> {
        self.open.lock().await.as_ref().map(|open| open.port)
    }
}

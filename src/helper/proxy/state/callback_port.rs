//! The redirect's port: bound while a login is under way, so that kubelogin can have it in between, or always.

use std::net::{SocketAddr, TcpListener};

use tokio::sync::Mutex;

use crate::helper::port::{self, ListenError};
use crate::helper::web::server::PortServer;
use crate::settings::proxy::Holding;

/// Starts the server of the port, in the task system of the thread that calls.
type Serve = Box<dyn Fn(Vec<TcpListener>) -> std::io::Result<PortServer> + Send + Sync>;

/// The addresses of the redirect, all bound or none.
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
    /// Not bound yet; `serve` starts the server of its listeners.
    #[must_use]
    pub fn new(
        listen: Vec<SocketAddr>,
        holding: Holding,
        serve: impl Fn(Vec<TcpListener>) -> std::io::Result<PortServer> + Send + Sync + 'static,
    ) -> Self {
        Self { listen, holding, serve: Box::new(serve), open: Mutex::default() }
    }

    /// Binds it, unless it is; its number. To be called where the backend's jobs run: the server goes on there.
    ///
    /// # Errors
    /// When one of the addresses cannot be had; then none is held.
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
        tracing::info!(port, "the redirect's port is held");
        Ok(port)
    }

    /// Frees it, unless it is needed or always held. Who opens it meanwhile waits for the answer.
    pub async fn close_unless(&self, needed: impl Fn() -> bool) {
        let mut open = self.open.lock().await;
        if self.holding == Holding::WhileNeeded && !needed() {
            Self::stop(&mut open).await;
        }
    }

    /// Frees it; requests under way get their answers.
    pub async fn close(&self) {
        Self::stop(&mut *self.open.lock().await).await;
    }

    async fn stop(open: &mut Option<Open>) {
        if let Some(Open { port, server }) = open.take() {
            server.stop().await;
            tracing::info!(port, "the redirect's port is free");
        }
    }

    /// Its number while it is bound.
    pub async fn port(&self) -> Option<u16> {
        self.open.lock().await.as_ref().map(|open| open.port)
    }
}

//! The redirect's port: bound while a login is under way, so that kubelogin can have it in between, or always.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::App;
use crate::helper::port::{self, ListenError};
use crate::helper::proxy::web::serve;
use crate::helper::web::server::PortServer;
use crate::settings::proxy::Holding;

/// The addresses of the redirect, all bound or none.
pub struct CallbackPort {
    listen: Vec<SocketAddr>,
    holding: Holding,
    open: Mutex<Option<Open>>,
}

struct Open {
    port: u16,
    server: PortServer,
}

impl CallbackPort {
    /// Not bound yet.
    #[must_use]
    pub fn new(listen: Vec<SocketAddr>, holding: Holding) -> Self {
        Self { listen, holding, open: Mutex::default() }
    }

    /// Binds it, unless it is; its number. To be called where the backend's jobs run: the server goes on there.
    ///
    /// # Errors
    /// When one of the addresses cannot be had; then none is held.
    pub async fn open(&self, app: &Arc<App>) -> Result<u16, ListenError> {
        let mut open = self.open.lock().await;
        if let Some(open) = &*open {
            return Ok(open.port);
        }
        let listeners = port::bind(&self.listen)?;
        let port = port::port(&listeners).unwrap_or(port::CALLBACK_PORT);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let server = serve(listeners, app).map_err(|reason| ListenError::NotGiven { address, reason })?;
        *open = Some(Open { port, server });
        tracing::info!(port, "the redirect's port is held");
        Ok(port)
    }

    /// Frees it when no login is under way and nobody wants it held.
    pub async fn close_unless_needed(&self, app: &App) {
        let mut open = self.open.lock().await;
        let needed = app.live.under_way() > 0 || app.sign_ins.are_under_way();
        if self.holding == Holding::WhileNeeded && !needed {
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

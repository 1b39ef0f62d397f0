//! Many logins, for as long as it runs: the `proxy` role.
//!
//! The path of one login through it: [`start`] takes it over from Backstage (or [`own_login`] begins it here), [`begin`] asks the
//! backend about it and writes it down ([`login_record`]), [`many_logins`] finds it again for each request, on any replica and
//! after a restart, [`see_through`] delivers what came back. [`callback_port`] has the redirect's port meanwhile.

pub mod logins;
pub mod state;
pub mod web;

use std::net::TcpListener;
use std::sync::Arc;

use secrecy::ExposeSecret;

use self::logins::resume;
use self::state::backend_thread::BackendThread;
use self::state::callback_port::CallbackPort;
use self::state::{App, NamedBackstage, backend_info};
use self::web::serve;
use super::backend_client::{BackendApi, NoConnection};
use super::confirmation::backend_name::BackendName;
use super::confirmation::trust::BackendTrust;
use super::port::{self, ListenError};
use super::sign_in::token_file;
use super::web::server::PortServer;
use crate::clock::{Clock, SystemClock};
use crate::panics;
use crate::random::{Random, SystemRandom};
use crate::settings::proxy::{Backstage, Holding, ProxySettings};
use crate::store::Store;
use crate::store::memory::Memory;
use crate::store::observed::Observed;
use crate::store::redis::{Redis, UnusableRedis};
use crate::telemetry::helper_metrics::HelperMetrics;

/// Why the proxy did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The backend's address, or the roots to trust, cannot be used.
    #[error(transparent)]
    Backend(#[from] NoConnection),
    /// `REDIS_URL` is of no use.
    #[error(transparent)]
    Redis(#[from] UnusableRedis),
    /// Two metrics of one name.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    /// The web server cannot be started.
    #[error("The helper's page cannot be served ({0}): run this again.")]
    Serve(#[from] std::io::Error),
}

impl StartError {
    /// The exit code that `protocol.md` gives to this end.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Listen(error) => error.exit_code(),
            Self::Backend(NoConnection::Settings(_)) | Self::Redis(_) => 2,
            Self::Backend(NoConnection::Random(_)) | Self::Metrics(_) | Self::Serve(_) => 1,
        }
    }
}

/// A proxy that listens.
pub struct Running {
    /// The helper port.
    pub port: u16,
    control: PortServer,
    app: Arc<App>,
}

/// Starts the proxy, whether the backend and the store answer or not; it listens when this returns.
///
/// # Errors
/// As the variants of [`StartError`] say.
pub async fn build(settings: ProxySettings) -> Result<Running, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let (api, backstage) = named_backstage(&settings, random.as_ref(), &clock)?.unzip();
    let metrics = HelperMetrics::new()?;
    panics::log_and_count(metrics.panics.clone());
    let store: Arc<dyn Store> = match &settings.redis_url {
        Some(url) => {
            let redis = Redis::new(url.expose_secret(), settings.login.ca_file.as_deref())?;
            Arc::new(Observed::new(redis, metrics.store_seconds.clone()))
        }
        None => Arc::new(Observed::new(Memory::new(Arc::clone(&clock)), metrics.store_seconds.clone())),
    };
    let control = port::bind_or_localhost(&settings.control_listen, port::CONTROL_PORT)?;
    let port = port::port(&control).unwrap_or(port::CONTROL_PORT);
    let callback_port = CallbackPort::new(settings.login.listen.clone(), settings.holding);
    let backend = BackendThread::here(api);
    let app = App::new(settings, backstage, port, store, clock, random, metrics, backend, callback_port);
    let app = Arc::new(app);
    start_up(app, control, port).await
}

/// Its client, and what is known of it; nothing where none was named.
fn named_backstage(
    settings: &ProxySettings,
    random: &dyn Random,
    clock: &Arc<dyn Clock>,
) -> Result<Option<(BackendApi, NamedBackstage)>, NoConnection> {
    if settings.backstage == Backstage::Unknown {
        return Ok(None);
    }
    let api = BackendApi::connect(&settings.login, random, clock)?;
    let name = BackendName::new(api.address(), &settings.login.backstage_client_id)?;
    let trust = BackendTrust::new(name, token_file::folder().as_deref());
    let backstage = NamedBackstage { url: api.address().to_owned(), trust };
    Ok(Some((api, backstage)))
}

async fn start_up(app: Arc<App>, control: Vec<TcpListener>, port: u16) -> Result<Running, StartError> {
    let addresses = addresses(&control);
    let control = serve(control, &app)?;
    let callback = match app.settings.holding {
        Holding::Always => Some(app.callback_port.open(&app).await?),
        Holding::WhileNeeded => None,
    };
    tracing::info!(control_addresses = addresses, callback_port = callback, "listening");
    actix_web::rt::spawn(backend_info::say_whether_it_answers(Arc::clone(&app)));
    actix_web::rt::spawn(resume::hold_port_for_them(Arc::clone(&app)));
    Ok(Running { port, control, app })
}

fn addresses(listeners: &[TcpListener]) -> String {
    let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok());
    addresses.map(|address| address.to_string()).collect::<Vec<_>>().join(",")
}

impl Running {
    /// Serves until `stop` resolves; then is not ready, lets requests finish, and ends. Logins under way are kept where the store
    /// outlives the process.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn serve_until(self, stop: impl Future<Output = ()> + 'static) -> std::io::Result<()> {
        let (app, mut control) = (self.app, self.control);
        tokio::select! {
            () = stop => {}
            ended = control.ended() => return ended,
        }
        app.begin_to_stop();
        tracing::info!("stopping: requests under way may finish");
        app.callback_port.close().await;
        control.stop().await;
        Ok(())
    }
}

//! The `proxy` role: a helper that keeps running and serves many logins.
//!
//! The path of one login: `web` takes it over from Backstage (`web/hand_over`) or begins it at the button (`web/login_button`),
//! `logins/begin` begins or takes over the session and stores the login (`state/login_store`), `logins/lookup` finds it for each
//! request, on any replica and after a restart, and `logins/run` delivers the callback. Meanwhile `state/callback_port` keeps the
//! redirect URI's port bound.

pub mod install;
pub mod logins;
pub mod on_demand;
pub mod state;
pub mod web;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Weak};
use std::time::Duration;

use secrecy::ExposeSecret;

use self::logins::{ProxyLogins, resume};
use self::state::Registries;
use self::state::backend::{Backend, NamedBackstage};
use self::state::backend_thread::BackendThread;
use self::state::callback_port::CallbackPort;
use self::state::form_tokens::FormTokens;
use self::state::login_store::LoginStore;
use self::web::Web;
use self::web::health::Readiness;
use super::backend_client::{BackendApi, NoConnection};
use super::confirmation::backend_name::BackendName;
use super::confirmation::last_backend::LastBackend;
use super::confirmation::trust::BackendTrust;
use super::port::{self, ListenError, other_proxy};
use super::sign_in::token_file;
use super::web::server::PortServer;
use super::web::server::acceptor::Gate;
use crate::clock::{Clock, RuntimeTimer, SystemClock};
use crate::panics;
use crate::random::{Random, SystemRandom};
use crate::settings::proxy::{Backstage, Holding, ProxySettings};
use crate::store::Store;
use crate::store::memory::Memory;
use crate::store::observed::Observed;
use crate::store::redis::{Redis, UnusableRedis};
use crate::telemetry::helper_metrics::HelperMetrics;

/// Why the proxy did not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be bound.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The backend's address, or the file of root certificates, cannot be used.
    #[error(transparent)]
    Backend(#[from] NoConnection),
    /// `REDIS_URL` cannot be used.
    #[error(transparent)]
    Redis(#[from] UnusableRedis),
    /// Two metrics have the same name.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    /// The web server cannot be started.
    #[error("The helper's page cannot be served ({0}): run this again.")]
    Serve(#[from] std::io::Error),
}

impl StartError {
    /// The exit code, as docs/errors.md lists them.
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
    web: Arc<Web>,
    life: Life,
    redis: Option<Redis>,
}

/// When the proxy ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// When it is told to.
    UntilStopped,
    /// Also when it was not used for that time: systemd listens, and starts it again at the next connection. No page that it has shown
    /// is good for longer than a login may take.
    WhileUsed(Duration),
}

impl Life {
    fn of(passed: &[TcpListener], settings: &ProxySettings) -> Self {
        if passed.is_empty() {
            return Self::UntilStopped;
        }
        Self::WhileUsed(settings.login.login_timeout.0)
    }
}

/// Starts the proxy, even if the backend or the store does not answer. It listens when this returns, at the sockets that systemd has
/// `passed` if there are any.
///
/// # Errors
/// As the variants of [`StartError`] say.
pub async fn build(settings: ProxySettings, passed: Vec<TcpListener>) -> Result<Running, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    let (api, backstage) = named_backstage(&settings, random.as_ref(), &clock)?.unzip();
    let redis = redis(&settings)?;
    let life = Life::of(&passed, &settings);
    let control = match life {
        Life::UntilStopped => bind(&settings.control_listen).await?,
        Life::WhileUsed(_) => port::unless_shared(passed)?,
    };
    let port = port::port(&control).unwrap_or(port::CONTROL_PORT);
    let metrics = HelperMetrics::new()?;
    panics::log_and_count(metrics.panics.clone());
    let seconds = metrics.store_seconds.clone();
    let store: Arc<dyn Store> = match redis.clone() {
        Some(redis) => Arc::new(Observed::new(redis, seconds)),
        None => Arc::new(Observed::new(Memory::new(Arc::clone(&clock)), seconds)),
    };
    let holding = settings.holding;
    let services = Services {
        backend: Arc::new(Backend::new(backstage, BackendThread::here(api))),
        settings,
        control_port: port,
        clock,
        random,
        metrics,
        store,
    };
    let web = Arc::new_cyclic(|web| services.into_web(Weak::clone(web)));
    start_up(web, control, holding, (life, redis)).await
}

/// The store that `REDIS_URL` names, which need not answer now.
fn redis(settings: &ProxySettings) -> Result<Option<Redis>, UnusableRedis> {
    let url = settings.redis_url.as_ref();
    url.map(|url| Redis::new(url.expose_secret(), settings.login.ca_file.as_deref())).transpose()
}

/// Binds the helper port. An installed proxy has it even when it is no process: systemd would be named then, which no user should stop.
async fn bind(listen: &[SocketAddr]) -> Result<Vec<TcpListener>, ListenError> {
    match port::bind_or_localhost(listen, port::CONTROL_PORT) {
        Err(error) => Err(other_proxy::recognise(error).await),
        bound => bound,
    }
}

/// The parts of the web application.
struct Services {
    settings: ProxySettings,
    control_port: u16,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: Arc<HelperMetrics>,
    store: Arc<dyn Store>,
    backend: Arc<Backend>,
}

impl Services {
    /// Builds the web application, which the redirect URI's port also serves while it is bound.
    fn into_web(self, web: Weak<Web>) -> Web {
        let Self { settings, control_port, clock, random, metrics, store, backend } = self;
        let serve = move |listeners| match web.upgrade() {
            Some(web) => web.serve(listeners),
            None => Err(std::io::Error::other("the helper has ended")),
        };
        let settings_of_logins = Arc::new(settings.login);
        let callback_port = CallbackPort::new(settings_of_logins.listen.clone(), settings.holding, serve);
        let life = settings_of_logins.login_timeout.0;
        Web {
            readiness: Arc::new(Readiness::new(Arc::clone(&store))),
            form_tokens: Arc::new(FormTokens::new(
                Arc::clone(&store),
                Arc::clone(&random),
                backend.backstage_url(),
                life,
            )),
            logins: ProxyLogins {
                settings: settings_of_logins,
                control_port,
                store: Arc::new(LoginStore::new(store, Arc::clone(&random), Arc::clone(&clock))),
                clock,
                random,
                metrics,
                backend,
                known: Arc::new(Registries::new(callback_port)),
            },
        }
    }
}

/// The client of the configured Backstage, and its address and confirmation; none if none is configured.
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
    let folder = token_file::folder();
    let (trust, last) = (BackendTrust::new(name, folder.as_deref()), LastBackend::new(folder.as_deref()));
    let backstage = NamedBackstage { url: api.address().to_owned(), trust, last };
    Ok(Some((api, backstage)))
}

async fn start_up(
    web: Arc<Web>,
    control: Vec<TcpListener>,
    holding: Holding,
    (life, redis): (Life, Option<Redis>),
) -> Result<Running, StartError> {
    let addresses = addresses(&control);
    let logins = &web.logins;
    let control = web.serve(control)?;
    let callback = match holding {
        Holding::Always => Some(logins.known.callback_port.open().await?),
        Holding::WhileNeeded => None,
    };
    tracing::info!(control_addresses = addresses, callback_port = callback, "listening");
    actix_web::rt::spawn(Arc::clone(&logins.backend).say_whether_it_answers());
    actix_web::rt::spawn(resume::hold_port_for_them(logins.clone()));
    Ok(Running { port: logins.control_port, control, web, life, redis })
}

/// Resolves when the proxy was not used for so long that it ends.
async fn unused(gate: &Gate, web: &Web, life: Life) {
    match life {
        Life::UntilStopped => std::future::pending().await,
        Life::WhileUsed(time) => {
            let is_needed = || web.logins.known.expects_callback();
            on_demand::unused(gate, is_needed, &RuntimeTimer, time).await;
        }
    }
}

/// Resolves when the store turns out to be a node of a Redis Cluster. The port is listened on meanwhile, and each use of such a store fails.
async fn unusable(redis: Option<&Redis>) -> UnusableRedis {
    match redis {
        Some(redis) => match redis.refuse_cluster().await {
            Err(reason) => reason,
            Ok(()) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

fn addresses(listeners: &[TcpListener]) -> String {
    let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok());
    addresses.map(|address| address.to_string()).collect::<Vec<_>>().join(",")
}

impl Running {
    /// Serves until `stop` resolves, or its life is over; then reports that it is not ready, lets requests finish, and ends. Pending logins
    /// survive in a store that outlives the process.
    ///
    /// # Errors
    /// When the server fails, or the store is a node of a Redis Cluster.
    pub async fn serve_until(self, stop: impl Future<Output = ()> + 'static) -> Result<(), StartError> {
        let (web, mut control) = (self.web, self.control);
        let gate = control.gate();
        tokio::select! {
            () = stop => {}
            () = unused(&gate, &web, self.life) => tracing::info!("not used: ends until the next connection"),
            reason = unusable(self.redis.as_ref()) => return Err(reason.into()),
            ended = control.ended() => return Ok(ended?),
        }
        web.readiness.begin_to_stop();
        tracing::info!("stopping: requests under way may finish");
        web.logins.known.callback_port.close().await;
        control.stop().await;
        Ok(())
    }
}

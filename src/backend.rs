//! The room that runs beside Backstage: it begins logins, redeems codes, keeps tokens sealed and uses them.
//!
//! The path of a login through it: [`register`], [`session`], [`exchange`], [`login`], [`login_record`], [`kubernetes`].

pub mod admin;
pub mod app;
pub mod body;
pub mod caller;
pub mod catalog;
pub mod delete_tokens;
pub mod dev_guard;
pub mod disconnect;
#[cfg(test)]
mod example_app;
pub mod exchange;
pub mod forget;
pub mod give_token;
pub mod health;
pub mod id_token;
pub mod identity;
pub mod info;
pub mod key_set;
pub mod kubernetes;
pub mod kubernetes_headers;
pub mod kubernetes_path;
pub mod kubernetes_status;
pub mod login;
pub mod login_index;
pub mod login_record;
pub mod one_flight;
pub mod openapi;
mod problems;
pub mod provider;
pub mod provider_grant;
pub mod rate_limit;
pub mod refresh;
pub mod register;
pub mod request_trail;
pub mod revocation;
pub mod revocation_record;
pub mod revocation_retry;
pub mod routes;
pub mod session;
pub mod session_changes;
pub mod session_record;
pub mod status;
mod stubborn;
pub mod tokens;
pub mod unused;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App as WebApp, HttpServer, web};
use secrecy::ExposeSecret;

use crate::clock::{Clock, SystemClock};
use crate::outbound::UnusableRoots;
use crate::pause::RuntimePause;
use crate::random::{NoRandomness, SystemRandom};
use crate::settings::backend::{BackendSettings, Callers, StoreSettings};
use crate::store::Store;
use crate::store::memory::Memory;
use crate::store::observed::Observed;
use crate::store::redis::{Redis, UnusableRedis};
use crate::store::sealing::{Keyring, UnusableKeys};
use crate::telemetry::backend_metrics::BackendMetrics;

use self::app::{App, ClientTls};
use self::caller::BackstageKeys;
use self::health::Stopping;
use self::login_index::NotedUses;
use self::provider::Provider;
use self::rate_limit::RateLimits;
use self::session_changes::SessionChanges;

use self::tokens::Flights;
use self::unused::Sweep;

/// How long requests may go on once the process is told to stop, in seconds.
const GRACE: u64 = 30;
/// How long a client may take to send the head of its request.
const SLOWEST_HEAD: std::time::Duration = std::time::Duration::from_secs(10);

/// Why the backend did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be had.
    #[error("cannot listen on {0} ({1}): choose another address in LISTEN or CONTROL_LISTEN")]
    Listen(SocketAddr, std::io::Error),
    /// A CA file is of no use.
    #[error(transparent)]
    Roots(#[from] UnusableRoots),
    /// The keys are of no use.
    #[error(transparent)]
    Keys(#[from] UnusableKeys),
    /// `REDIS_URL` is of no use.
    #[error(transparent)]
    Redis(#[from] UnusableRedis),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Two metrics of one name.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

/// A backend that listens.
pub struct Running {
    /// Where the API is.
    pub address: SocketAddr,
    /// Where health and metrics are.
    pub control_address: SocketAddr,
    api: Server,
    control: ServerHandle,
    stopping: web::Data<Stopping>,
}

/// Starts the backend; it listens when this returns.
///
/// # Errors
/// As the variants of [`StartError`] say.
pub fn build(settings: BackendSettings) -> Result<Running, StartError> {
    let (listener, address) = listen(settings.listen)?;
    let (control_listener, control_address) = listen(settings.control_listen)?;
    let tls = ClientTls::load(&settings)?;
    let app = web::Data::new(assemble(settings)?);
    let stopping = web::Data::new(Stopping::default());
    let sweep = Sweep::new(app.clone().into_inner(), web::Data::new(tls.clients(&app.settings)).into_inner());
    let control = serve_control(control_listener, &app, &stopping)
        .map_err(|e| StartError::Listen(control_address, e))?;
    let retry = revocation_retry::run(app.clone().into_inner(), tls.clients(&app.settings), &RuntimePause);
    let api = serve_api(listener, &app, &stopping, tls).map_err(|e| StartError::Listen(address, e))?;
    tracing::info!(%address, control_address = %control_address, "listening");
    if let Callers::DevUser(user) = &app.settings.callers {
        tracing::warn!(%user, "CLUSTER_AUTH_DEV_USER is set: every caller on this machine is that user");
    }
    for host in &app.settings.insecure_http_hosts {
        tracing::warn!(host, "plain http is allowed to this host");
    }
    if app.settings.tells_inner_address() {
        tracing::warn!(
            url = %app.settings.public_url,
            "BACKSTAGE_APP_URL is not set, so GET /info tells everybody BACKSTAGE_URL: set it to where people open Backstage"
        );
    }
    let handle = control.handle();
    actix_web::rt::spawn(control);
    actix_web::rt::spawn(sweep.now_and_then());
    actix_web::rt::spawn(retry);
    Ok(Running { address, control_address, api, control: handle, stopping })
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound =
        TcpListener::bind(address).and_then(|listener| listener.local_addr().map(|local| (listener, local)));
    bound.map_err(|error| StartError::Listen(address, error))
}

fn assemble(settings: BackendSettings) -> Result<App, StartError> {
    let (clock, random): (Arc<dyn Clock>, _) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let metrics = BackendMetrics::new()?;
    let (store, keyring): (Arc<dyn Store>, Keyring) = match &settings.store {
        StoreSettings::InProcess => {
            let store = Observed::new(Memory::new(clock.clone()), metrics.store_seconds.clone());
            (Arc::new(store), Keyring::random(random.as_ref())?)
        }
        StoreSettings::Redis { url, keys } => {
            let redis = Redis::new(url.expose_secret(), settings.ca_file.as_deref())?;
            let store = Observed::new(redis, metrics.store_seconds.clone());
            (Arc::new(store), Keyring::parse(keys.expose_secret())?)
        }
    };
    let provider = |(name, cluster): (&String, &crate::settings::cluster::Cluster)| {
        let hosts = settings.insecure_http_hosts.clone();
        (name.clone(), Provider::new(cluster.oidc.clone(), hosts, clock.clone(), Arc::clone(&metrics)))
    };
    Ok(App {
        providers: settings.clusters.iter().map(provider).collect(),
        backstage_keys: BackstageKeys::new(&settings, &clock, &metrics.backstage_keys_seconds),
        rate_limits: RateLimits::new(settings.registrations_per_minute, settings.trusted_proxies.clone()),
        changes: SessionChanges::default(),
        flights: Flights::default(),
        noted_uses: NotedUses::default(),
        clock,
        random,
        store,
        keyring,
        metrics,
        settings,
    })
}

fn serve_api(
    listener: TcpListener,
    app: &web::Data<App>,
    stopping: &web::Data<Stopping>,
    tls: ClientTls,
) -> std::io::Result<Server> {
    let (app, stopping) = (app.clone(), stopping.clone());
    let worker = move || {
        WebApp::new()
            .app_data(app.clone())
            .app_data(stopping.clone())
            .app_data(web::Data::new(tls.clients(&app.settings)))
            .configure(|config| routes::api(config, &app.settings))
            .wrap(from_fn(dev_guard::guard))
            .wrap(from_fn(request_trail::follow))
    };
    let server = HttpServer::new(worker)
        .client_request_timeout(SLOWEST_HEAD)
        // A caller who is gone ends their watch at the cluster at once, not with its next event.
        .h1_allow_half_closed(false)
        .shutdown_timeout(GRACE)
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

fn serve_control(
    listener: TcpListener,
    app: &web::Data<App>,
    stopping: &web::Data<Stopping>,
) -> std::io::Result<Server> {
    let (app, stopping) = (app.clone(), stopping.clone());
    let worker =
        move || WebApp::new().app_data(app.clone()).app_data(stopping.clone()).configure(routes::control);
    Ok(HttpServer::new(worker).workers(1).shutdown_timeout(1).disable_signals().listen(listener)?.run())
}

impl Running {
    /// Serves until `stop` resolves; then is not ready, lets requests finish, and ends.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn serve_until(self, stop: impl Future<Output = ()> + 'static) -> std::io::Result<()> {
        let (handle, control, stopping) = (self.api.handle(), self.control, self.stopping);
        actix_web::rt::spawn(async move {
            stop.await;
            // First not ready, then the word for it: who reads the log may rely on it.
            stopping.begin();
            tracing::info!("stopping: requests under way may finish");
            handle.stop(true).await;
        });
        self.api.await?;
        control.stop(true).await;
        Ok(())
    }
}

//! The room that runs beside Backstage: it begins logins, redeems codes, keeps tokens sealed and uses them.
//!
//! The path of a login through it: [`register`], [`session`], [`exchange`], [`login`], [`login_record`], [`kubernetes`].

pub mod admin;
pub mod api;
pub mod assembly;
pub mod inbound;
pub mod kubernetes;
pub mod logins;
pub mod logout;
pub mod oidc;
pub mod revocation;
pub mod session;
pub mod stopping;
pub mod tokens;

use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App as WebApp, HttpServer, web};
use futures_util::future::join;
use secrecy::ExposeSecret;
use socket2::{SockRef, TcpKeepalive};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::inbound::{dev_guard, request_id};
use self::kubernetes::{lasting, open_files};
use self::logins::index;
use self::revocation::retry;
use crate::clock::{Clock, RuntimeTimer, SystemClock};
use crate::outbound::UnusableRoots;
use crate::panics;
use crate::random::{NoRandomness, SystemRandom};
use crate::settings::backend::{BackendSettings, Callers, StoreSettings};
use crate::stop_signal::StopSignal;
use crate::store::Store;
use crate::store::memory::Memory;
use crate::store::observed::Observed;
use crate::store::redis::{Redis, UnusableRedis};
use crate::store::sealing::{Keyring, UnusableKeys};
use crate::telemetry::backend_metrics::BackendMetrics;

use self::assembly::{App, ClientTls, Clients};
use self::inbound::caller::BackstageKeys;
use self::inbound::rate_limit::RateLimits;
use self::kubernetes::streams::Streams;
use self::logins::index::NotedUses;
use self::logout::unused_sweep::Sweep;
use self::oidc::Provider;
use self::session::waiters::SessionChanges;
use self::stopping::detached::{Detached, Jobs};
use self::stopping::{LETTING_GO, Stopping, UNDER_WAY};
use self::tokens::Flights;

/// How long a connection stays open without a request: longer than an ingress keeps its own ones, which would else send a request
/// on one that closes just then.
const KEEP_ALIVE: std::time::Duration = std::time::Duration::from_secs(75);
/// How long a client may take to send the head of its request.
const SLOWEST_HEAD: std::time::Duration = std::time::Duration::from_secs(10);

/// After how long a caller's connection on which nothing comes is asked whether it is still there.
const CALLER_KEPT_ALIVE: std::time::Duration = std::time::Duration::from_mins(1);

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
    app: web::Data<App>,
    api: Server,
    control: ServerHandle,
}

/// Starts the backend; it listens when this returns.
///
/// # Errors
/// As the variants of [`StartError`] say.
pub fn build(settings: BackendSettings) -> Result<Running, StartError> {
    let (listener, address) = listen(settings.listen)?;
    let (control_listener, control_address) = listen(settings.control_listen)?;
    let tls = ClientTls::load(&settings)?;
    let (app, jobs) = assemble(settings)?;
    let app = web::Data::new(app);
    panics::log_and_count(app.metrics.panics.clone());
    jobs.run_here(tls.clients(&app.settings));
    let control =
        serve_control(control_listener, &app).map_err(|e| StartError::Listen(control_address, e))?;
    let clients = Rc::new(tls.clients(&app.settings));
    let api = serve_api(listener, &app, tls).map_err(|e| StartError::Listen(address, e))?;
    tracing::info!(%address, control_address = %control_address, "listening");
    if let Callers::DevUser(user) = &app.settings.callers {
        tracing::warn!(%user, "CLUSTER_AUTH_DEV_USER is set: every caller on this machine is that user");
    }
    for host in &app.settings.insecure_http_hosts {
        tracing::warn!(host, "plain http is allowed to this host");
    }
    if let Some(warning) = app.settings.public_address.warning() {
        tracing::warn!(url = %app.settings.backstage_url, "{warning}");
    }
    let handle = control.handle();
    actix_web::rt::spawn(control);
    keep_in_order(&app.clone().into_inner(), clients);
    Ok(Running { address, control_address, app, api, control: handle })
}

/// What each process does beside requests.
fn keep_in_order(app: &Arc<App>, clients: Rc<Clients>) {
    let sweeping = Arc::clone(app);
    app.detached.keep_running(move || {
        let (sweep, stopping) = (Sweep::new(Arc::clone(&sweeping)), sweeping.stopping.clone());
        // The login that is just being ended is not held up by that.
        async move {
            tokio::select! {
                () = sweep.now_and_then() => {}
                () = stopping.closes() => {}
            }
        }
    });
    let writing = Arc::clone(app);
    app.detached.keep_running(move || {
        let (uses, stopping) = (index::write_uses(Arc::clone(&writing)), writing.stopping.clone());
        async move {
            tokio::select! {
                () = uses => {}
                () = stopping.closes() => {}
            }
        }
    });
    let retrying = Arc::clone(app);
    app.detached.keep_running(move || retry::run(Arc::clone(&retrying), Rc::clone(&clients), &RuntimeTimer));
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound =
        TcpListener::bind(address).and_then(|listener| listener.local_addr().map(|local| (listener, local)));
    bound.map_err(|error| StartError::Listen(address, error))
}

fn assemble(settings: BackendSettings) -> Result<(App, Jobs<Clients>), StartError> {
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
    // A gauge that was never set is zero, not missing.
    for name in settings.clusters.keys() {
        metrics.kubernetes_streams.with_label_values(&[name]).set(0);
    }
    let (detached, jobs) = Detached::new();
    let app = App {
        providers: settings.clusters.iter().map(provider).collect(),
        backstage_keys: BackstageKeys::new(&settings, &clock, &metrics.backstage_keys_seconds),
        rate_limits: RateLimits::new(settings.registrations_per_minute, settings.trusted_proxies.clone()),
        changes: SessionChanges::default(),
        flights: Flights::default(),
        noted_uses: NotedUses::default(),
        detached,
        stopping: Stopping::default(),
        streams: Streams::new(settings.streams_per_user, open_files::streams_at_once()),
        clock,
        random,
        store,
        keyring,
        metrics,
        settings,
    };
    Ok((app, jobs))
}

fn serve_api(listener: TcpListener, app: &web::Data<App>, tls: ClientTls) -> std::io::Result<Server> {
    let app = app.clone();
    // Whole seconds is all that it can be told.
    let after_drain = UNDER_WAY.saturating_sub(app.settings.drain_delay).as_secs();
    let worker = move || {
        WebApp::new()
            .app_data(app.clone())
            .app_data(web::Data::new(tls.clients(&app.settings)))
            .configure(|config| api::api(config, &app.settings))
            .wrap(from_fn(dev_guard::guard))
            .wrap(from_fn(request_id::follow))
    };
    // Inherited by each connection: a caller's machine that vanished gives its watches back.
    SockRef::from(&listener).set_tcp_keepalive(&TcpKeepalive::new().with_time(CALLER_KEPT_ALIVE))?;
    let server = HttpServer::new(worker)
        .client_request_timeout(SLOWEST_HEAD)
        // A caller who is gone ends their watch at the cluster at once, not with its next event.
        .h1_allow_half_closed(false)
        .on_connect(lasting::know_connection)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(after_drain)
        .disable_signals();
    Ok(server.listen(listener)?.run())
}

fn serve_control(listener: TcpListener, app: &web::Data<App>) -> std::io::Result<Server> {
    let app = app.clone();
    let worker =
        move || WebApp::new().app_data(app.clone()).configure(api::control).wrap(from_fn(request_id::follow));
    Ok(HttpServer::new(worker).workers(1).shutdown_timeout(1).disable_signals().listen(listener)?.run())
}

impl Running {
    /// Serves until `stop` resolves, and ends as `stopping` says: requests and detached work under way may finish.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn serve_until(self, stop: impl Future<Output = StopSignal>) -> std::io::Result<()> {
        let Self { app, mut api, control, .. } = self;
        let signal = tokio::select! {
            signal = stop => signal,
            ended = &mut api => return ended,
        };
        // First not ready, then the word for it: who reads the log may rely on it.
        let until = app.stopping.begin();
        tracing::info!("stopping: requests under way may finish");
        if signal == StopSignal::Terminate {
            tokio::select! {
                () = sleep(app.settings.drain_delay) => {}
                ended = &mut api => return ended,
            }
        }
        app.stopping.close();
        // Asks for it; that it is done is what the server itself says.
        drop(api.handle().stop(true));
        let served = timeout_at(until + LETTING_GO, api);
        let (served, ()) = join(served, finish_work(&app, until)).await;
        // What the last requests have begun since.
        let _ = timeout_at(until + LETTING_GO, app.detached.done()).await;
        let _ = timeout(LETTING_GO / 2, control.stop(true)).await;
        served.unwrap_or(Ok(()))
    }
}

/// Lets detached work end, and writes down what was used meanwhile.
async fn finish_work(app: &App, until: Instant) {
    if timeout_at(until, app.detached.done()).await.is_err() {
        let under_way = app.detached.under_way();
        tracing::error!(under_way, "the process ends before all its work is done: a login may be lost");
    }
    index::write_last_uses(app).await;
}

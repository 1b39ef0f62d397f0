//! The room that runs beside Backstage: it begins logins, redeems codes, keeps tokens sealed and uses them.
//!
//! The path of a login through it: [`session::register`], [`session::get_session`], [`session::exchange`], [`session::accept`],
//! [`logins`], [`tokens`], [`kubernetes`].

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
use std::sync::Arc;

use actix_server::Server;
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use futures_util::future::join;
use socket2::{SockRef, TcpKeepalive};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::assembly::client_tls::ClientTls;
use self::assembly::server_tls::ServerTls;
use self::assembly::watched_files::WatchedFiles;
use self::assembly::{AssemblyError, Foundations, Services, assemble};
use self::inbound::http1::{self, Connections};
use self::inbound::{connection, dev_guard, request_id, tls_listener};
use self::kubernetes::lasting;
use self::logout::unused_sweep::Sweep;
use self::stopping::{LETTING_GO, UNDER_WAY};
use crate::clock::{RuntimeTimer, SystemClock};
use crate::panics;
use crate::settings::backend::{BackendSettings, CallerMode};
use crate::stop_signal::StopSignal;

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
    /// A setting is of no use.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// TLS cannot be had.
    #[error("TLS cannot be set up ({0}): this build of the program is broken, install another")]
    Tls(#[from] rustls::Error),
}

/// A backend that listens.
pub struct Running {
    /// Where the API is.
    pub address: SocketAddr,
    /// Where health and metrics are.
    pub control_address: SocketAddr,
    services: Arc<Services>,
    settings: Arc<BackendSettings>,
    api: Server,
    control: ServerHandle,
}

/// Starts the backend; it listens when this returns.
///
/// # Errors
/// As the variants of [`StartError`] say.
pub async fn build(settings: BackendSettings) -> Result<Running, StartError> {
    let (listener, address) = listen(settings.listen)?;
    let (control_listener, control_address) = listen(settings.control_listen)?;
    let foundations = Foundations::at_start(&settings).await?;
    let tls = ClientTls::load(&settings, &foundations.files).map_err(AssemblyError::from)?;
    let server_tls = server_tls(&settings, &foundations.files)?;
    let (services, jobs) = assemble(&settings, foundations, &tls);
    let (services, settings) = (Arc::new(services), Arc::new(settings));
    panics::log_and_count(services.metrics.panics.clone());
    jobs.run_here();
    let control =
        serve_control(control_listener, &services).map_err(|e| StartError::Listen(control_address, e))?;
    let api_tls = server_tls.as_ref().map(ServerTls::config).transpose()?;
    let api = serve_api(listener, &services, &settings, (tls, api_tls))
        .map_err(|e| StartError::Listen(address, e))?;
    let scheme = if server_tls.is_some() { "https" } else { "http" };
    tracing::info!(%address, scheme, control_address = %control_address, "listening");
    warn(&settings);
    let handle = control.handle();
    actix_web::rt::spawn(control);
    keep_in_order(&services);
    keep_renewed(&services);
    Ok(Running { address, control_address, services, settings, api, control: handle })
}

/// The API's own TLS, where the settings have files for it.
fn server_tls(
    settings: &BackendSettings,
    watched: &WatchedFiles,
) -> Result<Option<ServerTls>, AssemblyError> {
    let Some(files) = &settings.tls else { return Ok(None) };
    let tls = ServerTls::load(files, Arc::new(SystemClock))?;
    tls.watch(watched);
    for warning in tls.warnings() {
        tracing::warn!(setting = "TLS_CERT_FILE", "{warning}");
    }
    Ok(Some(tls))
}

/// What an operator should know of settings that are allowed.
fn warn(settings: &BackendSettings) {
    if let CallerMode::DevUser(user) = &settings.callers {
        tracing::warn!(%user, "CLUSTER_AUTH_DEV_USER is set: every caller on this machine is that user");
    }
    for host in &settings.insecure_http_hosts {
        tracing::warn!(host, "plain http is allowed to this host");
    }
    if let Some(warning) = settings.public_address.warning() {
        tracing::warn!(url = %settings.backstage_url, "{warning}");
    }
}

/// What each process does beside requests.
fn keep_in_order(services: &Services) {
    let unused = Arc::clone(&services.unused);
    // The login that is just being ended is not held up by the end.
    keep_until_closed(services, move || {
        let sweep = Sweep::new(Arc::clone(&unused));
        async move { sweep.now_and_then().await }
    });
    let index = Arc::clone(&services.index);
    keep_until_closed(services, move || {
        let index = Arc::clone(&index);
        async move { index.write_uses().await }
    });
    let logins = Arc::clone(&services.used_logins);
    keep_until_closed(services, move || {
        let logins = Arc::clone(&logins);
        async move { logins.look_after().await }
    });
    let opened = Arc::clone(&services.logins.opened);
    keep_until_closed(services, move || {
        let opened = Arc::clone(&opened);
        async move { opened.look_after().await }
    });
    let (clusters, stopping) = (Arc::clone(&services.clusters), services.stopping.clone());
    drop(services.detached.begin(async move || {
        tokio::select! {
            () = clusters.look() => {}
            () = stopping.closes() => {}
        }
    }));
    let retries = Arc::clone(&services.retries);
    services.detached.keep_running(move || {
        let retries = Arc::clone(&retries);
        async move { retries.run(&RuntimeTimer).await }
    });
}

/// What each process does so that keys, secrets and certificates can be changed under it.
fn keep_renewed(services: &Services) {
    let files = Arc::clone(&services.files);
    keep_until_closed(services, move || Arc::clone(&files).keep_looking());
    let old_keys = Arc::clone(&services.old_keys);
    keep_until_closed(services, move || {
        let old_keys = Arc::clone(&old_keys);
        async move { old_keys.keep_counting().await }
    });
}

fn keep_until_closed<F: Future<Output = ()> + 'static>(
    services: &Services,
    mut work: impl FnMut() -> F + 'static,
) {
    let stopping = services.stopping.clone();
    services.detached.keep_running(move || {
        let (work, stopping) = (work(), stopping.clone());
        async move {
            tokio::select! {
                () = work => {}
                () = stopping.closes() => {}
            }
        }
    });
}

fn connections(services: &Services, settings: &BackendSettings) -> Connections {
    Connections {
        slowest_head: SLOWEST_HEAD,
        keep_alive: KEEP_ALIVE,
        stopping: services.stopping.clone(),
        know_connection: lasting::know_connection,
        shutdown_timeout: UNDER_WAY.saturating_sub(settings.drain_delay),
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound =
        TcpListener::bind(address).and_then(|listener| listener.local_addr().map(|local| (listener, local)));
    bound.map_err(|error| StartError::Listen(address, error))
}

fn serve_api(
    listener: TcpListener,
    services: &Arc<Services>,
    settings: &Arc<BackendSettings>,
    (tls, api_tls): (ClientTls, Option<Arc<rustls::ServerConfig>>),
) -> std::io::Result<Server> {
    let connections = connections(services, settings);
    let (services, settings) = (Arc::clone(services), Arc::clone(settings));
    // Inherited by each connection: a caller's machine that vanished gives its watches back.
    SockRef::from(&listener).set_tcp_keepalive(&TcpKeepalive::new().with_time(CALLER_KEPT_ALIVE))?;
    let worker = move || {
        let (services, settings, tls) = (Arc::clone(&services), Arc::clone(&settings), tls.clone());
        App::new()
            .configure(|config| services.register(config))
            .app_data(web::Data::new(services.kubernetes_proxy(&tls, &settings)))
            .configure(|config| api::api(config, &settings))
            .wrap(from_fn(dev_guard::guard))
            .wrap(from_fn(request_id::follow))
            .wrap(from_fn(connection::end_after_other_answers))
    };
    match api_tls {
        Some(api_tls) => tls_listener::serve(listener, (connections, api_tls), worker),
        None => http1::serve(listener, connections, worker),
    }
}

fn serve_control(listener: TcpListener, services: &Arc<Services>) -> std::io::Result<Server> {
    let services = Arc::clone(services);
    let worker = move || {
        App::new()
            .configure(|config| services.register(config))
            .configure(api::control)
            .wrap(from_fn(request_id::follow))
    };
    Ok(HttpServer::new(worker).workers(1).shutdown_timeout(1).disable_signals().listen(listener)?.run())
}

impl Running {
    /// Serves until `stop` resolves, and ends as `stopping` says: requests and detached work under way may finish.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn serve_until(self, stop: impl Future<Output = StopSignal>) -> std::io::Result<()> {
        let Self { services, settings, mut api, control, .. } = self;
        let signal = tokio::select! {
            signal = stop => signal,
            ended = &mut api => return ended,
        };
        // First not ready, then the log's line for it: a reader of the log may rely on that.
        let until = services.stopping.begin();
        tracing::info!("stopping: requests under way may finish");
        if signal == StopSignal::Terminate {
            tokio::select! {
                () = sleep(settings.drain_delay) => {}
                ended = &mut api => return ended,
            }
        }
        services.stopping.close();
        // Asks for it; that it is done is what the server itself says.
        drop(api.handle().stop(true));
        let served = timeout_at(until + LETTING_GO, api);
        let (served, ()) = join(served, finish_work(&services, until)).await;
        // What the last requests have begun since.
        let _ = timeout_at(until + LETTING_GO, services.detached.done()).await;
        services.unwritten.close();
        let written = timeout(LETTING_GO, services.unwritten.wait());
        let _ = join(written, timeout(LETTING_GO / 2, control.stop(true))).await;
        served.unwrap_or(Ok(()))
    }
}

/// Lets detached work end, and writes down what was used meanwhile.
async fn finish_work(services: &Services, until: Instant) {
    if timeout_at(until, services.detached.done()).await.is_err() {
        let under_way = services.detached.under_way();
        tracing::error!(under_way, "the process ends before all its work is done: a login may be lost");
    }
    services.index.write_last_uses().await;
}

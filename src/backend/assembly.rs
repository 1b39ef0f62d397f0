//! Builds each service once a process, from the settings: the one place that knows them all.

mod assembly_error;
pub mod client_tls;
pub mod config_check;
#[cfg(test)]
pub mod example_backend;
mod foundations;
pub mod from_kubeconfig;
mod kubernetes_proxy;
mod renewals;
pub mod server_tls;
pub mod watched_files;

use std::sync::{Arc, Once};

use actix_web::web::{Data, ServiceConfig};
use tokio_util::task::TaskTracker;

pub use self::assembly_error::AssemblyError;
use self::client_tls::ClientTls;
pub use self::foundations::{Foundations, StoreUse};
use self::watched_files::WatchedFiles;
use super::api::health::Health;
use super::api::info;
use super::inbound::caller::Callers;
use super::inbound::dev_guard::DevGuard;
use super::inbound::rate_limit::RateLimits;
use super::kubernetes::open_files;
use super::kubernetes::streams::Streams;
use super::kubernetes::used_logins::UsedLogins;
use super::logins::catalog_entity::Catalog;
use super::logins::index::LoginIndex;
use super::logins::{KubeloginLogins, Logins};
use super::logout::Logout;
use super::logout::unused_sweep::{self, UnusedLogins};
use super::oidc::Provider;
use super::oidc::clusters::{Clusters, KnownCluster};
use super::revocation::Revoker;
use super::revocation::old_keys::OldKeys;
use super::revocation::outbox::Outbox;
use super::revocation::retry::Retries;
use super::session::Sessions;
use super::session::accept::Acceptance;
use super::session::exchange::Exchange;
use super::session::register::{Registration, ReturnTargets};
use super::session::waiters::Waiters;
use super::stopping::Stopping;
use super::stopping::detached::{Detached, Jobs};
use super::tokens::refresh::Limits;
use super::tokens::{Flights, Tokens};
use crate::clock::Clock;
use crate::outbound::http_client::HttpClient;
use crate::protocol::Info;
use crate::random::Random;
use crate::settings::backend::BackendSettings;
use crate::telemetry::backend_metrics::BackendMetrics;

/// The services of one process.
pub struct Services {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
    /// How far the end of the process is.
    pub stopping: Stopping,
    /// Uses of the Kubernetes proxy that still have to write their last line in the audit log.
    pub unwritten: TaskTracker,
    /// What goes on whatever becomes of the request that asked for it.
    pub detached: Detached,
    /// The files that may change.
    pub files: Arc<WatchedFiles>,
    /// The clusters.
    pub clusters: Arc<Clusters>,
    /// Which logins are kept.
    pub index: Arc<LoginIndex>,
    /// The logins themselves.
    pub logins: Arc<Logins>,
    /// Ends logins.
    pub logout: Arc<Logout>,
    /// Ends unused ones.
    pub unused: Arc<UnusedLogins>,
    /// Tries revocations again.
    pub retries: Arc<Retries>,
    /// Looks for the records of old keys.
    pub old_keys: Arc<OldKeys>,
    random: Arc<dyn Random>,
    callers: Arc<Callers>,
    tokens: Arc<Tokens>,
    exchange: Arc<Exchange>,
    registration: Arc<Registration>,
    sessions: Arc<Sessions>,
    streams: Arc<Streams>,
    /// The logins of open streams, which end with them.
    pub used_logins: Arc<UsedLogins>,
    health: Arc<Health>,
    info: Arc<Info>,
    dev_guard: Arc<DevGuard>,
}

/// Builds the services; detached work waits for [`Jobs::run_here`].
#[must_use]
pub fn assemble(settings: &BackendSettings, on: Foundations, tls: &ClientTls) -> (Services, Jobs) {
    let (detached, jobs) = Detached::new();
    let (stopping, http) = (Stopping::default(), tls.http(settings));
    let clusters = Arc::new(clusters(settings, &on, &http));
    let callers = Arc::new(Callers::new(settings, &on.clock, &http, &on.metrics.backstage_keys_seconds));
    let (logins, index) = kept_logins(settings, &on, &http);
    let revoker = Arc::new(revoker(settings, &on, &clusters, (&logins, &index)));
    let sessions = Arc::new(sessions(settings, &on));
    let kept = (&logins, &index, &revoker);
    let tokens = Arc::new(tokens(settings, &on, kept, &stopping, &detached));
    let logout = Arc::new(Logout {
        tokens: Arc::clone(&tokens),
        index: Arc::clone(&index),
        revoker: Arc::clone(&revoker),
        detached: detached.clone(),
    });
    let acceptance = Acceptance {
        logins: Arc::clone(&logins),
        index: Arc::clone(&index),
        revoker: Arc::clone(&revoker),
        clock: Arc::clone(&on.clock),
        stopping: stopping.clone(),
    };
    let services = Services {
        unused: Arc::new(unused(settings, &on, &index, &clusters, &logout)),
        old_keys: Arc::new(old_keys(&on, kept)),
        retries: Arc::new(Retries { revoker, logins: Arc::clone(&logins), stopping: stopping.clone() }),
        exchange: Arc::new(exchange(settings, &on, &sessions, &clusters, acceptance, &stopping)),
        registration: Arc::new(registration(settings, &on, &callers, &sessions, &clusters, http)),
        streams: Streams::new(settings.streams_per_user, open_files::streams_at_once()),
        used_logins: UsedLogins::new(Arc::clone(&logins)),
        health: Arc::new(health(&on, &sessions, &stopping)),
        info: Arc::new(info::of(settings)),
        dev_guard: Arc::new(DevGuard::new(settings)),
        clock: on.clock,
        metrics: on.metrics,
        files: on.files,
        random: on.random,
        stopping,
        unwritten: TaskTracker::new(),
        detached,
        clusters,
        index,
        logins,
        logout,
        callers,
        tokens,
        sessions,
    };
    (services, jobs)
}

fn clusters(settings: &BackendSettings, on: &Foundations, http: &HttpClient) -> Clusters {
    let known = settings.clusters.values().map(|cluster| {
        // A gauge that was never set is zero, not missing.
        on.metrics.kubernetes_streams.with_label_values(&[&cluster.name]).set(0);
        let (hosts, clock, random) =
            (settings.insecure_http_hosts.clone(), Arc::clone(&on.clock), Arc::clone(&on.random));
        let provider =
            Provider::new(cluster.oidc.clone(), http.clone(), hosts, clock, random, Arc::clone(&on.metrics));
        KnownCluster { settings: cluster.clone(), provider, refused_token: Once::new() }
    });
    let clusters = Clusters::new(known);
    clusters.iter().for_each(|cluster| renewals::client(&on.files, cluster));
    clusters
}

fn kept_logins(
    settings: &BackendSettings,
    on: &Foundations,
    http: &HttpClient,
) -> (Arc<Logins>, Arc<LoginIndex>) {
    // A login has to be revoked before it is forgotten: the sweep comes before the store's own end.
    let ttl = settings.unused_login_lifetime + unused_sweep::MARGIN;
    let (store, keyring, random) = (Arc::clone(&on.store), Arc::clone(&on.keyring), Arc::clone(&on.random));
    let index = LoginIndex::new(Arc::clone(&store), Arc::clone(&on.clock), ttl);
    let kubelogin = KubeloginLogins::of(settings, http);
    (Arc::new(Logins { store, keyring, random, ttl, kubelogin, opened: Arc::default() }), Arc::new(index))
}

fn revoker(
    settings: &BackendSettings,
    on: &Foundations,
    clusters: &Arc<Clusters>,
    (logins, index): (&Arc<Logins>, &Arc<LoginIndex>),
) -> Revoker {
    Revoker {
        outbox: Outbox {
            store: Arc::clone(&on.store),
            keyring: Arc::clone(&on.keyring),
            random: Arc::clone(&on.random),
        },
        clusters: Arc::clone(clusters),
        logins: Arc::clone(logins),
        index: Arc::clone(index),
        clock: Arc::clone(&on.clock),
        metrics: Arc::clone(&on.metrics),
        idp_timeout: settings.idp_timeout,
    }
}

fn tokens(
    settings: &BackendSettings,
    on: &Foundations,
    (logins, index, revoker): (&Arc<Logins>, &Arc<LoginIndex>, &Arc<Revoker>),
    stopping: &Stopping,
    detached: &Detached,
) -> Tokens {
    Tokens {
        logins: Arc::clone(logins),
        index: Arc::clone(index),
        revoker: Arc::clone(revoker),
        flights: Flights::default(),
        limits: Limits::of(settings),
        clock: Arc::clone(&on.clock),
        metrics: Arc::clone(&on.metrics),
        stopping: stopping.clone(),
        detached: detached.clone(),
    }
}

fn old_keys(
    on: &Foundations,
    (logins, index, revoker): (&Arc<Logins>, &Arc<LoginIndex>, &Arc<Revoker>),
) -> OldKeys {
    OldKeys {
        logins: Arc::clone(logins),
        index: Arc::clone(index),
        outbox: revoker.outbox.clone(),
        clock: Arc::clone(&on.clock),
        metrics: Arc::clone(&on.metrics),
    }
}

fn sessions(settings: &BackendSettings, on: &Foundations) -> Sessions {
    Sessions {
        store: Arc::clone(&on.store),
        keyring: Arc::clone(&on.keyring),
        random: Arc::clone(&on.random),
        clock: Arc::clone(&on.clock),
        lifetime: settings.session_lifetime,
        waiters: Waiters::default(),
        metrics: Arc::clone(&on.metrics),
    }
}

fn unused(
    settings: &BackendSettings,
    on: &Foundations,
    index: &Arc<LoginIndex>,
    clusters: &Arc<Clusters>,
    logout: &Arc<Logout>,
) -> UnusedLogins {
    UnusedLogins {
        index: Arc::clone(index),
        clusters: Arc::clone(clusters),
        logout: Arc::clone(logout),
        store: Arc::clone(&on.store),
        random: Arc::clone(&on.random),
        clock: Arc::clone(&on.clock),
        lifetime: settings.unused_login_lifetime,
    }
}

fn exchange(
    settings: &BackendSettings,
    on: &Foundations,
    sessions: &Arc<Sessions>,
    clusters: &Arc<Clusters>,
    acceptance: Acceptance,
    stopping: &Stopping,
) -> Exchange {
    Exchange {
        sessions: Arc::clone(sessions),
        clusters: Arc::clone(clusters),
        acceptance,
        clock: Arc::clone(&on.clock),
        metrics: Arc::clone(&on.metrics),
        stopping: stopping.clone(),
        lease: settings.exchange_lease,
        spending: settings.spending(),
    }
}

fn registration(
    settings: &BackendSettings,
    on: &Foundations,
    callers: &Arc<Callers>,
    sessions: &Arc<Sessions>,
    clusters: &Arc<Clusters>,
    http: HttpClient,
) -> Registration {
    Registration {
        callers: Arc::clone(callers),
        limits: RateLimits::new(settings.registrations_per_minute, settings.trusted_proxies.clone()),
        sessions: Arc::clone(sessions),
        clusters: Arc::clone(clusters),
        catalog: Catalog::new(settings, http),
        return_targets: ReturnTargets::new(settings),
        metrics: Arc::clone(&on.metrics),
    }
}

fn health(on: &Foundations, sessions: &Arc<Sessions>, stopping: &Stopping) -> Health {
    Health {
        store: Arc::clone(&on.store),
        stopping: stopping.clone(),
        sessions: Arc::clone(sessions),
        metrics: Arc::clone(&on.metrics),
    }
}

impl Services {
    /// Gives handlers the services that they list.
    pub fn register(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::from(Arc::clone(&self.clock)))
            .app_data(Data::from(Arc::clone(&self.random)))
            .app_data(Data::new(self.stopping.clone()))
            .app_data(Data::new(self.detached.clone()))
            .app_data(Data::from(Arc::clone(&self.callers)))
            .app_data(Data::from(Arc::clone(&self.clusters)))
            .app_data(Data::from(Arc::clone(&self.logins)))
            .app_data(Data::from(Arc::clone(&self.logout)))
            .app_data(Data::from(Arc::clone(&self.tokens)))
            .app_data(Data::from(Arc::clone(&self.sessions)))
            .app_data(Data::from(Arc::clone(&self.exchange)))
            .app_data(Data::from(Arc::clone(&self.registration)))
            .app_data(Data::from(Arc::clone(&self.health)))
            .app_data(Data::from(Arc::clone(&self.info)))
            .app_data(Data::from(Arc::clone(&self.dev_guard)));
    }
}

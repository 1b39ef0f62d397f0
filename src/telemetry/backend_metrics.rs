//! The backend's metrics, named `cluster_auth_…`; every label is bounded.

use std::sync::Arc;

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use super::build::{COMMIT, VERSION};
use super::process_metrics;
use super::renewal_metrics::RenewalMetrics;

/// Counters and histograms of one backend process.
#[derive(Clone)]
pub struct BackendMetrics {
    registry: Registry,
    /// Requests to begin a login, by `outcome`: `begun` or an error code.
    pub registrations: IntCounterVec,
    /// Logins that ended, by `outcome`: `complete` or an error code.
    pub logins: IntCounterVec,
    /// Seconds from receiving a code to its outcome.
    pub exchange_seconds: Histogram,
    /// Sessions that this process began and that have not ended or run out.
    pub sessions_pending: IntGauge,
    /// Seconds of a store operation, by `op`.
    pub store_seconds: HistogramVec,
    /// Seconds of a call to the identity provider, by `endpoint`.
    pub idp_seconds: HistogramVec,
    /// Seconds to fetch the keys that Backstage signs user tokens with.
    pub backstage_keys_seconds: Histogram,
    /// Refreshes, by `result`: `refreshed` or why not.
    pub refreshes: IntCounterVec,
    /// Seconds that a refresh waits for its lock, or for the result of another refresh.
    pub refresh_lock_wait_seconds: Histogram,
    /// Revocations, by `outcome`: confirmed, not offered, put off for the first time, given up.
    pub revocations: IntCounterVec,
    /// Proxied requests, by `cluster` and HTTP status `code`.
    pub kubernetes_requests: IntCounterVec,
    /// Panics: faults of the program, each of which ended one request or task.
    pub panics: IntCounter,
    /// Watches, followed logs and upgrades that are open, by `cluster`.
    pub kubernetes_streams: IntGaugeVec,
    /// Of keys, secrets and certificates that change.
    pub renewals: RenewalMetrics,
}

impl BackendMetrics {
    /// All of them at zero, `build_info` at one.
    ///
    /// # Errors
    /// Only when two metrics have one name.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let metrics = Self {
            registry: Registry::new(),
            registrations: counter(
                "cluster_auth_registrations_total",
                "Requests to begin a login, by outcome.",
                &["outcome"],
            )?,
            logins: counter("cluster_auth_logins_total", "Logins that ended, by outcome.", &["outcome"])?,
            exchange_seconds: seconds(
                "cluster_auth_exchange_seconds",
                "Seconds from a code's arrival to its outcome.",
            )?,
            sessions_pending: IntGauge::new(
                "cluster_auth_sessions_pending",
                "Sessions that have not ended.",
            )?,
            store_seconds: seconds_by("cluster_auth_store_seconds", "Seconds of a store operation.", "op")?,
            idp_seconds: seconds_by(
                "cluster_auth_idp_seconds",
                "Seconds of a call to the identity provider.",
                "endpoint",
            )?,
            backstage_keys_seconds: seconds(
                "cluster_auth_backstage_keys_seconds",
                "Seconds to fetch Backstage's keys.",
            )?,
            refreshes: counter("cluster_auth_refresh_total", "Refreshes, by result.", &["result"])?,
            refresh_lock_wait_seconds: seconds(
                "cluster_auth_refresh_lock_wait_seconds",
                "Seconds that a refresh waits for its lock.",
            )?,
            revocations: counter("cluster_auth_revocations_total", "Revocations, by outcome.", &["outcome"])?,
            kubernetes_requests: counter(
                "cluster_auth_kubernetes_requests_total",
                "Proxied requests, by cluster and status.",
                &["cluster", "code"],
            )?,
            panics: IntCounter::new(
                "cluster_auth_panics_total",
                "Faults of the program, each of which ended a request or task.",
            )?,
            kubernetes_streams: IntGaugeVec::new(
                Opts::new("cluster_auth_kubernetes_streams", "Watches, logs and upgrades that are open."),
                &["cluster"],
            )?,
            renewals: RenewalMetrics::new()?,
        };
        metrics.register()?;
        Ok(Arc::new(metrics))
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        let build = IntCounterVec::new(
            Opts::new("cluster_auth_build_info", "The running build."),
            &["version", "commit"],
        )?;
        build.with_label_values(&[VERSION, COMMIT]).inc();
        process_metrics::register(&self.registry)?;
        self.registry.register(Box::new(build))?;
        self.registry.register(Box::new(self.registrations.clone()))?;
        self.registry.register(Box::new(self.logins.clone()))?;
        self.registry.register(Box::new(self.exchange_seconds.clone()))?;
        self.registry.register(Box::new(self.sessions_pending.clone()))?;
        self.registry.register(Box::new(self.store_seconds.clone()))?;
        self.registry.register(Box::new(self.idp_seconds.clone()))?;
        self.registry.register(Box::new(self.backstage_keys_seconds.clone()))?;
        self.registry.register(Box::new(self.refreshes.clone()))?;
        self.registry.register(Box::new(self.refresh_lock_wait_seconds.clone()))?;
        self.registry.register(Box::new(self.revocations.clone()))?;
        self.registry.register(Box::new(self.panics.clone()))?;
        self.registry.register(Box::new(self.kubernetes_requests.clone()))?;
        self.registry.register(Box::new(self.kubernetes_streams.clone()))?;
        self.renewals.register(&self.registry)
    }

    /// The Prometheus text format.
    ///
    /// # Errors
    /// When a metric cannot be encoded.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn counter(name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
    IntCounterVec::new(Opts::new(name, help), labels)
}

fn seconds(name: &str, help: &str) -> Result<Histogram, prometheus::Error> {
    Histogram::with_opts(HistogramOpts::new(name, help))
}

fn seconds_by(name: &str, help: &str, label: &str) -> Result<HistogramVec, prometheus::Error> {
    HistogramVec::new(HistogramOpts::new(name, help), &[label])
}

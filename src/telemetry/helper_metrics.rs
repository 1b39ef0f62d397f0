//! The helper's metrics, named `oidc_helper_…`; every label is bounded.

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use super::build::{COMMIT, VERSION};
use super::process_metrics;

/// Counters and histograms of one proxy process.
#[derive(Clone)]
pub struct HelperMetrics {
    registry: Registry,
    /// Logins that ended, by `outcome`: `complete` or an error code.
    pub logins: IntCounterVec,
    /// Seconds from a redirect to its page.
    pub callback_seconds: Histogram,
    /// Seconds from receiving a code to the backend's final answer.
    pub exchange_seconds: Histogram,
    /// Logins under way in this process.
    pub sessions_pending: IntGauge,
    /// Seconds of a store operation, by `op`.
    pub store_seconds: HistogramVec,
    /// Panics: faults of the program, each of which ended one request or task.
    pub panics: IntCounter,
}

impl HelperMetrics {
    /// All of them at zero, `build_info` at one.
    ///
    /// # Errors
    /// Only when two metrics have one name.
    pub fn new() -> Result<Arc<Self>, prometheus::Error> {
        let histogram = |name: &str, help: &str| Histogram::with_opts(HistogramOpts::new(name, help));
        let metrics = Self {
            registry: Registry::new(),
            logins: IntCounterVec::new(
                Opts::new("oidc_helper_logins_total", "Logins that ended, by outcome."),
                &["outcome"],
            )?,
            callback_seconds: histogram(
                "oidc_helper_callback_seconds",
                "Seconds from redirect in to page out.",
            )?,
            exchange_seconds: histogram(
                "oidc_helper_exchange_seconds",
                "Seconds from a code's arrival to the backend's last word on it.",
            )?,
            sessions_pending: IntGauge::new("oidc_helper_sessions_pending", "Logins under way.")?,
            store_seconds: HistogramVec::new(
                HistogramOpts::new("oidc_helper_store_seconds", "Seconds of a store operation."),
                &["op"],
            )?,
            panics: IntCounter::new(
                "oidc_helper_panics_total",
                "Faults of the program, each of which ended a request or task.",
            )?,
        };
        metrics.register()?;
        Ok(Arc::new(metrics))
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        let build = IntCounterVec::new(
            Opts::new("oidc_helper_build_info", "The running build."),
            &["version", "commit"],
        )?;
        build.with_label_values(&[VERSION, COMMIT]).inc();
        process_metrics::register(&self.registry)?;
        let collectors: [Box<dyn Collector>; 7] = [
            Box::new(build),
            Box::new(self.logins.clone()),
            Box::new(self.callback_seconds.clone()),
            Box::new(self.exchange_seconds.clone()),
            Box::new(self.sessions_pending.clone()),
            Box::new(self.store_seconds.clone()),
            Box::new(self.panics.clone()),
        ];
        collectors.into_iter().try_for_each(|collector| self.registry.register(collector))
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

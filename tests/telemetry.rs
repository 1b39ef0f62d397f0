//! The log and the metrics.

mod build;
mod library_logs;
mod metrics;

//! The log and the metrics.

mod library_logs;
mod metrics;

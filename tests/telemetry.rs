//! The log and the metrics.

mod audit_log;
mod build;
mod library_logs;
mod metrics;

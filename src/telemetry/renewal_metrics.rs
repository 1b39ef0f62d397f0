//! The backend's metrics of what changes under it: keys, secrets, certificates.

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// Of keys, secrets and certificates that change.
#[derive(Clone)]
pub struct RenewalMetrics {
    /// New contents of watched files, by `setting`, `cluster` (empty where it is of no cluster) and `outcome`: `taken` or `refused`.
    pub file_changes: IntCounterVec,
    /// 1 while what the files of a `setting` (of a `cluster`) hold is refused, and what they held before is used.
    pub files_refused: IntGaugeVec,
    /// Logins and revocations that a key seals which only opens by now, as of the last count.
    pub records_of_old_keys: IntGauge,
}

impl RenewalMetrics {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        Ok(Self {
            file_changes: IntCounterVec::new(
                Opts::new("cluster_auth_file_changes_total", "New contents of watched files, by outcome."),
                &["setting", "cluster", "outcome"],
            )?,
            files_refused: IntGaugeVec::new(
                Opts::new("cluster_auth_files_refused", "Whether what files hold is refused."),
                &["setting", "cluster"],
            )?,
            records_of_old_keys: IntGauge::new(
                "cluster_auth_records_of_old_keys",
                "Records that a key seals which only opens by now.",
            )?,
        })
    }

    pub(super) fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        registry.register(Box::new(self.file_changes.clone()))?;
        registry.register(Box::new(self.files_refused.clone()))?;
        registry.register(Box::new(self.records_of_old_keys.clone()))
    }
}

//! The logins of a proxy, from beginning to end.

pub mod begin;
pub mod confirm_first;
pub mod lookup;
pub mod resume;
pub mod run;
pub mod sign_in_first;

use std::sync::Arc;

use super::state::Registries;
use super::state::backend::Backend;
use super::state::login_store::LoginStore;
use crate::clock::Clock;
use crate::random::Random;
use crate::settings::login::LoginSettings;
use crate::telemetry::helper_metrics::HelperMetrics;

/// What is needed to begin, find and end a login of the proxy. All clones serve the same logins.
#[derive(Clone)]
pub struct ProxyLogins {
    /// How to reach the backend, and how long a login may take.
    pub settings: Arc<LoginSettings>,
    /// The helper port.
    pub control_port: u16,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The metrics.
    pub metrics: Arc<HelperMetrics>,
    /// The backend.
    pub backend: Arc<Backend>,
    /// The store of logins.
    pub store: Arc<LoginStore>,
    /// What is pending in this process.
    pub known: Arc<Registries>,
}

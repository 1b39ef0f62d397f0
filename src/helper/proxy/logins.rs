//! The logins that a proxy serves, each from its beginning to its end.

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

/// The logins of the proxy: what beginning, finding and ending one needs. Each clone serves the same logins.
#[derive(Clone)]
pub struct ProxyLogins {
    /// How the backend is reached, and how long a login may take.
    pub settings: Arc<LoginSettings>,
    /// The helper port.
    pub control_port: u16,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// How they go.
    pub metrics: Arc<HelperMetrics>,
    /// The backend that they are with.
    pub backend: Arc<Backend>,
    /// Where they are kept.
    pub store: Arc<LoginStore>,
    /// What is under way in this process.
    pub known: Arc<Registries>,
}

//! What every request to the proxy needs.

pub mod backend_info;
pub mod backend_thread;
pub mod callback_port;
pub mod live_logins;
pub mod login_store;
pub mod sign_ins;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

use self::backend_info::Installation;
use self::backend_thread::BackendThread;
use self::callback_port::CallbackPort;
use self::live_logins::LiveLogins;
use self::sign_ins::SignIns;
use super::web::questions::Questions;
use crate::clock::Clock;
use crate::helper::confirmation::trust::BackendTrust;
use crate::random::Random;
use crate::settings::proxy::ProxySettings;
use crate::store::Store;
use crate::telemetry::helper_metrics::HelperMetrics;

/// The Backstage that the proxy is for.
pub struct NamedBackstage {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Whether a person has said that it is theirs.
    pub trust: BackendTrust,
}

/// The proxy's state. No two of its processes share any but the store.
pub struct App {
    /// The settings.
    pub settings: ProxySettings,
    /// The Backstage that it is for, where it was told of one.
    pub backstage: Option<NamedBackstage>,
    /// The helper port.
    pub control_port: u16,
    /// Where logins are kept.
    pub store: Arc<dyn Store>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// How it is doing.
    pub metrics: Arc<HelperMetrics>,
    /// Who speaks to the backend.
    pub backend: BackendThread,
    /// What is known of the backend.
    pub installation: Installation,
    /// The logins that this process knows of.
    pub live: LiveLogins,
    /// The questions about the backend that come before its first login.
    pub questions: Questions,
    /// The sign-ins to Backstage that come before a login.
    pub sign_ins: SignIns,
    /// The redirect's port.
    pub callback_port: CallbackPort,
    stopping: AtomicBool,
}

impl App {
    /// Of these parts.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "the one place where the parts come together")]
    pub fn new(
        settings: ProxySettings,
        backstage: Option<NamedBackstage>,
        control_port: u16,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        metrics: Arc<HelperMetrics>,
        backend: BackendThread,
        callback_port: CallbackPort,
    ) -> Self {
        Self {
            settings,
            backstage,
            control_port,
            store,
            clock,
            random,
            metrics,
            backend,
            installation: Installation::default(),
            live: LiveLogins::default(),
            questions: Questions::default(),
            sign_ins: SignIns::default(),
            callback_port,
            stopping: AtomicBool::new(false),
        }
    }

    /// The address of the Backstage that it is for.
    #[must_use]
    pub fn backstage_url(&self) -> Option<&str> {
        self.backstage.as_ref().map(|backstage| backstage.url.as_str())
    }

    /// How long it is until then; nothing when it is over.
    #[must_use]
    pub fn until(&self, moment: OffsetDateTime) -> Duration {
        (moment - self.clock.now()).try_into().unwrap_or_default()
    }

    /// From now on not ready.
    pub fn begin_to_stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether it was told to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

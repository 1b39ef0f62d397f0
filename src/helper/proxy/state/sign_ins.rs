//! The sign-ins to Backstage that this process knows of: one that a restart ends is begun again with a click.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::protocol::WireSecret;

/// The sign-ins that this process knows of.
#[derive(Default)]
pub struct SignIns(Mutex<Vec<Arc<PendingSignIn>>>);

impl SignIns {
    fn known(&self) -> MutexGuard<'_, Vec<Arc<PendingSignIn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sign-in begins.
    pub fn enter(&self, sign_in: &Arc<PendingSignIn>) {
        self.known().push(Arc::clone(sign_in));
    }

    /// A sign-in is over, and its page no longer reloaded.
    pub fn forget(&self, sign_in: &Arc<PendingSignIn>) {
        self.known().retain(|known| !Arc::ptr_eq(known, sign_in));
    }

    /// The one with this state.
    #[must_use]
    pub fn of_state(&self, state: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.known().iter().find(|sign_in| state.equals(sign_in.state())).cloned()
    }

    /// The one whose link ends with this secret.
    #[must_use]
    pub fn of_link(&self, secret: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.known().iter().find(|sign_in| sign_in.is_link_secret(secret)).cloned()
    }

    /// Whether a browser is expected back.
    #[must_use]
    pub fn are_under_way(&self) -> bool {
        self.known().iter().any(|sign_in| !sign_in.redirect.is_resolved())
    }
}

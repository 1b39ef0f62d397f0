//! The pending sign-ins to Backstage of this process. A restart loses them; the user clicks again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::protocol::WireSecret;

/// The pending sign-ins.
#[derive(Default)]
pub struct SignIns(Mutex<Vec<Arc<PendingSignIn>>>);

impl SignIns {
    fn known(&self) -> MutexGuard<'_, Vec<Arc<PendingSignIn>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a sign-in.
    pub fn enter(&self, sign_in: &Arc<PendingSignIn>) {
        self.known().push(Arc::clone(sign_in));
    }

    /// Removes a sign-in that is over.
    pub fn forget(&self, sign_in: &Arc<PendingSignIn>) {
        self.known().retain(|known| !Arc::ptr_eq(known, sign_in));
    }

    /// The sign-in with this state.
    #[must_use]
    pub fn of_state(&self, state: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.known().iter().find(|sign_in| state.equals(sign_in.state())).cloned()
    }

    /// The sign-in with this secret in its link.
    #[must_use]
    pub fn of_link(&self, secret: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.known().iter().find(|sign_in| sign_in.is_link_secret(secret)).cloned()
    }

    /// Whether a callback is expected.
    #[must_use]
    pub fn are_under_way(&self) -> bool {
        self.known().iter().any(|sign_in| !sign_in.redirect.is_resolved())
    }
}

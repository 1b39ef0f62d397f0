//! How far the `login` role is: it may have to find out first whose the login will be.

use std::sync::{Arc, OnceLock};

use crate::helper::pending_login::PendingLogin;
use crate::helper::pending_sign_in::PendingSignIn;

/// What the helper's pages are about. Each part begins once and stays.
#[derive(Default)]
pub struct Stage {
    sign_in: OnceLock<Arc<PendingSignIn>>,
    login: OnceLock<Arc<PendingLogin>>,
}

impl Stage {
    /// The person has to sign in to Backstage.
    pub fn begin_sign_in(&self, sign_in: PendingSignIn) -> &Arc<PendingSignIn> {
        self.sign_in.get_or_init(|| Arc::new(sign_in))
    }

    /// The login begins.
    pub fn begin_login(&self, login: PendingLogin) -> &Arc<PendingLogin> {
        self.login.get_or_init(|| Arc::new(login))
    }

    /// Signing in to Backstage, where that was needed.
    #[must_use]
    pub fn sign_in(&self) -> Option<&Arc<PendingSignIn>> {
        self.sign_in.get()
    }

    /// The login, as soon as it is known whose it will be.
    #[must_use]
    pub fn login(&self) -> Option<&Arc<PendingLogin>> {
        self.login.get()
    }
}

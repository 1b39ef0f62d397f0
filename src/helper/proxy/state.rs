//! What one process of the proxy knows. No two of them share any of it but the store.

pub mod backend;
pub mod backend_info;
pub mod backend_thread;
pub mod callback_port;
pub mod form_tokens;
pub mod live_logins;
pub mod login_store;
pub mod questions;
pub mod sign_ins;

use self::callback_port::CallbackPort;
use self::live_logins::LiveLogins;
use self::questions::Questions;
use self::sign_ins::SignIns;

/// What is under way in this process, and the port that it comes back to.
pub struct Registries {
    /// The logins that this process knows of.
    pub live: LiveLogins,
    /// The questions about the backend that come before its first login.
    pub questions: Questions,
    /// The sign-ins to Backstage that come before a login.
    pub sign_ins: SignIns,
    /// The redirect's port.
    pub callback_port: CallbackPort,
}

impl Registries {
    /// Nothing is under way yet.
    #[must_use]
    pub fn new(callback_port: CallbackPort) -> Self {
        Self {
            live: LiveLogins::default(),
            questions: Questions::default(),
            sign_ins: SignIns::default(),
            callback_port,
        }
    }

    /// Frees the redirect's port when nothing is under way that comes back to it.
    pub async fn close_port_unless_needed(&self) {
        let needed = || self.live.under_way() > 0 || self.sign_ins.are_under_way();
        self.callback_port.close_unless(needed).await;
    }
}

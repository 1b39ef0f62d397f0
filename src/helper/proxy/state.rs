//! The state of one proxy process. Processes share only the store.

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

/// What is pending in this process, and the redirect URI's port.
pub struct Registries {
    /// The logins that this process knows.
    pub live: LiveLogins,
    /// The questions about the backend that precede the first login there.
    pub questions: Questions,
    /// The sign-ins to Backstage that precede a login.
    pub sign_ins: SignIns,
    /// The redirect URI's port.
    pub callback_port: CallbackPort,
}

impl Registries {
    /// Nothing is pending yet.
    #[must_use]
    pub fn new(callback_port: CallbackPort) -> Self {
        Self {
            live: LiveLogins::default(),
            questions: Questions::default(),
            sign_ins: SignIns::default(),
            callback_port,
        }
    }

    /// Closes the redirect URI's port if no callback is expected.
    pub async fn close_port_unless_needed(&self) {
        self.callback_port.close_unless(|| self.expects_callback()).await;
    }

    /// Whether a login or a sign-in is pending.
    #[must_use]
    pub fn expects_callback(&self) -> bool {
        self.live.under_way() > 0 || self.sign_ins.are_under_way()
    }
}

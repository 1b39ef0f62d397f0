//! Signing in to Backstage, while it is under way: its secrets, what came back, and where the browser goes then.

use tokio::sync::mpsc;

use super::SignIn;
use crate::helper::callback::{Callback, Consent, Expected, StateCookie};
use crate::helper::web::deferred_redirect::DeferredRedirect;
use crate::protocol::WireSecret;
use crate::random::{NoRandomness, Random, random_secret};

/// The name in Backstage's redirect, whatever that of the identity provider is.
pub const REDIRECT_HOST: &str = "localhost";

/// A sign-in that is under way. Has no `Debug`: it holds secrets.
pub struct PendingSignIn {
    /// Where a browser that comes back goes on: the login that now begins.
    pub redirect: DeferredRedirect,
    sign_in: SignIn,
    port: u16,
    link_secret: WireSecret,
    cookie: StateCookie,
    callbacks: mpsc::Sender<Callback>,
}

impl PendingSignIn {
    /// One that nobody has come back from yet, and the end of the channel on which its answer will arrive. `port` is the one that the
    /// helper listens on.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(
        sign_in: SignIn,
        port: u16,
        random: &dyn Random,
    ) -> Result<(Self, mpsc::Receiver<Callback>), NoRandomness> {
        let (callbacks, receiver) = mpsc::channel(1);
        let cookie =
            StateCookie { name: StateCookie::name_for(&sign_in.state), value: random_secret(random)? };
        let link_secret = random_secret(random)?;
        let redirect = DeferredRedirect::default();
        Ok((Self { redirect, sign_in, port, link_secret, cookie, callbacks }, receiver))
    }

    /// The page that the helper opens or prints.
    #[must_use]
    pub fn link(&self) -> WireSecret {
        format!("http://{REDIRECT_HOST}:{}/go/{}", self.port, self.link_secret.expose()).into()
    }

    /// Whether this is the secret at the end of [`Self::link`].
    #[must_use]
    pub fn is_link_secret(&self, secret: &WireSecret) -> bool {
        self.link_secret.equals(secret)
    }

    /// Where the browser signs in.
    #[must_use]
    pub fn authorize_url(&self) -> &WireSecret {
        &self.sign_in.authorize_url
    }

    /// The state that the browser was sent away with.
    #[must_use]
    pub fn state(&self) -> &WireSecret {
        &self.sign_in.state
    }

    /// The secret at the end of [`Self::link`].
    #[must_use]
    pub fn link_secret(&self) -> &WireSecret {
        &self.link_secret
    }

    /// What the code is redeemed with.
    #[must_use]
    pub fn verifier(&self) -> &WireSecret {
        &self.sign_in.verifier
    }

    /// The cookie that a callback must carry.
    #[must_use]
    pub fn cookie(&self) -> &StateCookie {
        &self.cookie
    }

    /// What a callback must match. Nobody but the person began this: there is nothing to confirm.
    #[must_use]
    pub fn expected(&self) -> Expected<'_> {
        Expected { state: &self.sign_in.state, cookie: &self.cookie, consent: Consent::Given }
    }

    /// Takes Backstage's answer. Only the first counts; who brings another sees how the first one ended.
    pub fn accept(&self, callback: Callback) {
        if self.callbacks.try_send(callback).is_err() {
            tracing::info!("Backstage's answer came once more");
        }
    }
}

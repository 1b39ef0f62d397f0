//! A pending sign-in to Backstage: its secrets, its callback, and where the browser goes afterwards.

use tokio::sync::mpsc;

use super::SignIn;
use crate::helper::callback::{Callback, Consent, Expected, StateCookie};
use crate::helper::web::deferred_redirect::DeferredRedirect;
use crate::protocol::WireSecret;
use crate::random::{NoRandomness, Random, random_secret};

/// The host of Backstage's redirect URI, which may differ from the identity provider's.
pub const REDIRECT_HOST: &str = "localhost";

/// A pending sign-in. Has no `Debug`: it holds secrets.
pub struct PendingSignIn {
    /// Where the browser goes after the callback: to the login that begins then.
    pub redirect: DeferredRedirect,
    sign_in: SignIn,
    port: u16,
    link_secret: WireSecret,
    cookie: StateCookie,
    callbacks: mpsc::Sender<Callback>,
}

impl PendingSignIn {
    /// A new pending sign-in, and the receiver of its callback. `port` is the one that the helper listens on.
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

    /// The link that the helper opens or prints.
    #[must_use]
    pub fn link(&self) -> WireSecret {
        format!("http://{REDIRECT_HOST}:{}/go/{}", self.port, self.link_secret.expose()).into()
    }

    /// Whether this is the secret at the end of [`Self::link`].
    #[must_use]
    pub fn is_link_secret(&self, secret: &WireSecret) -> bool {
        self.link_secret.equals(secret)
    }

    /// The authorization URL.
    #[must_use]
    pub fn authorize_url(&self) -> &WireSecret {
        &self.sign_in.authorize_url
    }

    /// The state of the authorization request.
    #[must_use]
    pub fn state(&self) -> &WireSecret {
        &self.sign_in.state
    }

    /// The secret at the end of [`Self::link`].
    #[must_use]
    pub fn link_secret(&self) -> &WireSecret {
        &self.link_secret
    }

    /// The PKCE verifier.
    #[must_use]
    pub fn verifier(&self) -> &WireSecret {
        &self.sign_in.verifier
    }

    /// The cookie that a callback must carry.
    #[must_use]
    pub fn cookie(&self) -> &StateCookie {
        &self.cookie
    }

    /// What a callback must match. The user began this sign-in on this machine, so there is nothing to confirm.
    #[must_use]
    pub fn expected(&self) -> Expected<'_> {
        Expected { state: &self.sign_in.state, cookie: &self.cookie, consent: Consent::Given }
    }

    /// Accepts a callback. Only the first one counts; later ones show its outcome.
    pub fn accept(&self, callback: Callback) {
        if self.callbacks.try_send(callback).is_err() {
            tracing::info!("Backstage's answer came once more");
        }
    }
}

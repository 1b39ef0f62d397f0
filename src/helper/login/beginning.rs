//! Begins the login of the `login` role: confirms the backend if it never was, then begins or takes over a session with the configured
//! credential, a kept sign-in, or a new one.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::confirm_backend::Confirmation;
use super::sign_in_first::{Person, SignedIn, SigningIn};
use crate::helper::HelperError;
use crate::helper::callback::Callback;
use crate::helper::confirmation::trust::BackendTrust;
use crate::helper::session::auth_url::{AuthUrl, redirect_uri_of};
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::open_session::{OpenSession, Origin};
use crate::helper::session::own_exchange::OwnExchange;
use crate::helper::session::pending_login::PendingLogin;
use crate::helper::session::{self, Credential, IdentityCheck, Session};
use crate::helper::sign_in::credential::UserCredential;
use crate::helper::terminal::dialogue::BrowserState;
use crate::helper::terminal::keyboard::Keyboard;
use crate::helper::web::deferred_redirect::Destination;
use crate::helper::web::server::LAST_PAGE;
use crate::protocol::{Info, WireSecret};

/// What is needed to begin the login.
pub struct Beginning<'a> {
    /// The backend's answer to `GET /info`.
    pub info: &'a Info,
    /// The confirmation of the backend.
    pub trust: &'a BackendTrust,
    /// The user.
    pub person: Person<'a>,
    /// Told of the session.
    pub open_session: &'a OpenSession,
}

/// A login that has begun.
pub struct Begun {
    /// The login.
    pub login: Arc<PendingLogin>,
    /// Receives its callback.
    pub callbacks: mpsc::UnboundedReceiver<Callback>,
    /// Its session's token.
    pub session_token: WireSecret,
    /// When the session ends.
    pub session_ends: Instant,
    /// Where the user's browser is.
    pub browser: BrowserState,
    /// Whether the backend compares who logs in.
    pub identity: IdentityCheck,
    /// Where its session was begun.
    pub origin: Origin,
    /// What its code is redeemed with here; none where the backend redeems it.
    pub own_exchange: Option<OwnExchange>,
}

impl Beginning<'_> {
    /// Begins the login. Sends nothing to an unconfirmed backend before the user confirms it.
    ///
    /// # Errors
    /// As the variants of [`HelperError`] say.
    pub async fn begin(&self, credential: Credential, keyboard: &mut Keyboard) -> Result<Begun, HelperError> {
        let confirmation = self.person.confirm_backend(self.trust, keyboard).await?;
        let begun = self.go_on(credential, &confirmation, keyboard).await;
        confirmation.redirect_browser(destination(&begun));
        if begun.is_err() {
            tokio::time::sleep(LAST_PAGE).await;
        }
        begun
    }

    async fn go_on(
        &self,
        credential: Credential,
        confirmation: &Confirmation,
        keyboard: &mut Keyboard,
    ) -> Result<Begun, HelperError> {
        let credential = match credential {
            Credential::User(user) => Credential::User(self.person.or_kept(user).await?),
            given @ Credential::SessionToken(_) => given,
        };
        match self.with(credential, confirmation.browser()).await {
            Err(HelperError::NotSignedIn(refusal)) => {
                let sign_in = self.person.begin_sign_in().await;
                let sign_in = sign_in.map_err(|reason| session::no_sign_in(refusal, reason))?;
                self.after_sign_in(sign_in, confirmation, keyboard).await
            }
            begun => begun,
        }
    }

    async fn after_sign_in(
        &self,
        mut sign_in: SigningIn<'_>,
        confirmation: &Confirmation,
        keyboard: &mut Keyboard,
    ) -> Result<Begun, HelperError> {
        confirmation.redirect_browser(Destination::Link(sign_in.pending.link()));
        let signed_in = self.person.sign_in(&mut sign_in, confirmation.browser(), keyboard).await;
        let begun = match signed_in {
            Ok(SignedIn { token, browser }) => {
                self.with(Credential::User(UserCredential::BackstageToken(token)), browser).await
            }
            Err(error) => Err(error),
        };
        sign_in.pending.redirect.resolve(destination(&begun));
        begun
    }

    async fn with(&self, credential: Credential, browser: BrowserState) -> Result<Begun, HelperError> {
        let Person { settings, tools, api, single_login, port } = self.person;
        let consent = credential.consent();
        let origin = match credential {
            Credential::SessionToken(_) => Origin::Backstage,
            Credential::User(_) => Origin::Here,
        };
        let session = session::begin(credential, api, settings.cluster.as_deref()).await?;
        self.open_session.begun(api, &session.token, origin);
        let session = session.exchanged_by(settings, api, tools.random.as_ref()).await?;
        let session_ends = Instant::now() + session.remaining;
        let redirect_uri = redirect_uri_of(self.info, &session.cluster)?;
        let auth_url = AuthUrl::parse(&session.auth_url, &redirect_uri, &settings.insecure_http_hosts)?;
        let identity = session.identity;
        let facts = LoginFacts::of(&session, self.info, &auth_url, api)?;
        let (host, random) = (redirect_uri.host(), tools.random.as_ref());
        let (login, callbacks) = PendingLogin::new(facts, auth_url, host, port, consent, random)?;
        let login = Arc::clone(single_login.begin_login(login));
        let Session { token: session_token, own_exchange, .. } = session;
        Ok(Begun { login, callbacks, session_token, session_ends, browser, identity, origin, own_exchange })
    }
}

fn destination(begun: &Result<Begun, HelperError>) -> Destination {
    match begun {
        Ok(begun) => Destination::Link(begun.login.link()),
        Err(error) => Destination::Failure(error.to_string()),
    }
}

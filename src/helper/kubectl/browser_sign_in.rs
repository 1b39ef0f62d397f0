//! Signing in to Backstage in the browser for a command that has no login of its own. The port is not that of logins, which may be in use.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::no_sign_in::{NoSignIn, Reason};
use super::tab_record::TabRecord;
use crate::helper::HelperError;
use crate::helper::backend_client::BackendApi;
use crate::helper::callback::Callback;
use crate::helper::login;
use crate::helper::login::single_login::SingleLogin;
use crate::helper::port::{self, ListenError};
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::helper::sign_in::token_file::{TokenFile, TokenFileError, Tokens};
use crate::helper::sign_in::{BackstageClient, EARLY, SignInError};
use crate::helper::terminal::dialogue;
use crate::helper::terminal::elsewhere::location::Location;
use crate::helper::terminal::tools::Tools;
use crate::helper::web::deferred_redirect::Destination;
use crate::helper::web::guard::AllowedHosts;
use crate::helper::web::server::{LAST_PAGE, PortServer};
use crate::settings::login::LoginSettings;
use crate::stop_signal::{StopSignal, stop_requested};

/// The ports of the redirect URI, the second one where the first is taken.
const PORTS: [u16; 2] = [18000, 28000];

/// What a user reads after Ctrl-C.
pub const INTERRUPTED: &str = "Interrupted before kubectl had a Backstage token: run it again.";

/// A sign-in in one tab. The caller holds the right to open it.
pub struct BrowserSignIn<'a> {
    /// The settings.
    pub settings: &'a LoginSettings,
    /// The tools of the command.
    pub tools: &'a Tools,
    /// The backend.
    pub api: &'a BackendApi,
    /// Told of the tab.
    pub record: &'a TabRecord,
}

impl BrowserSignIn<'_> {
    /// Opens the tab, waits for the user, and keeps the tokens.
    ///
    /// # Errors
    /// When the ports are taken, Backstage does not know this program or refuses, or no callback comes in time.
    pub async fn run(&self, client: BackstageClient<'_>, file: &TokenFile) -> Result<Tokens, HelperError> {
        let listeners = bind()?;
        let port = port::port(&listeners).unwrap_or_default();
        let client = client.with_redirect_port(port)?;
        let random = self.tools.random.as_ref();
        let sign_in = client.begin(random).await.map_err(|error| self.failed(error))?;
        let (pending, callbacks) = PendingSignIn::new(sign_in, port, random)?;
        let single_login = Arc::new(SingleLogin::new(Arc::clone(&self.tools.random)));
        let pending = Arc::clone(single_login.begin_sign_in(pending));
        let hosts = AllowedHosts::new(port, &self.settings.allowed_hosts);
        let server = login::serve(listeners, single_login, hosts, self.tools)?;
        let signed_in = self.signed_in(&client, &pending, callbacks).await;
        self.end(signed_in, &pending, (server, file)).await
    }

    async fn signed_in(
        &self,
        client: &BackstageClient<'_>,
        pending: &PendingSignIn,
        callbacks: mpsc::Receiver<Callback>,
    ) -> Result<Tokens, HelperError> {
        let timeout: Duration = self.settings.login_timeout.0;
        let pause = self.record.write(self.tools.clock.now(), timeout)?;
        self.tools.terminal.say(&format!("Sign in to Backstage ({}) to go on.", self.api.address()));
        if matches!(self.tools.location, Location::OwnContainer | Location::OtherContainer) {
            // That advice is for a port that can be chosen.
            self.tools.advised.call_once(|| ());
        }
        dialogue::open(&pending.link(), self.tools);
        let callback = self.callback(callbacks, (timeout, pause)).await?;
        let tokens = client.take(&callback.request, pending.verifier()).await;
        tokens.map_err(|error| self.failed(error))
    }

    async fn callback(
        &self,
        mut callbacks: mpsc::Receiver<Callback>,
        (timeout, pause): (Duration, Duration),
    ) -> Result<Callback, HelperError> {
        let reason = Reason::NotFinished(timeout, pause);
        let too_late = || NoSignIn::at(self.api.address(), self.settings, reason).into();
        tokio::select! {
            callback = callbacks.recv() => callback.ok_or_else(too_late),
            () = tokio::time::sleep(timeout) => Err(too_late()),
            signal = stop_requested() => {
                // Ctrl-C is the user's own, who may want another tab at once; a loop's time limit is a SIGTERM.
                if signal == StopSignal::Interrupt {
                    self.record.forget();
                }
                Err(HelperError::Interrupted(INTERRUPTED))
            }
        }
    }

    /// Keeps the tokens, and shows the browser how it ended.
    async fn end(
        &self,
        signed_in: Result<Tokens, HelperError>,
        pending: &PendingSignIn,
        (server, file): (PortServer, &TokenFile),
    ) -> Result<Tokens, HelperError> {
        if let Ok(tokens) = &signed_in {
            match keep(file, tokens).await {
                Ok(()) if self.serve_the_next(tokens) => self.record.forget(),
                // The next run has to sign in again, which the record keeps from being at once.
                Ok(()) => {}
                Err(error) => {
                    self.tools.terminal.say_whole(&format!("This sign-in is not kept: {error}"));
                }
            }
        }
        pending.redirect.resolve(match &signed_in {
            Ok(_) => Destination::SignedIn,
            Err(error) => Destination::Failure(error.to_string()),
        });
        tokio::time::sleep(LAST_PAGE).await;
        server.stop().await;
        signed_in
    }

    fn serve_the_next(&self, tokens: &Tokens) -> bool {
        let now = self.tools.clock.now();
        tokens.refresh_token.is_some() || tokens.serve_until(now.saturating_add(EARLY), now)
    }

    fn failed(&self, error: SignInError) -> HelperError {
        HelperError::of_sign_in(error, self.api.address())
    }
}

async fn keep(file: &TokenFile, tokens: &Tokens) -> Result<(), TokenFileError> {
    let locked = file.lock().await?;
    // A file that another program wrote is left as it is.
    locked.read()?;
    locked.write(tokens)
}

/// The first port that is free.
fn bind() -> Result<Vec<TcpListener>, ListenError> {
    let [first, second] = PORTS;
    port::bind_or_localhost(&[], first).or_else(|taken| match taken {
        ListenError::Taken { .. } | ListenError::Reserved { .. } => {
            port::bind_or_localhost(&[], second).map_err(|_| taken)
        }
        other => Err(other),
    })
}

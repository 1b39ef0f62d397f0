//! The `login` role: one login, then the program exits.

pub mod beginning;
pub mod confirm_backend;
pub mod report;
pub mod sign_in_first;
pub mod single_login;
pub mod which_cluster;

use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use tokio::time::Instant;

use self::beginning::{Beginning, Begun};
use self::sign_in_first::Person;
use self::single_login::SingleLogin;
use self::which_cluster::which_cluster;
use super::HelperError;
use super::backend_client::BackendApi;
use super::callback::{Callback, Channel};
use super::confirmation::last_backend::LastBackend;
use super::confirmation::trust::BackendTrust;
use super::port::{self, other_proxy};
use super::session::auth_url::BadAuthUrl;
use super::session::open_session::{Left, OpenSession, Origin};
use super::session::outcome::Outcome;
use super::session::own_exchange::bring::Bringing;
use super::session::own_exchange::redemptions::OnceHere;
use super::session::watch::ended_elsewhere;
use super::session::{Credential, delivery};
use super::terminal::dialogue::{self, ExpectedWords};
use super::terminal::keyboard::Keyboard;
use super::terminal::tools::Tools;
use super::web::configure;
use super::web::guard::AllowedHosts;
use super::web::login_lookup::LoginLookup;
use super::web::pages::RELOAD_TIMEOUT;
use super::web::redirect::Index;
use super::web::server::{self, LAST_PAGE, PortServer};
use crate::protocol::{Connected, RedirectUri};
use crate::settings::login::LoginSettings;
use crate::stop_signal::{stop_requested, stop_requested_at_terminal};

/// What a person reads after Ctrl-C.
const INTERRUPTED: &str = "Interrupted before the login was done: run this again when you want to go on.";

/// The same where Backstage has begun the session, which is over.
const CANCELLED: &str = "Interrupted before the login was done, and cancelled: begin a new one in Backstage when you want to go on.";

/// The same where the backend did not say so.
const LEFT_OPEN: &str = "Interrupted before the login was done, which the backend could not be told: cancel it in Backstage, and begin a new one there when you want to go on.";

/// Runs one login to its end, or to the signal that interrupts it.
///
/// # Errors
/// As the variants of [`HelperError`] say.
pub async fn run(settings: LoginSettings, tools: Tools) -> Result<LoggedIn, HelperError> {
    let open_session = Arc::new(OpenSession::default());
    let login = async {
        let mut running = build(settings, tools, &open_session).await?;
        let ended = running.outcome().await?;
        Ok::<_, HelperError>((running, ended))
    };
    let (running, ended) = tokio::select! {
        ended = login => ended?,
        _ = stop_requested_at_terminal() => return Err(interrupted(&open_session).await),
    };
    let facts = running.begun.login.facts.clone();
    // From here on a signal only shortens the wait for the last page; the outcome is final.
    tokio::select! {
        () = running.show(ended.channel) => {}
        _ = stop_requested() => {}
    }
    HelperError::of_outcome(ended.outcome).map(|connected| LoggedIn { backend: facts.backend, connected })
}

/// Cancels the session. A second signal waits for nothing.
async fn interrupted(open_session: &OpenSession) -> HelperError {
    let left = tokio::select! {
        left = open_session.cancel() => left,
        _ = stop_requested() => Left::Open,
    };
    HelperError::Interrupted(match left {
        Left::Nothing => INTERRUPTED,
        Left::Cancelled => CANCELLED,
        Left::Open => LEFT_OPEN,
    })
}

/// A login that succeeded.
pub struct LoggedIn {
    /// The Backstage that it belongs to.
    pub backend: String,
    /// What the backend said.
    pub connected: Connected,
}

/// How a login ended, and how its callback came.
pub struct Ended {
    /// The outcome.
    pub outcome: Outcome,
    /// How its callback came.
    pub channel: Channel,
}

/// A login that waits for its callback, with the server of its port.
pub struct Running {
    /// The port that the helper listens on.
    pub port: u16,
    begun: Begun,
    server: PortServer,
    api: BackendApi,
    trust: BackendTrust,
    timeout: Duration,
    keyboard: Keyboard,
    tools: Tools,
    open_session: Arc<OpenSession>,
}

/// Binds the port, starts the server, and begins or takes over a session. Before that, the user chooses one of several clusters, confirms
/// a backend that was never confirmed on this machine, and signs in to Backstage if no credential is set.
///
/// # Errors
/// As the variants of [`HelperError`] say.
pub async fn build(
    mut settings: LoginSettings,
    tools: Tools,
    open_session: &Arc<OpenSession>,
) -> Result<Running, HelperError> {
    let credential = Credential::choose(&settings)?;
    let tools = tools.without_missing_folder();
    let api = BackendApi::connect(&settings, tools.random.as_ref(), &tools.clock)?;
    let trust = tools.backend_trust(&api, &settings)?;
    let listeners = match port::bind(&settings.listen) {
        Ok(listeners) => listeners,
        Err(error) => return Err(other_proxy::recognise(error).await.into()),
    };
    let port = port::port(&listeners).unwrap_or(port::CALLBACK_PORT);
    announce(&listeners);

    let info = api
        .info()
        .await
        .map_err(|reason| HelperError::Unreachable { backend: api.address().to_owned(), reason })?;
    let redirect_uri = RedirectUri::parse(&info.redirect_uri).map_err(BadAuthUrl::from)?;
    if port != redirect_uri.port() {
        dialogue::say_other_port(&tools.terminal, port, redirect_uri.port());
    }
    let mut keyboard = Keyboard::default();
    let at = (&settings, api.address());
    settings.cluster = which_cluster(&info, at, &credential, (&mut keyboard, &tools.terminal)).await?;
    let single_login = Arc::new(SingleLogin::new(Arc::clone(&tools.random)));
    let hosts = AllowedHosts::new(port, &settings.allowed_hosts);
    let server = serve(listeners, Arc::clone(&single_login), hosts, &tools)?;
    let person = Person { settings: &settings, tools: &tools, api: &api, single_login: &single_login, port };
    let beginning = Beginning { info: &info, trust: &trust, person, open_session };
    let begun = match beginning.begin(credential, &mut keyboard).await {
        Ok(begun) => begun,
        Err(error) => {
            server.stop().await;
            return Err(error);
        }
    };
    let timeout = settings.login_timeout.0;
    let open_session = Arc::clone(open_session);
    Ok(Running { port, begun, server, api, trust, timeout, keyboard, tools, open_session })
}

fn announce(listeners: &[TcpListener]) {
    let addresses: Vec<String> =
        listeners.iter().filter_map(|l| l.local_addr().ok()).map(|a| a.to_string()).collect();
    tracing::info!(addresses = addresses.join(","), "listening");
}

/// Serves the pages of one login.
///
/// # Errors
/// When a listener cannot be served.
pub fn serve(
    listeners: Vec<TcpListener>,
    single_login: Arc<SingleLogin>,
    hosts: AllowedHosts,
    tools: &Tools,
) -> Result<PortServer, std::io::Error> {
    let (logins, index): (Arc<dyn LoginLookup>, Arc<dyn Index>) =
        (Arc::<SingleLogin>::clone(&single_login), single_login);
    let (logins, index) = (web::Data::from(logins), web::Data::from(index));
    let hosts = web::Data::new(hosts);
    let routes = move |config: &mut web::ServiceConfig| {
        config.app_data(logins.clone()).app_data(index.clone()).app_data(hosts.clone()).configure(configure);
    };
    server::serve(listeners, routes, dialogue::tls_explained(Arc::clone(&tools.terminal)))
}

impl Running {
    /// Opens the browser, waits for the callback and delivers it.
    ///
    /// # Errors
    /// When no callback comes in time, and without randomness.
    pub async fn outcome(&mut self) -> Result<Ended, HelperError> {
        let Begun { login, session_token, session_ends, browser, identity, .. } = &self.begun;
        let here = (&self.tools, &mut self.keyboard);
        let left = self.timeout.min(session_ends.saturating_duration_since(Instant::now()));
        let asked = dialogue::begin(login, here, left, (*browser, *identity))?;
        let (login, token, ends) = (Arc::clone(login), session_token.clone(), *session_ends);
        let called_back = self.callback(asked).await;
        let terminal = &self.tools.terminal;
        terminal.stop_counting();
        let Callback { request, channel } = called_back?;
        self.open_session.came_back();
        terminal.say("The login came back; handing it to the backend.");
        let trouble = dialogue::Trouble::new(terminal);
        let on_trouble = |reason: &delivery::Trouble| {
            login.awaits(reason.awaited());
            trouble.say(reason);
        };
        let outcome = match &self.begun.own_exchange {
            None => delivery::deliver(&self.api, &token, &request, ends, on_trouble).await,
            Some(own) => {
                let (state, redemptions) = (login.auth_url().state(), &OnceHere);
                let (api, session_token, session_ends) = (&self.api, &token, ends);
                let bringing =
                    Bringing { api, session_token, state, own, redemptions, owner: state, session_ends };
                bringing.deliver(&request, on_trouble).await
            }
        };
        outcome.log();
        login.end(outcome.clone());
        if let Outcome::Connected(_) = outcome {
            self.remember_backend().await;
        }
        dialogue::say_outcome(terminal, &login.facts, &outcome);
        Ok(Ended { outcome, channel })
    }

    /// A failure here does not fail the login: the user is only asked again next time.
    async fn remember_backend(&self) {
        LastBackend::new(self.tools.state_folder.as_deref()).remember(self.trust.name());
        if let Err(error) = self.trust.remember().await {
            self.tools
                .terminal
                .say_whole(&format!("The confirmation of this Backstage is not kept: {error}"));
        }
    }

    /// Waits for the callback, from the browser or pasted.
    async fn callback(&mut self, mut asked: ExpectedWords) -> Result<Callback, HelperError> {
        let person_gives_up = Instant::now() + self.timeout;
        let deadline = person_gives_up.min(self.begun.session_ends);
        let too_late = if person_gives_up <= self.begun.session_ends {
            HelperError::TimedOut(humantime::format_duration(self.timeout).to_string())
        } else {
            HelperError::Expired
        };
        let Begun { login, callbacks, identity, session_token, origin, .. } = &mut self.begun;
        let mut ended = pin!(ended_elsewhere(&self.api, session_token));
        loop {
            tokio::select! {
                Some(callback) = callbacks.recv() => return Ok(callback),
                error = &mut ended, if *origin == Origin::Backstage => return Err(error),
                line = self.keyboard.line_beside_browser(&self.tools.terminal) => {
                    dialogue::answer(&line, (login, *identity), &mut asked, (&self.tools, &self.keyboard))?;
                }
                () = tokio::time::sleep_until(deadline) => return Err(too_late),
            }
        }
    }

    /// Shows the outcome to the browser that waits for it, then stops the server.
    pub async fn show(self, channel: Channel) {
        if channel == Channel::Browser {
            let shown = tokio::time::timeout(RELOAD_TIMEOUT, self.begun.login.outcome_shown()).await;
            if shown.is_err() {
                tracing::info!("no browser came back for the outcome");
            }
            tokio::time::sleep(LAST_PAGE).await;
        }
        self.server.stop().await;
    }
}

//! One login, then the end: the `login` role.

pub mod beginning;
pub mod sign_in_first;
pub mod single_login;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use tokio::time::Instant;
use url::Url;

use self::beginning::{Beginning, Begun};
use self::sign_in_first::Person;
use self::single_login::Stage;
use super::backend_client::{BackendApi, displayable};
use super::confirmation::backend_name::BackendName;
use super::confirmation::trust::BackendTrust;
use super::port::{self, other_proxy};
use super::session::auth_url::{AuthUrl, BadAuthUrl};
use super::session::outcome::{LoginError, Outcome};
use super::session::pending_login::{Arrival, LoginFacts, Way};
use super::session::{Credential, Session, delivery};
use super::terminal::browser::Browser;
use super::terminal::dialogue::{self, Asked};
use super::terminal::keyboard::Keyboard;
use super::web::configure;
use super::web::guard::AllowedHosts;
use super::web::login_lookup::Logins;
use super::web::redirect::Index;
use super::web::server::{self, PortServer};
use crate::backstage_names::UserRef;
use crate::clock::Clock;
use crate::helper::terminal::Terminal;
use crate::protocol::{Info, RedirectUri};
use crate::random::Random;
use crate::settings::login::LoginSettings;
use crate::stop_signal::told_to_stop;

/// How long a page that reloads itself is waited for, to show it the outcome.
pub(super) const RELOAD_PATIENCE: Duration = Duration::from_secs(5);

/// How long the last page has to get through the socket before the server is told to stop.
pub(super) const LAST_PAGE: Duration = Duration::from_millis(100);

/// What the role needs from outside.
pub struct Tools {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The person's browser.
    pub browser: Arc<dyn Browser>,
    /// Where progress goes.
    pub terminal: Arc<Terminal>,
    /// Where the helper keeps what it must remember, where the user has a home.
    pub state_folder: Option<PathBuf>,
}

/// Runs one login to its end, or to the signal that interrupts it.
///
/// # Errors
/// As the variants of [`LoginError`] say.
pub async fn run(settings: LoginSettings, tools: Tools) -> Result<(), LoginError> {
    let login = async {
        let mut running = build(settings, tools).await?;
        let ended = running.outcome().await?;
        Ok::<_, LoginError>((running, ended))
    };
    let (running, ended) = tokio::select! {
        ended = login => ended?,
        _ = told_to_stop() => return Err(LoginError::Interrupted),
    };
    // From here on a signal only shortens the wait for the last page: the outcome stands.
    tokio::select! {
        () = running.show(ended.way) => {}
        _ = told_to_stop() => {}
    }
    into_result(ended.outcome)
}

/// How a login ended, and which way its answer had come.
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// Which way its answer had come.
    pub way: Way,
}

/// A login that waits for its answer, on a port that listens.
pub struct Running {
    /// The port that the helper listens on.
    pub port: u16,
    begun: Begun,
    server: PortServer,
    api: BackendApi,
    trust: BackendTrust,
    patience: Duration,
    keyboard: Keyboard,
    tools: Tools,
}

/// Binds the port, serves, and begins or takes over a session; a backend that was never confirmed on this machine is asked about first,
/// and where nothing says whose the login will be, the person signs in.
///
/// # Errors
/// As the variants of [`LoginError`] say.
pub async fn build(settings: LoginSettings, tools: Tools) -> Result<Running, LoginError> {
    let credential = Credential::choose(&settings)?;
    let api = BackendApi::connect(&settings, tools.random.as_ref(), &tools.clock)?;
    let backend = BackendName::new(api.address(), &settings.backstage_client_id)?;
    let trust = BackendTrust::new(backend, tools.state_folder.as_deref());
    let listeners = match port::bind(&settings.listen) {
        Ok(listeners) => listeners,
        Err(error) => return Err(other_proxy::recognise(error).await.into()),
    };
    let port = port::port(&listeners).unwrap_or(port::CALLBACK_PORT);
    announce(&listeners);

    let info = api
        .info()
        .await
        .map_err(|reason| LoginError::Unreachable { backend: api.address().to_owned(), reason })?;
    let redirect_uri = RedirectUri::parse(&info.redirect_uri).map_err(BadAuthUrl::from)?;
    if port != redirect_uri.port() {
        dialogue::say_other_port(&tools.terminal, port, redirect_uri.port());
    }
    let stage = Arc::new(Stage::new(Arc::clone(&tools.random)));
    let hosts = AllowedHosts::new(port, &settings.allowed_hosts);
    let server = serve(listeners, Arc::clone(&stage), hosts, &tools)?;
    let mut keyboard = Keyboard::default();
    let person = Person { settings: &settings, tools: &tools, api: &api, stage: &stage, port };
    let beginning = Beginning { info: &info, trust: &trust, person };
    let begun = match beginning.begin(credential, &mut keyboard).await {
        Ok(begun) => begun,
        Err(error) => {
            server.stop().await;
            return Err(error);
        }
    };
    let patience = settings.login_timeout.0;
    Ok(Running { port, begun, server, api, trust, patience, keyboard, tools })
}

fn announce(listeners: &[TcpListener]) {
    let addresses: Vec<String> =
        listeners.iter().filter_map(|l| l.local_addr().ok()).map(|a| a.to_string()).collect();
    tracing::info!(addresses = addresses.join(","), "listening");
}

/// What may be shown: the backend's words, made fit for a terminal and a page.
///
/// # Errors
/// When the backend names no user.
pub(super) fn facts(
    session: &Session,
    info: &Info,
    auth_url: &AuthUrl,
    api: &BackendApi,
) -> Result<LoginFacts, LoginError> {
    let user: UserRef = session.user.parse().map_err(|_| {
        LoginError::Refused(
            "The backend names no Backstage user for this login: tell whoever runs it.".to_owned(),
        )
    })?;
    let title = info.clusters.iter().find(|cluster| cluster.name == session.cluster).map(|c| &c.title);
    Ok(LoginFacts {
        user: user.to_string(),
        cluster: displayable(title.unwrap_or(&session.cluster)),
        backend: api.address().to_owned(),
        idp_host: auth_url.host().to_owned(),
        back_link: back_link(&info.app_url, session.return_to.as_deref()),
    })
}

/// Where the browser may go afterwards: within Backstage, whatever `return_to` says.
fn back_link(app_url: &str, return_to: Option<&str>) -> Option<String> {
    let app = Url::parse(app_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let back = return_to.and_then(|to| app.join(to).ok()).filter(|url| url.origin() == app.origin());
    Some(back.unwrap_or(app).to_string())
}

fn serve(
    listeners: Vec<TcpListener>,
    stage: Arc<Stage>,
    hosts: AllowedHosts,
    tools: &Tools,
) -> Result<PortServer, std::io::Error> {
    let (logins, index): (Arc<dyn Logins>, Arc<dyn Index>) = (Arc::<Stage>::clone(&stage), stage);
    let (logins, index) = (web::Data::from(logins), web::Data::from(index));
    let hosts = web::Data::new(hosts);
    let routes = move |config: &mut web::ServiceConfig| {
        config.app_data(logins.clone()).app_data(index.clone()).app_data(hosts.clone()).configure(configure);
    };
    server::serve(listeners, routes, dialogue::tls_explained(Arc::clone(&tools.terminal)))
}

impl Running {
    /// Opens the browser, waits for the answer and delivers it.
    ///
    /// # Errors
    /// When nobody came back in time, and without randomness.
    pub async fn outcome(&mut self) -> Result<Ended, LoginError> {
        let Begun { login, session_token, session_ends, browser, .. } = &self.begun;
        let here = (&self.tools, &mut self.keyboard);
        let asked = dialogue::begin(login, here, self.patience, *browser)?;
        let (login, token, ends) = (Arc::clone(login), session_token.clone(), *session_ends);
        let Arrival { request, way } = self.arrival(asked).await?;
        let terminal = &self.tools.terminal;
        terminal.say("The login came back; handing it to the backend.");
        let trouble = dialogue::Trouble::new(terminal);
        let delivered = delivery::deliver(&self.api, &token, &request, ends, |reason| trouble.say(reason));
        let outcome = delivered.await;
        login.end(outcome.clone());
        if let Outcome::Connected(_) = outcome {
            self.remember_backend().await;
        }
        dialogue::say_outcome(terminal, &login.facts, &outcome);
        Ok(Ended { outcome, way })
    }

    /// A login does not fail for want of a file: the person is only asked again next time.
    async fn remember_backend(&self) {
        if let Err(error) = self.trust.remember().await {
            self.tools.terminal.say_whole(&format!("That this Backstage was confirmed is not kept: {error}"));
        }
    }

    /// The identity provider's answer, by redirect or pasted.
    async fn arrival(&mut self, mut asked: Asked) -> Result<Arrival, LoginError> {
        let person_gives_up = Instant::now() + self.patience;
        let deadline = person_gives_up.min(self.begun.session_ends);
        loop {
            tokio::select! {
                Some(arrival) = self.begun.arrivals.recv() => return Ok(arrival),
                line = self.keyboard.line() => {
                    dialogue::answer(&line, &self.begun.login, &mut asked, &self.tools)?;
                }
                () = tokio::time::sleep_until(deadline) => return Err(self.too_late(person_gives_up)),
            }
        }
    }

    fn too_late(&self, person_gives_up: Instant) -> LoginError {
        if person_gives_up <= self.begun.session_ends {
            LoginError::TimedOut(humantime::format_duration(self.patience).to_string())
        } else {
            LoginError::Expired
        }
    }

    /// Answers the browser that waits for the outcome, then stops serving.
    pub async fn show(self, way: Way) {
        if way == Way::Browser {
            let shown = tokio::time::timeout(RELOAD_PATIENCE, self.begun.login.outcome_shown()).await;
            if shown.is_err() {
                tracing::info!("no browser came back for the outcome");
            }
            tokio::time::sleep(LAST_PAGE).await;
        }
        self.server.stop().await;
    }
}

fn into_result(outcome: Outcome) -> Result<(), LoginError> {
    match outcome {
        Outcome::Connected(_) => Ok(()),
        Outcome::Denied => Err(LoginError::Refused(
            "The identity provider did not log you in: begin again, or ask whoever runs the cluster for access."
                .to_owned(),
        )),
        Outcome::Expired => Err(LoginError::Expired),
        Outcome::Failed(failure) => {
            let code = failure.code.map_or_else(String::new, |code| format!(" ({})", code.as_str()));
            Err(LoginError::Refused(format!("{}{code}", failure.message)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_within_backstage() {
        let back = |to| back_link("https://backstage.example/app", to).unwrap();
        assert_eq!(back(Some("/catalog?x=1")), "https://backstage.example/catalog?x=1");
        assert_eq!(back(Some("https://backstage.example/k8s")), "https://backstage.example/k8s");
        for outside in
            ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http://backstage.example/"]
        {
            assert_eq!(back(Some(outside)), "https://backstage.example/app", "{outside}");
        }
        assert_eq!(back(None), "https://backstage.example/app");
        assert_eq!(back_link("javascript:alert(1)", None), None);
    }
}

//! One login, then the end: the `login` role.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

use crate::clock::Clock;
use crate::helper::auth_url::{AuthUrl, BadAuthUrl, redirect_uri_of};
use crate::helper::backend_api::{BackendApi, displayable};
use crate::helper::browser::Browser;
use crate::helper::dialogue::Whereabouts;
use crate::helper::guards::AllowedHosts;
use crate::helper::interruption::interrupted;
use crate::helper::logins::Logins;
use crate::helper::outcome::{LoginError, Outcome};
use crate::helper::pending_login::{Arrival, LoginFacts, PendingLogin, Way};
use crate::helper::pending_sign_in::SignInEnd;
use crate::helper::port_server::{self, PortServer};
use crate::helper::session_source::{self, Credential, Session};
use crate::helper::signing_in::{Person, SignedIn};
use crate::helper::stage::Stage;
use crate::helper::terminal::{Hand, Input, Terminal};
use crate::helper::user_credential::UserCredential;
use crate::helper::{delivery, dialogue, listeners, other_proxy, routes};
use crate::protocol::{Info, RedirectUri, WireSecret};
use crate::random::Random;
use crate::settings::login::LoginSettings;
use crate::user::UserRef;

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
    /// Whose hand standard input is.
    pub hand: Hand,
    /// Where sign-ins to Backstage are kept, where the user has a home.
    pub token_folder: Option<PathBuf>,
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
        () = interrupted() => return Err(LoginError::Interrupted),
    };
    // From here on a signal only shortens the wait for the last page: the outcome stands.
    tokio::select! {
        () = running.show(ended.way) => {}
        () = interrupted() => {}
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
    login: Arc<PendingLogin>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    server: PortServer,
    api: BackendApi,
    session_token: WireSecret,
    session_ends: Instant,
    patience: Duration,
    browser: Whereabouts,
    input: Input,
    tools: Tools,
}

/// Binds the port, serves, and begins or takes over a session; where nothing says whose it will be, the person signs in first.
///
/// # Errors
/// As the variants of [`LoginError`] say.
pub async fn build(settings: LoginSettings, tools: Tools) -> Result<Running, LoginError> {
    let credential = Credential::choose(&settings)?;
    let api = BackendApi::connect(&settings, tools.random.as_ref(), &tools.clock)?;
    let listeners = match listeners::bind(&settings.listen) {
        Ok(listeners) => listeners,
        Err(error) => return Err(other_proxy::recognise(error).await.into()),
    };
    let port = listeners::port(&listeners).unwrap_or(listeners::CALLBACK_PORT);
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
    let server = serve(listeners, Arc::<Stage>::clone(&stage), hosts, &tools)?;
    let mut input = Input::default();
    let beginning = Beginning {
        info: &info,
        person: Person { settings: &settings, tools: &tools, api: &api, stage: &stage, port },
    };
    let Begun { login, arrivals, session_token, session_ends, browser } =
        match beginning.begin(credential, &mut input).await {
            Ok(begun) => begun,
            Err(error) => {
                server.stop().await;
                return Err(error);
            }
        };
    let patience = settings.login_timeout.0;
    Ok(Running {
        port,
        login,
        arrivals,
        server,
        api,
        session_token,
        session_ends,
        patience,
        browser,
        input,
        tools,
    })
}

/// What a login begins with.
struct Beginning<'a> {
    info: &'a Info,
    person: Person<'a>,
}

/// A login that has begun.
struct Begun {
    login: Arc<PendingLogin>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    session_token: WireSecret,
    session_ends: Instant,
    browser: Whereabouts,
}

impl Beginning<'_> {
    /// With what the settings say, or a kept sign-in, or a new one.
    async fn begin(&self, credential: Credential, input: &mut Input) -> Result<Begun, LoginError> {
        let credential = match credential {
            Credential::User(user) => Credential::User(self.person.or_kept(user).await?),
            given @ Credential::SessionToken(_) => given,
        };
        match self.with(credential, Whereabouts::Elsewhere).await {
            Err(LoginError::NotSignedIn) => self.after_sign_in(input).await,
            begun => begun,
        }
    }

    async fn after_sign_in(&self, input: &mut Input) -> Result<Begun, LoginError> {
        let mut sign_in = self.person.begin_sign_in().await?;
        let signed_in = self.person.sign_in(&mut sign_in, input).await;
        let begun = match signed_in {
            Ok(SignedIn { token, browser }) => {
                self.with(Credential::User(UserCredential::BackstageToken(token)), browser).await
            }
            Err(error) => Err(error),
        };
        match &begun {
            Ok(begun) => sign_in.pending.end(SignInEnd::GoOn(begun.login.link())),
            Err(error) => {
                sign_in.pending.end(SignInEnd::Failed(error.to_string()));
                tokio::time::sleep(LAST_PAGE).await;
            }
        }
        begun
    }

    async fn with(&self, credential: Credential, browser: Whereabouts) -> Result<Begun, LoginError> {
        let Person { settings, tools, api, stage, port } = self.person;
        let consent = credential.consent();
        let session = session_source::begin(credential, api, settings.cluster.as_deref()).await?;
        let session_ends = Instant::now() + session.remaining;
        let redirect_uri = redirect_uri_of(self.info, &session.cluster)?;
        let auth_url = AuthUrl::parse(&session.auth_url, &redirect_uri, &settings.insecure_http_hosts)?;
        let facts = facts(&session, self.info, &auth_url, api)?;
        let (host, random) = (redirect_uri.host(), tools.random.as_ref());
        let (login, arrivals) = PendingLogin::new(facts, auth_url, host, port, consent, random)?;
        let login = Arc::clone(stage.begin_login(login));
        Ok(Begun { login, arrivals, session_token: session.token, session_ends, browser })
    }
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
    logins: Arc<dyn Logins>,
    hosts: AllowedHosts,
    tools: &Tools,
) -> Result<PortServer, std::io::Error> {
    let logins = web::Data::from(logins);
    let hosts = web::Data::new(hosts);
    let routes = move |config: &mut web::ServiceConfig| {
        config.app_data(logins.clone()).app_data(hosts.clone()).configure(routes::configure);
    };
    port_server::serve(listeners, routes, dialogue::tls_explained(Arc::clone(&tools.terminal)))
}

impl Running {
    /// Opens the browser, waits for the answer and delivers it.
    ///
    /// # Errors
    /// When nobody came back in time.
    pub async fn outcome(&mut self) -> Result<Ended, LoginError> {
        dialogue::begin(&self.login, &self.tools, self.patience, self.browser);
        let Arrival { request, way } = self.arrival().await?;
        let terminal = &self.tools.terminal;
        terminal.say("The login came back; handing it to the backend.");
        let trouble = dialogue::Trouble::new(terminal);
        let outcome =
            delivery::deliver(&self.api, &self.session_token, &request, self.session_ends, |reason| {
                trouble.say(reason);
            })
            .await;
        dialogue::say_outcome(terminal, &self.login.facts, &outcome);
        self.login.end(outcome.clone());
        Ok(Ended { outcome, way })
    }

    /// The identity provider's answer, by redirect or pasted.
    async fn arrival(&mut self) -> Result<Arrival, LoginError> {
        let person_gives_up = Instant::now() + self.patience;
        let deadline = person_gives_up.min(self.session_ends);
        loop {
            tokio::select! {
                Some(arrival) = self.arrivals.recv() => return Ok(arrival),
                line = self.input.line() => dialogue::answer(&line, &self.login, &self.tools),
                () = tokio::time::sleep_until(deadline) => return Err(self.too_late(person_gives_up)),
            }
        }
    }

    fn too_late(&self, person_gives_up: Instant) -> LoginError {
        if person_gives_up <= self.session_ends {
            LoginError::TimedOut(humantime::format_duration(self.patience).to_string())
        } else {
            LoginError::Expired
        }
    }

    /// Answers the browser that waits for the outcome, then stops serving.
    pub async fn show(self, way: Way) {
        if way == Way::Browser {
            let shown = tokio::time::timeout(RELOAD_PATIENCE, self.login.outcome_shown()).await;
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

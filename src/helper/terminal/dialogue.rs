//! The dialogue of a login in the terminal: the helper's lines, and its reactions to typed lines.

use std::cell::Cell;
use std::sync::{Arc, Once};
use std::time::Duration;

use time::format_description::well_known::Rfc3339;

use url::Url;

use super::confirmation_words::{Answer, ConfirmationWords};
use super::countdown::rounded;
use super::elsewhere::advice;
use super::elsewhere::location::Location;
use super::elsewhere::pasted_address::{OtherAddress, Typed, understand};
use super::keyboard::{self, Attended, Keyboard};
use super::tools::Tools;
use super::{Counting, Terminal};
use crate::helper::backend_client::displayable;
use crate::helper::callback::{self, Callback, Channel, Consent, Expected, Proof};
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::port::CALLBACK_PORT;
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::outcome::Outcome;
use crate::helper::session::pending_login::{Awaited, PendingLogin};
use crate::helper::session::{IdentityCheck, delivery};
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::protocol::{ExchangeRequest, WireSecret};
use crate::random::NoRandomness;

/// Why no address is shown or taken back.
const NOT_COMPARED: &str = "There is no other way than that link: this cluster does not compare who logs in with who began (identity rule any), so no address is taken back here.";

/// Where the user's browser is when a login or sign-in begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserState {
    /// Elsewhere: the link has to be opened.
    Elsewhere,
    /// On a page of the helper, which will redirect it to the link.
    OnItsWay,
}

/// The words that confirm when typed; none if no user is at the terminal, or nothing is asked.
pub type ExpectedWords = Option<ConfirmationWords>;

/// Asks whether the backend is the user's own.
///
/// # Errors
/// When there is no randomness for the words.
pub fn ask_about_backend(
    question: &BackendQuestion,
    link: &WireSecret,
    (tools, keyboard): (&Tools, &mut Keyboard),
    timeout: Duration,
) -> Result<ExpectedWords, NoRandomness> {
    tools.terminal.say(
        "No login at this Backstage has succeeded on this machine yet: it was sent nothing but a request for its public information.",
    );
    show_backend(&question.backend, &tools.terminal);
    let asked = ask("Is that your Backstage, and did you begin this login?", tools, keyboard)?;
    open(link, tools);
    say_how_long(tools, timeout, Typing::Shown);
    Ok(asked)
}

/// Shows the whole address for comparison. The path comes first: it may be long and must not separate the host from the question.
pub fn show_backend(backend: &BackendName, terminal: &Terminal) {
    if backend.path() != "/" {
        terminal.say_whole(&format!("  Path: {}", backend.path()));
    }
    terminal.say_whole(&format!("  Address: {}", backend.origin()));
}

/// Says that the user must sign in to Backstage first, and opens the browser or shows the link.
pub fn begin_sign_in(
    sign_in: &PendingSignIn,
    backend: &str,
    (tools, keyboard): (&Tools, &Keyboard),
    timeout: Duration,
    browser: BrowserState,
) {
    tools.terminal.say(&format!("Sign in to Backstage first, so that {backend} knows who you are."));
    bring(browser, &sign_in.link(), tools);
    offer_pasting(sign_in.authorize_url(), (browser, IdentityCheck::Compared), tools, keyboard);
    say_how_long(tools, timeout, Typing::Hidden);
}

/// Says to whom the login will belong, and opens the browser or shows the link.
///
/// # Errors
/// When there is no randomness for the words.
pub fn begin(
    login: &PendingLogin,
    (tools, keyboard): (&Tools, &mut Keyboard),
    timeout: Duration,
    (browser, identity): (BrowserState, IdentityCheck),
) -> Result<ExpectedWords, NoRandomness> {
    let LoginFacts { user, cluster, backend, .. } = &login.facts;
    tools.terminal.say(&format!("This login will be linked to {user} at {backend} (cluster {cluster})."));
    let asked = match login.consent() {
        Consent::Given => None,
        Consent::Needed => ask("Is that you, and did you begin this login?", tools, keyboard)?,
    };
    bring(browser, &login.link(), tools);
    let typing = if login.consent() == Consent::Given { Typing::Hidden } else { Typing::Shown };
    if typing == Typing::Hidden {
        offer_pasting(login.auth_url().text(), (browser, identity), tools, keyboard);
    }
    say_how_long(tools, timeout, typing);
    Ok(asked)
}

/// Asks a question that a click on the helper's page answers, or typed words if a user is at the terminal.
fn ask(question: &str, tools: &Tools, keyboard: &mut Keyboard) -> Result<ExpectedWords, NoRandomness> {
    let terminal = &tools.terminal;
    if keyboard::attended() == Attended::No {
        terminal.say(&format!("{question} Then press the button on the helper's page."));
        return Ok(None);
    }
    keyboard.forget_what_was_typed_ahead();
    let words = ConfirmationWords::new(tools.random.as_ref())?;
    let shown = words.shown();
    terminal.say(&format!("{question} Then press the button on the helper's page, or type: {shown}"));
    Ok(Some(words))
}

/// Whether a line holds the words.
fn is_yes(line: &str, asked: &mut ExpectedWords, tools: &Tools) -> Result<bool, NoRandomness> {
    let Some(words) = asked else { return Ok(false) };
    match words.take(line, tools.random.as_ref())? {
        Answer::Yes => return Ok(true),
        Answer::Wrong => {
            tools.terminal.say(&format!("That is not what is to be typed. Type: {}", words.shown()));
        }
        Answer::NoMore => {
            tools.terminal.say("Too much else was typed: press the button on the helper's page.");
            *asked = None;
        }
    }
    Ok(false)
}

fn bring(browser: BrowserState, link: &WireSecret, tools: &Tools) {
    match browser {
        BrowserState::Elsewhere => open(link, tools),
        BrowserState::OnItsWay => tools.terminal.say("Your browser goes on from the page that it is at."),
    }
}

/// Whether the terminal shows what is typed during a wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typing {
    /// It does: a line that changes would write over it.
    Shown,
    /// It does not.
    Hidden,
}

fn say_how_long(tools: &Tools, timeout: Duration, typing: Typing) {
    let counts = typing == Typing::Hidden && keyboard::attended() == Attended::Yes;
    if counts && tools.terminal.count_down(timeout) == Counting::InPlace {
        return;
    }
    let timeout = humantime::format_duration(rounded(timeout));
    tools.terminal.say(&format!("Waiting up to {timeout} for you to log in. Ctrl-C ends it."));
}

/// Offers to take back the address at which the login ends. Where the browser is on another machine, it is also told what to open there;
/// this terminal is the only place that shows it. Nothing of that where the login of another person would be accepted: they could have
/// been sent the address.
fn offer_pasting(
    begins: &WireSecret,
    (browser, identity): (BrowserState, IdentityCheck),
    tools: &Tools,
    keyboard: &Keyboard,
) {
    if keyboard::attended() == Attended::No {
        return;
    }
    keyboard.hide_input();
    let terminal = &tools.terminal;
    let is_far = browser == BrowserState::Elsewhere && tools.location != Location::WithBrowser;
    match identity {
        IdentityCheck::Compared if is_far => {
            terminal.say_whole("Or open this address in a browser on any machine, log in there, and paste here the address at which the browser ends:");
            terminal.say_whole(&format!("  {}", begins.expose()));
            terminal.say_whole("It ends on a page that cannot be reached. Never send either address to anybody: they could log in in your place. What you paste is not shown.");
        }
        IdentityCheck::Compared => terminal.say(
            "If the browser ends on a page that cannot be reached, paste that page's address here; what you paste is not shown.",
        ),
        IdentityCheck::NotCompared if is_far => terminal.say(NOT_COMPARED),
        IdentityCheck::NotCompared => {}
    }
}

/// Shows the link, with what to do where the browser is elsewhere, and opens it.
pub fn open(link: &WireSecret, tools: &Tools) {
    let link = link.clone();
    tools.terminal.say(&format!("Open {}", link.expose()));
    tools.advised.call_once(|| {
        let port = Url::parse(link.expose()).ok().and_then(|link| link.port());
        for line in advice::lines(&tools.location, port.unwrap_or(CALLBACK_PORT)) {
            tools.terminal.say_whole(&line);
        }
    });
    let (browser, terminal) = (Arc::clone(&tools.browser), Arc::clone(&tools.terminal));
    std::thread::spawn(move || {
        if let Err(error) = browser.open(&link) {
            terminal
                .say(&format!("The browser could not be opened ({error}): open the link above yourself."));
        }
    });
}

/// Says that the identity provider redirects to another port than this one.
pub fn say_other_port(terminal: &Terminal, ours: u16, redirects: u16) {
    terminal.say(&format!(
        "The identity provider sends the browser to port {redirects}, this helper listens on {ours}: forward that port."
    ));
}

/// Explains, once, that a browser connected with TLS, which the helper does not serve.
pub fn tls_explained(terminal: Arc<Terminal>) -> impl Fn() + Clone + Send + 'static {
    let once = Arc::new(Once::new());
    move || {
        once.call_once(|| {
            terminal.say(
                "A browser spoke https to this helper: open the link with http://, or turn HTTPS-only mode off for localhost.",
            );
        });
    }
}

/// Handles a line that is typed during the sign-in to Backstage.
pub fn answer_sign_in(line: &str, sign_in: &PendingSignIn, tools: &Tools) {
    if let Some(request) = pasted(line, sign_in.expected(), &tools.terminal) {
        sign_in.accept(Callback { request, channel: Channel::Terminal });
    }
}

/// The callback in a pasted address; says why there is none.
fn pasted(line: &str, expected: Expected<'_>, terminal: &Terminal) -> Option<ExchangeRequest> {
    let query = match understand(line) {
        Typed::CallbackQuery(query) => query,
        Typed::OtherAddress(other) => {
            terminal.say_whole(&format!("That is {other}."));
            return None;
        }
        Typed::Words => {
            terminal.say("That is no address: paste the one at which the browser ended, such as http://localhost:8000/?code=…&state=…");
            return None;
        }
        Typed::Nothing => return None,
    };
    match callback::judge(query.expose(), expected, Proof::Terminal) {
        Ok(Some(request)) => return Some(request),
        Ok(None) => terminal.say_whole(&format!("That is {}.", OtherAddress::NoAnswer)),
        Err(reason) => terminal.say(&format!("That address does not count ({reason}).")),
    }
    None
}

/// Handles a line that is typed while the backend is to be confirmed.
///
/// # Errors
/// When there is no randomness for new words.
pub fn answer_about_backend(
    line: &str,
    question: &BackendQuestion,
    asked: &mut ExpectedWords,
    tools: &Tools,
) -> Result<(), NoRandomness> {
    let is_words = matches!(understand(line), Typed::Words);
    if is_words && is_yes(line, asked, tools)? {
        tracing::info!(backend = %question.backend, "the backend was confirmed in the terminal");
        question.confirm(Channel::Terminal);
    }
    Ok(())
}

/// Handles a line that is typed while the login waits for its callback.
///
/// # Errors
/// When there is no randomness for new words.
pub fn answer(
    line: &str,
    (login, identity): (&PendingLogin, IdentityCheck),
    asked: &mut ExpectedWords,
    (tools, keyboard): (&Tools, &Keyboard),
) -> Result<(), NoRandomness> {
    let is_words = matches!(understand(line), Typed::Words);
    match login.consent() {
        Consent::Needed if is_words => {
            if is_yes(line, asked, tools)? {
                login.give_consent();
                tracing::info!("the account was confirmed in the terminal");
                open(&login.link(), tools);
                let browser = BrowserState::Elsewhere;
                offer_pasting(login.auth_url().text(), (browser, identity), tools, keyboard);
            }
        }
        Consent::Needed | Consent::Given => {
            let request = pasted(line, login.expected(), &tools.terminal);
            match (request, identity) {
                (Some(request), IdentityCheck::Compared) => {
                    login.accept(Callback { request, channel: Channel::Terminal });
                }
                (Some(_), IdentityCheck::NotCompared) => tools.terminal.say(NOT_COMPARED),
                (None, _) => {}
            }
        }
    }
    Ok(())
}

/// Reports the first failed try of a delivery, and no others.
pub struct Trouble<'t> {
    terminal: &'t Terminal,
    told: Cell<bool>,
}

impl<'t> Trouble<'t> {
    /// Nothing was reported yet.
    #[must_use]
    pub fn new(terminal: &'t Terminal) -> Self {
        Self { terminal, told: Cell::new(false) }
    }

    /// Reports a failed try, if it is the first.
    pub fn say(&self, trouble: &delivery::Trouble) {
        let reason = &trouble.reason;
        tracing::info!(%reason, "the backend has not answered for good");
        if !self.told.replace(true) {
            let away = match trouble.awaited() {
                Awaited::Backend => "The backend",
                Awaited::IdentityProvider => "The identity provider",
            };
            self.terminal
                .say(&format!("{away} does not answer yet ({reason}); trying until the session ends."));
        }
    }
}

/// Says that the user is connected. Other outcomes are reported by the program's last line.
pub fn say_outcome(terminal: &Terminal, facts: &LoginFacts, outcome: &Outcome) {
    if let Outcome::Connected(connected) = outcome {
        let until = connected.expires_at.format(&Rfc3339).unwrap_or_default();
        let LoginFacts { user, cluster, .. } = facts;
        let account = displayable(connected.account());
        terminal.say_good(&format!(
            "Connected: {user} has access to cluster {cluster} in Backstage, logged in as {account} (ID token until {until})."
        ));
        if !connected.refreshable {
            terminal.say(
                "It ends then, since the backend has no refresh token for it: log in again, or have the operator look at OIDC_SCOPES, at the client's grants, and with EXCHANGE=helper at what the backend reaches.",
            );
        }
    }
}

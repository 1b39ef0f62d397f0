//! What the helper says in the terminal in the course of a login, and what it does with what is typed there.

use std::cell::Cell;
use std::sync::{Arc, Once};
use std::time::Duration;

use time::format_description::well_known::Rfc3339;

use crate::helper::callback::{self, Expected, Proof};
use crate::helper::delivery;
use crate::helper::login::Tools;
use crate::helper::outcome::Outcome;
use crate::helper::pending_login::{Arrival, Consent, LoginFacts, PendingLogin, Way};
use crate::helper::pending_sign_in::PendingSignIn;
use crate::helper::terminal::{self, Hand, Terminal, Typed};
use crate::protocol::{ExchangeRequest, WireSecret};

/// Where the person's browser is when the login begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// The login's link has to be opened in it.
    Elsewhere,
    /// Back from Backstage, and about to be sent to the login's link.
    OnItsWay,
}

/// Says that the person must sign in to Backstage first, and opens the browser, or says where to go.
pub fn begin_sign_in(sign_in: &PendingSignIn, backend: &str, tools: &Tools, patience: Duration) {
    tools.terminal.say(&format!("Sign in to Backstage first, so that {backend} knows who you are."));
    open(&sign_in.link(), tools);
    say_how_long(tools, patience);
}

/// Says whose login it is and opens the browser, or says where to go.
pub fn begin(login: &PendingLogin, tools: &Tools, patience: Duration, browser: Whereabouts) {
    let LoginFacts { user, cluster, backend, .. } = &login.facts;
    let terminal = &tools.terminal;
    terminal.say(&format!("This login will be linked to {user} at {backend} (cluster {cluster})."));
    match (login.consent(), tools.hand) {
        (Consent::Given, _) => {}
        (Consent::Needed, Hand::Command) => {
            terminal.say(
                "Is that you, and did you begin this login? Then press Continue on the page that opens.",
            );
        }
        (Consent::Needed, Hand::Person) => {
            terminal.say(
                "Is that you, and did you begin this login? Then press Continue on the page that opens, or type y.",
            );
            terminal::forget_what_was_typed_ahead();
        }
    }
    match browser {
        Whereabouts::Elsewhere => open(&login.link(), tools),
        Whereabouts::OnItsWay => {
            tools.terminal.say("You are signed in to Backstage; your browser goes on from there.");
        }
    }
    say_how_long(tools, patience);
}

fn say_how_long(tools: &Tools, patience: Duration) {
    let terminal = &tools.terminal;
    let patience = humantime::format_duration(patience);
    terminal.say(&format!("Waiting up to {patience} for you to log in. Ctrl-C ends it."));
    if tools.hand == Hand::Person {
        terminal.say("If the browser ends on a page that cannot be reached, paste that page's address here.");
    }
}

fn open(link: &WireSecret, tools: &Tools) {
    let link = link.clone();
    tools.terminal.say(&format!("Open {}", link.expose()));
    let (browser, terminal) = (Arc::clone(&tools.browser), Arc::clone(&tools.terminal));
    std::thread::spawn(move || {
        if let Err(error) = browser.open(&link) {
            terminal
                .say(&format!("The browser could not be opened ({error}): open the link above yourself."));
        }
    });
}

/// Says that the identity provider's redirect will not reach this port by itself.
pub fn say_other_port(terminal: &Terminal, ours: u16, redirects: u16) {
    terminal.say(&format!(
        "The identity provider sends the browser to port {redirects}, this helper listens on {ours}: forward that port."
    ));
}

/// Tells, once, that a browser came with TLS, which is not spoken here.
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

/// Acts on a line that is typed while the person signs in to Backstage.
pub fn answer_sign_in(line: &str, sign_in: &PendingSignIn, tools: &Tools) {
    let Typed::CallbackQuery(query) = terminal::understand(line, tools.hand) else { return };
    if let Some(request) = pasted(&query, sign_in.expected(), &tools.terminal) {
        sign_in.accept(Arrival { request, way: Way::Terminal });
    }
}

/// What a pasted address carries; where it does not count, the person is told why.
fn pasted(query: &WireSecret, expected: Expected<'_>, terminal: &Terminal) -> Option<ExchangeRequest> {
    match callback::judge(query.expose(), expected, Proof::Terminal) {
        Ok(Some(request)) => return Some(request),
        Ok(None) => terminal.say("That address carries no answer: copy the one the browser ended on."),
        Err(reason) => terminal.say(&format!("That address does not count ({reason}).")),
    }
    None
}

/// Acts on a typed line.
pub fn answer(line: &str, login: &PendingLogin, tools: &Tools) {
    match terminal::understand(line, tools.hand) {
        Typed::Yes if login.consent() == Consent::Needed => {
            login.give_consent();
            tracing::info!("the account was confirmed in the terminal");
            open(&login.link(), tools);
        }
        Typed::CallbackQuery(query) => {
            if let Some(request) = pasted(&query, login.expected(), &tools.terminal) {
                login.accept(Arrival { request, way: Way::Terminal });
            }
        }
        Typed::Yes | Typed::Other => {}
    }
}

/// Tells of the first trouble with the backend, and then leaves the person alone.
pub struct Trouble<'t> {
    terminal: &'t Terminal,
    told: Cell<bool>,
}

impl<'t> Trouble<'t> {
    /// Nothing told yet.
    #[must_use]
    pub fn new(terminal: &'t Terminal) -> Self {
        Self { terminal, told: Cell::new(false) }
    }

    /// Tells of it.
    pub fn say(&self, trouble: &delivery::Trouble) {
        let reason = &trouble.reason;
        tracing::info!(%reason, "the backend has not answered for good");
        if !self.told.replace(true) {
            self.terminal
                .say(&format!("The backend does not answer yet ({reason}); trying until the session ends."));
        }
    }
}

/// Says that the person is connected. What else an outcome is, the program's last line says.
pub fn say_outcome(terminal: &Terminal, facts: &LoginFacts, outcome: &Outcome) {
    if let Outcome::Connected(connected) = outcome {
        let until = connected.expires_at.format(&Rfc3339).unwrap_or_default();
        let LoginFacts { user, cluster, .. } = facts;
        terminal.say(&format!(
            "Connected: {user} has access to cluster {cluster} in Backstage (ID token until {until})."
        ));
    }
}

//! The pages that the user sees, each with the next step.

pub mod layout;
pub mod signed_in;
pub mod wrong_host;

use std::time::Duration;

use actix_web::http::StatusCode;
use maud::{Markup, html};

use self::layout::{Kind, Page, Tone};
use super::login_lookup::Unavailable;
use crate::helper::backend_client::displayable;
use crate::helper::callback::BadCallback;
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::outcome::{DENIED, EXPIRED, Failure, Outcome};
use crate::helper::session::pending_login::Awaited;
use crate::protocol::{Code, Connected, WireSecret};

/// How often the page reloads while the backend does not answer, in seconds.
const RELOAD_SECONDS: u8 = 2;

/// How long to wait for a reload of such a page, to show it the outcome.
pub const RELOAD_TIMEOUT: Duration = Duration::from_secs(5);

/// True of both roles: a command prints its link, a running helper gets its logins from a page.
const GO_ON: &str = "Go on in the browser window that opened for it, or begin again where you began: with the button in Backstage, or with the link that a command printed.";

/// `GET /`: the pending login.
#[must_use]
pub fn index(facts: &LoginFacts) -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "index",
        tone: Tone::Plain,
        heading: "A login is under way",
        body: html! {
            (facts_list(facts))
            p { (GO_ON) }
        },
        kind: Kind::Text,
    }
}

/// `GET /` during the sign-in to Backstage.
#[must_use]
pub fn signing_in() -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "signing-in",
        tone: Tone::Plain,
        heading: "Sign in to Backstage first",
        body: html! {
            p { (GO_ON) }
        },
        kind: Kind::Text,
    }
}

/// `GET /` before the user has confirmed the backend.
#[must_use]
pub fn asking_about_backend() -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "asking-about-backend",
        tone: Tone::Plain,
        heading: "Confirm your Backstage first",
        body: html! {
            p { (GO_ON) }
        },
        kind: Kind::Text,
    }
}

/// Asks whether a backend that was never confirmed on this machine is the user's own.
#[must_use]
pub fn confirm_backend(backend: &BackendName, token: &WireSecret) -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "confirm-backend",
        tone: Tone::Plain,
        heading: "Is this your Backstage?",
        body: html! {
            p { "No login with this Backstage has succeeded on this computer yet, so it has been sent nothing." }
            (backend_list(backend))
            p {
                "Compare each letter with the address at which you open Backstage. Is it another, or did you not begin this "
                "login yourself? Then close this page: the person who began it would get your access."
            }
            form method="post" action="/continue" {
                input type="hidden" name="csrf" value=(token.expose());
                button #continue .button type="submit" { "This is my Backstage" }
            }
        },
        kind: Kind::Form,
    }
}

/// The parts of a backend's address, for separate comparison.
#[must_use]
pub fn backend_list(backend: &BackendName) -> Markup {
    html! {
        dl #address {
            div { dt { "Host" } dd #host { (backend.host()) } }
            div { dt { "Port" } dd #port { (backend.port()) } }
            div { dt { "Scheme" } dd #scheme { (backend.scheme()) } }
            div { dt { "Path" } dd #path { (backend.path()) } }
        }
        @if backend.host().contains("xn--") {
            p #punycode { "This host's name holds letters that are not a to z: it may look like another name elsewhere." }
        }
    }
}

/// The sign-in to Backstage failed, or no login can begin with it.
#[must_use]
pub fn sign_in_failed(sentence: &str) -> Page {
    Page {
        status: StatusCode::FORBIDDEN,
        outcome: "sign-in-failed",
        tone: Tone::Bad,
        heading: "No login was begun",
        body: html! { p #message { (sentence) } },
        kind: Kind::Text,
    }
}

/// Asks whether the account is the user's own.
#[must_use]
pub fn confirm(facts: &LoginFacts, token: &WireSecret) -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "confirm",
        tone: Tone::Plain,
        heading: "Is this your account?",
        body: html! {
            p { "Your cluster login will be linked to this Backstage account." }
            (facts_list(facts))
            p {
                "Did you not begin this login yourself, or is it not your account? Then close this page: the person who "
                "began it would get your access."
            }
            form method="post" action="/continue" {
                input type="hidden" name="csrf" value=(token.expose());
                button #continue .button type="submit" { "Continue to login" }
            }
        },
        kind: Kind::Form,
    }
}

fn facts_list(facts: &LoginFacts) -> Markup {
    html! {
        dl {
            div { dt { "Account" } dd #user { (facts.user) } }
            div { dt { "Backstage" } dd #backend { (facts.backend) } }
            div { dt { "Cluster" } dd #cluster { (facts.cluster) } }
            div { dt { "You log in at" } dd #idp { (facts.idp_host) } }
        }
    }
}

/// The backend, or the identity provider behind it, has not answered yet.
#[must_use]
pub fn still_trying(facts: &LoginFacts, awaited: Awaited) -> Page {
    let (outcome, away) = match awaited {
        Awaited::Backend => ("backend-away", &facts.backend),
        Awaited::IdentityProvider => ("idp-away", &facts.idp_host),
    };
    Page {
        status: StatusCode::ACCEPTED,
        outcome,
        tone: Tone::Busy,
        heading: "Almost there",
        body: html! {
            p { "You are back from your login. " strong { (away) } " does not answer yet; this helper keeps trying until the session ends." }
            p { "Leave this page open: it reloads by itself." }
        },
        kind: Kind::Reloading(RELOAD_SECONDS),
    }
}

/// How the login ended.
#[must_use]
pub fn outcome(facts: &LoginFacts, outcome: &Outcome) -> Page {
    match outcome {
        Outcome::Connected(connected) => success(facts, connected),
        Outcome::Denied => refused(facts),
        Outcome::Expired => expired(facts),
        Outcome::Failed(failure) => failed(facts, failure),
    }
}

fn success(facts: &LoginFacts, connected: &Connected) -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "success",
        tone: Tone::Good,
        heading: "You are connected",
        body: html! {
            p { strong #user { (facts.user) } " now has their own access to " strong #cluster { (facts.cluster) } " in Backstage." }
            p { "You logged in at " strong { (facts.idp_host) } " as " strong #account { (displayable(connected.account())) } "." }
            @if !connected.refreshable {
                p { "It ends when its token does, since the backend has no refresh token for it: log in again then." }
            }
            p { "You can close this page." }
            (way_back(facts))
        },
        kind: Kind::Text,
    }
}

fn refused(facts: &LoginFacts) -> Page {
    Page {
        status: StatusCode::FORBIDDEN,
        outcome: "refused",
        tone: Tone::Bad,
        heading: "The login was refused",
        body: html! {
            p { strong { (facts.idp_host) } " gave no code, so nothing was connected." }
            p #message { strong { (DENIED) } }
            (code_line(Some(Code::AccessDenied)))
            (way_back(facts))
        },
        kind: Kind::Text,
    }
}

fn expired(facts: &LoginFacts) -> Page {
    Page {
        status: StatusCode::GONE,
        outcome: "expired",
        tone: Tone::Bad,
        heading: "The login took too long",
        body: html! {
            p { "The session at " strong { (facts.backend) } " has ended, so nothing was connected." }
            p #message { strong { (EXPIRED) } }
            (code_line(Some(Code::SessionExpired)))
            (way_back(facts))
        },
        kind: Kind::Text,
    }
}

fn failed(facts: &LoginFacts, failure: &Failure) -> Page {
    Page {
        status: StatusCode::BAD_GATEWAY,
        outcome: "failed",
        tone: Tone::Bad,
        heading: "The login was not accepted",
        body: html! {
            p { "This is what " strong { (facts.backend) } " says:" }
            p #message { strong { (failure.message) } }
            @if failure.code == Some(Code::IdentityMismatch) { (another_account(facts)) }
            (code_line(failure.code))
            (way_back(facts))
        },
        kind: Kind::Text,
    }
}

/// An identity provider that remembers the wrong account logs it in again, unasked.
fn another_account(facts: &LoginFacts) -> Markup {
    html! {
        p #another {
            "To log in with another account: sign out at " strong { (facts.idp_host) } " first, which would otherwise log you in "
            "with the same one again, or use a private browser window. Then begin the login again, as " strong { (facts.user) } "."
        }
    }
}

/// Where Backstage is known, a failed login does not end at this page either.
fn way_back(facts: &LoginFacts) -> Markup {
    html! { @if let Some(link) = &facts.back_link { a #back .button href=(link) { "Back to Backstage" } } }
}

fn code_line(code: Option<Code>) -> Markup {
    html! { @if let Some(code) = code { p { code #code { (code.as_str()) } } } }
}

/// A refused callback.
#[must_use]
pub fn bad_callback(reason: BadCallback) -> Page {
    let (status, outcome, heading, advice) = match reason {
        BadCallback::WrongState => (
            StatusCode::BAD_REQUEST,
            "wrong-state",
            "This is not the login under way",
            "It may be left over from an earlier one. Go on in the newest browser window, or begin the login again.",
        ),
        BadCallback::NoCookie | BadCallback::NotConfirmed => (
            StatusCode::FORBIDDEN,
            "no-cookie",
            "This browser did not begin the login",
            "Go on in the browser in which you began, or begin again in this one: with the button in Backstage, or with \
             the link that a command printed.",
        ),
        BadCallback::Malformed => (
            StatusCode::BAD_REQUEST,
            "malformed",
            "This answer cannot be read",
            "It holds neither one authorization code nor one error. Begin the login again.",
        ),
    };
    goes_on(status, outcome, heading, advice)
}

/// A refused click.
#[must_use]
pub fn bad_confirmation() -> Page {
    goes_on(
        StatusCode::FORBIDDEN,
        "not-confirmed",
        "This click does not count",
        "The button was used before, or it was not on the helper's own page. Go back to where you began, with the button in \
         Backstage or with the link that a command printed, and press the helper's button once.",
    )
}

/// The logins cannot be looked up now.
#[must_use]
pub fn unavailable(reason: &Unavailable) -> Page {
    Page {
        status: StatusCode::SERVICE_UNAVAILABLE,
        outcome: "unavailable",
        tone: Tone::Busy,
        heading: "Not now",
        body: html! {
            p #message { "The helper cannot look up its logins: " (reason) "." }
            p { "A login that is under way goes on: reload this page in a moment." }
        },
        kind: Kind::Text,
    }
}

/// A part of the helper has panicked.
#[must_use]
pub fn fault() -> Page {
    Page {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        outcome: "fault",
        tone: Tone::Bad,
        heading: "An error in the helper",
        body: html! {
            p { "An internal error ended this request, and nothing else: reload this page, or begin the login again." }
            (code_line(Some(Code::InternalError)))
        },
        kind: Kind::Text,
    }
}

/// An address that is not one of the helper's.
#[must_use]
pub fn not_found() -> Page {
    goes_on(
        StatusCode::NOT_FOUND,
        "not-found",
        "There is nothing here",
        "The link may belong to an earlier login. Begin the login again, or open the newest link that a command printed.",
    )
}

fn goes_on(status: StatusCode, outcome: &'static str, heading: &'static str, advice: &'static str) -> Page {
    Page {
        status,
        outcome,
        tone: Tone::Bad,
        heading,
        body: html! {
            p { (advice) }
            p { "Nothing was changed: a login that is under way goes on." }
        },
        kind: Kind::Text,
    }
}

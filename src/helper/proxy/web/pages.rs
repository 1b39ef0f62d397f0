//! The proxy's own pages.

use actix_web::http::StatusCode;
use maud::{Markup, html};

use crate::helper::HelperError;
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::port::ListenError;
use crate::helper::proxy::logins::begin::NotBegun;
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::which_cluster::shown;
use crate::helper::web::pages::backend_list;
use crate::helper::web::pages::layout::{Kind, Page, Tone};
use crate::protocol::{ClusterInfo, Info, WireSecret};

/// How many logins are listed; of the others only the number is shown.
const NAMED: usize = 8;

/// `GET /`: the Backstage, the pending logins, and the button that begins one.
pub struct Index<'a> {
    /// The Backstage.
    pub backstage_url: &'a str,
    /// What it answers to `GET /info`; none if it does not answer.
    pub info: Option<&'a Info>,
    /// The backend, if the click is also its confirmation.
    pub unconfirmed: Option<&'a BackendName>,
}

impl Index<'_> {
    /// The page with the pending logins and the token of its form.
    #[must_use]
    pub fn with(&self, under_way: &[LoginFacts], form_token: &WireSecret) -> Page {
        Page {
            status: StatusCode::OK,
            outcome: "index",
            tone: Tone::Plain,
            heading: if under_way.is_empty() { "Ready to log in" } else { "A login is under way" },
            body: html! {
                (self.backstage())
                (logins(under_way))
                p { "Begin in Backstage, or here:" }
                form method="post" action="/login" {
                    input type="hidden" name="csrf" value=(form_token.expose());
                    @if let Some(info) = self.info { (cluster_choice(&info.clusters)) }
                    button #login .button type="submit" { "Log in" }
                }
            },
            kind: Kind::Form,
        }
    }

    fn backstage(&self) -> Markup {
        html! {
            p { "This helper is for " a #backend href=(self.backstage_url) { (self.backstage_url) } "." }
            @if self.info.is_none() {
                p #away { "It does not answer now: check its address (BACKSTAGE_URL) and your network, then reload this page." }
            }
            @if let Some(backend) = self.unconfirmed {
                p #unconfirmed {
                    "No login with it has succeeded on this computer yet. Log in only if each letter is that of the address "
                    "at which you open Backstage:"
                }
                (backend_list(backend))
            }
        }
    }
}

/// The choice among several clusters. Nothing is chosen beforehand: the wrong login would be begun with one careless click.
fn cluster_choice(clusters: &[ClusterInfo]) -> Markup {
    html! {
        @if clusters.len() > 1 {
            p {
                label for="cluster" { "Cluster " }
                select #cluster name="cluster" required {
                    option value="" { "Choose one" }
                    @for cluster in clusters {
                        option value=(cluster.name) { (shown((&cluster.name, &cluster.title))) }
                    }
                }
            }
        }
    }
}

fn logins(under_way: &[LoginFacts]) -> Markup {
    html! {
        @if !under_way.is_empty() {
            dl #logins {
                @for login in under_way.iter().take(NAMED) {
                    div { dt { (login.cluster) } dd { (login.user) } }
                }
            }
            @if under_way.len() > NAMED { p { "and " (under_way.len() - NAMED) " more." } }
        }
    }
}

/// `GET /` when no Backstage is configured.
#[must_use]
pub fn no_backstage() -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "no-backstage",
        tone: Tone::Plain,
        heading: "Which Backstage?",
        body: html! {
            p { "This helper runs, and knows no Backstage yet." }
            p { "Set " code { "BACKSTAGE_URL" } " to the address of yours and start it again: "
                code { "-e BACKSTAGE_URL=https://backstage.example.com" } }
        },
        kind: Kind::Text,
    }
}

/// `POST /start` without a session token.
#[must_use]
pub fn no_session_token() -> Page {
    refusal(
        StatusCode::BAD_REQUEST,
        "no-session-token",
        "There is no session to take over",
        &html! { p { "The form holds no session token: press the button in Backstage once more." } },
    )
}

/// A login that did not begin.
#[must_use]
pub fn not_begun(reason: &NotBegun) -> Page {
    let (status, outcome, heading) = match reason {
        NotBegun::NoBackstage => (StatusCode::SERVICE_UNAVAILABLE, "no-backstage", "Which Backstage?"),
        NotBegun::WhichCluster => (StatusCode::BAD_REQUEST, "which-cluster", "Which cluster?"),
        NotBegun::UsedBefore => (StatusCode::CONFLICT, "used-before", "This session was handed over before"),
        NotBegun::WrongOrigin(_) => (StatusCode::FORBIDDEN, "wrong-origin", "Not from this page"),
        NotBegun::Port(ListenError::Reserved { .. }) => {
            (StatusCode::CONFLICT, "port-reserved", "Windows keeps the port")
        }
        NotBegun::Port(_) => (StatusCode::CONFLICT, "port-taken", "Another program is in the way"),
        NotBegun::Login(HelperError::Unreachable { .. }) => {
            (StatusCode::BAD_GATEWAY, "backend-away", "Backstage does not answer")
        }
        NotBegun::Login(HelperError::Expired) => (StatusCode::GONE, "expired", "The login took too long"),
        NotBegun::Login(_) => (StatusCode::FORBIDDEN, "not-begun", "The login cannot begin"),
        NotBegun::Unavailable(_) | NotBegun::Stopping => {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not now")
        }
    };
    let body = html! {
        p #message { (sentence(reason)) }
        @if matches!(reason, NotBegun::WhichCluster) { p { a .button href="/" { "Choose a cluster" } } }
    };
    refusal(status, outcome, heading, &body)
}

/// The message for a page, where "run this again" makes no sense: the button is in Backstage.
fn sentence(reason: &NotBegun) -> String {
    match reason {
        NotBegun::Port(ListenError::Taken { port, holder }) => format!(
            "Port {port} is taken by {holder}: stop that program, then press the button in Backstage again."
        ),
        other => other.to_string(),
    }
}

fn refusal(status: StatusCode, outcome: &'static str, heading: &'static str, body: &Markup) -> Page {
    Page {
        status,
        outcome,
        tone: Tone::Bad,
        heading,
        body: html! { (body) p { "Nothing was changed." } },
        kind: Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_windows_keeps_is_not_blamed_on_a_program() {
        let page = not_begun(&NotBegun::Port(ListenError::Reserved { port: 8000 }));
        assert_eq!((page.outcome, page.heading), ("port-reserved", "Windows keeps the port"));
        assert!(page.body.into_string().contains("net stop winnat"));
    }
}

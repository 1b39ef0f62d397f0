//! The page for a request under a name that is not the helper's.

use actix_web::http::StatusCode;
use maud::html;

use super::layout::{Kind, Page, Tone};

/// Says which names there are, and how to add one. `asked` is the name without the port, where it is one that can be added.
#[must_use]
pub fn wrong_host(asked: Option<&str>, port: u16) -> Page {
    let own = format!("http://localhost:{port}/");
    let name = asked.unwrap_or("NAME");
    Page {
        status: StatusCode::MISDIRECTED_REQUEST,
        outcome: "wrong-host",
        tone: Tone::Bad,
        heading: "Not under this name",
        body: html! {
            p {
                "This helper answers to localhost, 127.0.0.1 and [::1]"
                @if let Some(asked) = asked { ", and was asked for as " strong #host { (asked) } }
                ". On the machine where it runs, open " a href=(own) { (own) } " instead."
            }
            p {
                "Is that a name of yours for it? Then set " code { "ALLOWED_HOSTS=" (name) } " and start it again; in a container: "
                code { "docker run -e ALLOWED_HOSTS=" (name) " …" } "."
            }
        },
        kind: Kind::Text,
    }
}

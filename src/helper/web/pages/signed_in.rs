//! The last page of a sign-in to Backstage that no login follows.

use actix_web::http::StatusCode;
use maud::html;

use super::layout::{Kind, Page, Tone};

/// The program that wanted the sign-in goes on.
#[must_use]
pub fn page() -> Page {
    Page {
        status: StatusCode::OK,
        outcome: "signed-in",
        tone: Tone::Good,
        heading: "You are signed in to Backstage",
        body: html! { p { "The command that opened this page goes on. You can close it." } },
        kind: Kind::Text,
    }
}

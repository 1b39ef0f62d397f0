//! The layout of the helper's pages, and their headers.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType, REFERRER_POLICY};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");

/// Prevents that a double click submits the form twice; the page works without it.
const PRESS_ONCE: &str =
    "document.forms[0].addEventListener('submit',e=>{e.submitter&&(e.submitter.disabled=true)})";

/// The policy of a page: only its own content. `default-src` does not cover `form-action`.
static POLICY: LazyLock<String> = LazyLock::new(|| format!("{}; form-action 'none'", BASE_POLICY.as_str()));

/// A page with a form has no `form-action`: Chromium would apply it to the redirect to the identity provider.
static FORM_POLICY: LazyLock<String> =
    LazyLock::new(|| format!("{}; script-src '{}'", BASE_POLICY.as_str(), hash(PRESS_ONCE)));

static BASE_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE)
    )
});

static ICON_URL: LazyLock<String> =
    LazyLock::new(|| format!("data:image/svg+xml;base64,{}", STANDARD.encode(ICON)));

/// A source expression of CSP level 3 that allows exactly this text.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

/// The policy of pages without a form, and of all other answers.
#[must_use]
pub fn policy() -> &'static str {
    &POLICY
}

/// The tone of a page, which colours the mark on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Done.
    Good,
    /// Failed.
    Bad,
    /// In progress.
    Busy,
    /// A question or information.
    Plain,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Busy => "busy",
            Self::Plain => "plain",
        }
    }

    fn mark(self) -> Markup {
        let path = match self {
            Self::Good => "M14 25l7 7 14-15",
            Self::Bad => "M16 16l16 16M32 16L16 32",
            Self::Busy => "M24 13v11l8 5",
            Self::Plain => "M24 22v12M24 14v1",
        };
        html! { svg viewBox="0 0 48 48" aria-hidden="true" { circle cx="24" cy="24" r="22" {} path d=(path) {} } }
    }
}

/// The kind of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text and links.
    Text,
    /// Text and a form.
    Form,
    /// Text that reloads after so many seconds.
    Reloading(u8),
}

/// A page. `outcome` is stable: tests and tools identify the page by it.
pub struct Page {
    /// Its HTTP status.
    pub status: StatusCode,
    /// Its name, in `data-outcome`.
    pub outcome: &'static str,
    /// Its tone.
    pub tone: Tone,
    /// Its title and heading.
    pub heading: &'static str,
    /// The content below the heading.
    pub body: Markup,
    /// Its kind.
    pub kind: Kind,
}

impl Page {
    /// The response with this page.
    #[must_use]
    pub fn into_response(self) -> HttpResponse {
        let (policy, referrer) = match self.kind {
            // `no-referrer` would make the form's `Origin` null.
            Kind::Form => (FORM_POLICY.as_str(), "same-origin"),
            Kind::Text | Kind::Reloading(_) => (POLICY.as_str(), "no-referrer"),
        };
        HttpResponse::build(self.status)
            .content_type(ContentType::html())
            .insert_header((CONTENT_SECURITY_POLICY, policy))
            .insert_header((REFERRER_POLICY, referrer))
            .body(self.render().into_string())
    }

    fn render(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Kind::Reloading(seconds) = self.kind { meta http-equiv="refresh" content=(seconds); }
                    title { (self.heading) " · Backstage OIDC Helper" }
                    link rel="icon" href=(ICON_URL.as_str());
                    style { (PreEscaped(STYLE)) }
                }
                body data-outcome=(self.outcome) {
                    main class=(self.tone.class()) {
                        (self.tone.mark())
                        h1 { (self.heading) }
                        (self.body)
                    }
                    footer { "Backstage OIDC Helper at localhost" }
                    @if self.kind == Kind::Form { script { (PreEscaped(PRESS_ONCE)) } }
                }
            }
        }
    }
}

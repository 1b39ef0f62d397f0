//! What the answer of a token endpoint is, before it is known what was sent.
//!
//! An OAuth error is JSON with `error` (RFC 6749, 5.2). Any other answer below 500, such as a redirect or a page of HTML, comes from a
//! server before the provider, which has seen nothing.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use oauth2::HttpResponse;
use oauth2::http::StatusCode;
use oauth2::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

/// An answer of a token endpoint, or of what stands before it.
pub enum TokenAnswer {
    /// A token response, which `oauth2` may read now.
    Tokens(HttpResponse),
    /// The provider refused.
    Refused {
        /// Its error code, as it came.
        code: String,
        /// What it says beside it.
        description: String,
    },
    /// With this status, and no OAuth answer.
    NotOAuth(u16),
    /// A success that begins as JSON and does not end as such was damaged on its way: the provider has answered.
    Damaged,
}

impl TokenAnswer {
    /// Sorts an answer of which [`super::Bridge`] has taken out 429 and 5xx.
    #[must_use]
    pub fn of(mut answer: HttpResponse) -> Self {
        let Some(json) = object(&answer) else { return no_json(&answer) };
        if let Some(error) = json.get("error") {
            let description = json.get("error_description").and_then(Value::as_str).unwrap_or_default();
            return Self::Refused {
                code: error.as_str().unwrap_or("unnamed").to_owned(),
                description: description.to_owned(),
            };
        }
        let brings = |name: &str| json.get(name).and_then(Value::as_str).is_some();
        let brings_any = ["id_token", "access_token", "refresh_token"].into_iter().any(brings);
        if !answer.status().is_success() || !brings_any {
            return Self::NotOAuth(answer.status().as_u16());
        }
        // `oauth2` insists on both.
        *answer.status_mut() = StatusCode::OK;
        answer.headers_mut().remove(CONTENT_TYPE);
        Self::Tokens(answer)
    }
}

fn object(answer: &HttpResponse) -> Option<Map<String, Value>> {
    serde_json::from_slice(answer.body()).ok()
}

fn no_json(answer: &HttpResponse) -> TokenAnswer {
    let begins_as_json = answer.body().trim_ascii_start().starts_with(b"{");
    if answer.status().is_success() && begins_as_json {
        TokenAnswer::Damaged
    } else {
        TokenAnswer::NotOAuth(answer.status().as_u16())
    }
}

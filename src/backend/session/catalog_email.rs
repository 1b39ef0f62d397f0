//! What Backstage's catalog says of a user.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use hyper::header::ACCEPT;
use serde::Deserialize;

use crate::backend::inbound::caller::Caller;
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;
use crate::problem::Problem;
use crate::protocol::Code;

#[derive(Deserialize)]
struct Entity {
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Spec {
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    email: Option<String>,
}

/// Backstage's catalog.
pub struct Catalog {
    /// Backstage's address without a slash at the end.
    pub base_url: String,
    /// Asks it.
    pub http: HttpClient,
}

impl Catalog {
    /// Reads the e-mail address of the caller's catalog entity with the caller's own token.
    ///
    /// # Errors
    /// `identity_mismatch` when there is no such entity or it has no address; `timeout` when the catalog does not answer.
    pub async fn email_of(&self, caller: &Caller) -> Result<String, Problem> {
        let (namespace, name) = (caller.user.namespace(), caller.user.name());
        let url = format!("{}/api/catalog/entities/by-name/user/{namespace}/{name}", self.base_url);
        let mut request = self.http.get(&url).header(ACCEPT, "application/json");
        if let Some(token) = &caller.token {
            request = request.bearer_auth(token.expose());
        }
        let entity = request.send().await.and_then(|answer| answer.json::<Entity>());
        let entity = entity.map_err(|error| match error {
            OutboundError::Status(401 | 403 | 404) => no_address("has no entity in Backstage's catalog"),
            other => {
                tracing::warn!(error = %other, "Backstage's catalog cannot be read");
                Problem::new(
                    Code::Timeout,
                    "Backstage's catalog does not answer: try again, or tell its operator.",
                )
            }
        })?;
        let email = entity.spec.and_then(|spec| spec.profile).and_then(|profile| profile.email);
        email
            .filter(|email| !email.is_empty())
            .ok_or_else(|| no_address("has no spec.profile.email in Backstage's catalog"))
    }
}

fn no_address(why: &str) -> Problem {
    Problem::new(
        Code::IdentityMismatch,
        format!(
            "Your Backstage user {why}, so no login can be matched to it: ask the catalog's owner to add it."
        ),
    )
}

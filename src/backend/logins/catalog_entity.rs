//! What Backstage's catalog says of a user.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use hyper::header::ACCEPT;
use serde::Deserialize;
use serde_json::Value;

use crate::backend::inbound::caller::Caller;
use crate::backend::oidc::identity_rule::CatalogSaid;
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::settings::backend::BackendSettings;
use crate::settings::cluster::{Annotated, IdentityRule};

#[derive(Deserialize)]
struct Entity {
    metadata: Option<Metadata>,
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    annotations: BTreeMap<String, Value>,
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
    base_url: String,
    http: HttpClient,
}

impl Catalog {
    /// That of the Backstage in the settings.
    #[must_use]
    pub fn new(settings: &BackendSettings, http: HttpClient) -> Self {
        Self { base_url: settings.backstage_base().to_owned(), http }
    }

    /// What the caller's catalog entity says, read with the caller's own token, where the rule asks for it.
    ///
    /// # Errors
    /// `identity_mismatch` when there is no such entity or it does not say it; `timeout` when the catalog does not answer.
    pub async fn said_of(&self, caller: &Caller, rule: &IdentityRule) -> Result<CatalogSaid, Problem> {
        match rule {
            IdentityRule::Catalog(_) => {
                let email = self.entity_of(caller).await?.email();
                let email =
                    email.ok_or_else(|| nothing("has no spec.profile.email in Backstage's catalog"))?;
                Ok(CatalogSaid { email: Some(email), annotation: None })
            }
            IdentityRule::Annotation(Annotated { annotation, .. }) => {
                let value = self.entity_of(caller).await?.annotation(annotation);
                let missing = || nothing(&format!("has no annotation {annotation} in Backstage's catalog"));
                Ok(CatalogSaid { email: None, annotation: Some(value.ok_or_else(missing)?) })
            }
            IdentityRule::Email(..) | IdentityRule::Template(_) | IdentityRule::Any => {
                Ok(CatalogSaid::default())
            }
        }
    }

    async fn entity_of(&self, caller: &Caller) -> Result<Entity, Problem> {
        let (namespace, name) = (caller.user.namespace(), caller.user.name());
        let url = format!("{}/api/catalog/entities/by-name/user/{namespace}/{name}", self.base_url);
        let mut request = self.http.get(&url).header(ACCEPT, "application/json");
        if let Some(token) = &caller.token {
            request = request.bearer_auth(token.expose());
        }
        let entity = request.send().await.and_then(|answer| answer.json::<Entity>());
        entity.map_err(|error| match error {
            OutboundError::Status(401 | 403 | 404) => nothing("has no entity in Backstage's catalog"),
            other => {
                tracing::warn!(error = %other, "Backstage's catalog cannot be read");
                Problem::new(
                    Code::Timeout,
                    "Backstage's catalog does not answer: try again, or tell its operator.",
                )
            }
        })
    }
}

impl Entity {
    fn email(self) -> Option<String> {
        self.spec?.profile?.email.filter(|email| !email.is_empty())
    }

    fn annotation(self, key: &str) -> Option<String> {
        let value = self.metadata?.annotations.get(key)?.as_str()?.to_owned();
        Some(value).filter(|value| !value.is_empty())
    }
}

fn nothing(why: &str) -> Problem {
    Problem::new(
        Code::IdentityMismatch,
        format!(
            "Your Backstage user {why}, so no login can be matched to it: ask the catalog's owner to add it."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(json: &str) -> Entity {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_entity_says_an_address_and_annotations_or_nothing() {
        let felix = || {
            entity(
                r#"{"metadata": {"name": "felix", "annotations": {"a/id": "felix-1", "b": 5, "c": ""}},
                    "spec": {"profile": {"email": "felix@example.com"}}}"#,
            )
        };
        assert_eq!(felix().email().as_deref(), Some("felix@example.com"));
        assert_eq!(felix().annotation("a/id").as_deref(), Some("felix-1"));
        for key in ["b", "c", "d"] {
            assert_eq!(felix().annotation(key), None, "{key}");
        }
        for bare in ["{}", r#"{"metadata": {}, "spec": {}}"#, r#"{"spec": {"profile": {"email": ""}}}"#] {
            assert_eq!((entity(bare).email(), entity(bare).annotation("a/id")), (None, None), "{bare}");
        }
    }
}

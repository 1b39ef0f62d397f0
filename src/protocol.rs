//! The wire types that helper and backend share, and nothing else.
//!
//! Field names are the contract of `docs/protocol.md`: JSON is camelCase, times are RFC 3339 in UTC.

mod error;
mod helper_exchange;
mod redirect_uri;
mod wire_secret;

pub use error::{Code, ErrorBody, ErrorDetail, ErrorResponse};
pub use helper_exchange::{KeepVerifierRequest, KeepVerifierResponse, TokensRequest};
pub use redirect_uri::{BadRedirectUri, RedirectUri};
pub use wire_secret::{SECRET_LENGTH, WireSecret};

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Where the backend's calls live below the Backstage URL.
pub const BASE_PATH: &str = "/api/cluster-auth";

/// The redirect URI that the identity provider knows unless a cluster says otherwise.
pub const REDIRECT_URI: &str = "http://localhost:8000/";

/// The answer of `GET /info`, which is public.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// The backend's version.
    pub version: String,
    /// Where users' programs reach Backstage's API, as the operator has configured it; empty when it is not configured. A helper
    /// calls only the address that its own settings name.
    pub backstage_url: String,
    /// Where users open Backstage; empty when it is not configured.
    pub app_url: String,
    /// The first cluster's redirect URI; the others have the same host and port.
    pub redirect_uri: String,
    /// The clusters with a login.
    pub clusters: Vec<ClusterInfo>,
}

/// What is public of a cluster.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterInfo {
    /// Its name in every call.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The OpenID provider that logs people in to it.
    pub issuer: String,
    /// The redirect URI of its logins. An older backend leaves it out: then all clusters have the first one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
}

/// The body of `POST /register`; all of it optional.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterRequest {
    /// Which cluster; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Where in Backstage the browser goes after the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
}

/// The answer of `POST /register`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterResponse {
    /// The key to this session.
    #[schema(value_type = String)]
    pub session_token: WireSecret,
    /// Where the browser logs in.
    #[schema(value_type = String)]
    pub auth_url: WireSecret,
    /// When the session ends.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
    /// The Backstage user to whom the login will belong.
    pub user: String,
    /// The cluster.
    pub cluster: String,
    /// Where in Backstage the browser goes after the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
    /// True where the backend compares who logs in with who began the session (every identity rule but `any`); absent otherwise, and from
    /// backends that do not say. Only with it may the address of the identity provider be opened on another machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub identity_checked: bool,
}

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// The callback has not come yet.
    Pending,
    /// The authorization code is being redeemed.
    Exchanging,
    /// Connected.
    Complete,
    /// Ended without a login; `error` says why.
    Failed,
    /// Its time is over.
    Expired,
}

/// The answer of `GET /session`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionResponse {
    /// Its state.
    pub status: SessionStatus,
    /// The Backstage user to whom the login will belong.
    pub user: String,
    /// The cluster.
    pub cluster: String,
    /// When the session ends.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
    /// Where in Backstage the browser goes after the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
    /// Where the browser logs in; while pending only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub auth_url: Option<WireSecret>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "where_known")]
    pub error: Option<SessionError>,
    /// True where the backend compares who logs in with who began the session (every identity rule but `any`); absent otherwise, and from
    /// backends that do not say. Only with it may the address of the identity provider be opened on another machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub identity_checked: bool,
}

/// An error code of a newer backend is unknown here and ignored: the rest of the answer counts.
fn where_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SessionError>, D::Error> {
    let error = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(error.and_then(|error| serde_json::from_value(error).ok()))
}

/// Why a session failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionError {
    /// The stable code.
    pub code: Code,
    /// What to do next.
    pub message: String,
}

/// The body of `POST /exchange`: what the identity provider's redirect carried (RFC 6749, 4.1.2 and 4.1.2.1).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ExchangeRequest {
    /// The identity provider granted.
    Granted(Granted),
    /// The identity provider refused.
    Refused(Refused),
}

/// An authorization code with its state.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Granted {
    /// The authorization code.
    #[schema(value_type = String)]
    pub code: WireSecret,
    /// The state of the authorization request.
    #[schema(value_type = String)]
    pub state: WireSecret,
    /// The issuer, where the provider names it (RFC 9207).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
}

/// The identity provider's refusal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refused {
    /// The provider's error code, such as `access_denied`.
    pub error: String,
    /// The provider's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// The state of the authorization request.
    #[schema(value_type = String)]
    pub state: WireSecret,
}

/// The answer of `POST /exchange`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ExchangeResponse {
    /// Connected.
    Connected(Connected),
    /// The identity provider refused, which ended the session.
    Denied(Denied),
}

fn is_refreshable() -> bool {
    true
}

/// A login that was accepted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// Always true.
    pub success: bool,
    /// The Backstage user to whom the login belongs.
    pub user: String,
    /// The cluster.
    pub cluster: String,
    /// The `sub` of the ID token.
    pub subject: String,
    /// The e-mail address of the person who logged in, where it was verified or the identity rule read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When the token for the cluster expires.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
    /// Whether it is refreshed then: whether the identity provider gave a refresh token. Older backends do not say.
    #[serde(default = "is_refreshable")]
    pub refreshable: bool,
    /// What became of the refresh token that a user brought to `POST /tokens`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_refresh_token: Option<BroughtRefreshToken>,
    /// Where in Backstage the browser goes now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
}

/// What became of a refresh token that was brought: who has it from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BroughtRefreshToken {
    /// The backend has it, or its successor.
    Kept,
    /// It is spent, or may be, by this call or an earlier one that brought it: no program may send it again.
    Spent,
    /// It is as it was, and still the caller's.
    Left,
}

impl Connected {
    /// The account at the identity provider, as people know it: the e-mail address, else the subject.
    #[must_use]
    pub fn account(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.subject)
    }
}

/// A login for which the identity provider gave no code.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Denied {
    /// Always false.
    pub success: bool,
    /// `access_denied`; `idp_refused` where the operator has to change a setting, `idp_unreachable` where it may pass.
    pub code: Code,
    /// What happened and what to do next. Older backends do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The answer of `GET /status`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StatusResponse {
    /// The caller.
    pub user: String,
    /// Each configured cluster.
    pub clusters: Vec<ClusterStatus>,
}

/// One cluster, with the caller's login.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// Its name in every call.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Whether the backend holds a login that still works.
    pub connected: bool,
    /// The `sub` of the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The e-mail address of the person who logged in, where it was verified or the identity rule read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When the ID token expires.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<OffsetDateTime>,
    /// When the login cannot be refreshed any more, where the identity provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub login_expires_at: Option<OffsetDateTime>,
    /// Whether the backend can refresh the login.
    pub refreshable: bool,
    /// Why it is not connected; absent when there never was a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the user should know beside the reason: of `identity_changed`, which claim was what and is what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ClusterStatus {
    /// The account at the identity provider, as people know it: the e-mail address, else the subject.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.email.as_deref().or(self.subject.as_deref())
    }
}

/// The answer of `GET /token`: the credential that a trusted plugin sends to Kubernetes for its user.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenResponse {
    /// The token.
    #[schema(value_type = String)]
    pub token: WireSecret,
    /// When it expires.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: OffsetDateTime,
    /// The cluster it is for.
    pub cluster: String,
    /// Which of the login's tokens it is: the one that the cluster takes.
    pub kind: TokenKind,
}

/// Which of a login's tokens a cluster takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// The ID token.
    IdToken,
    /// The access token.
    AccessToken,
}

/// The answer of `DELETE /tokens`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisconnectedResponse {
    /// The clusters at which the login was deleted.
    pub disconnected: Vec<String>,
    /// Of the clusters asked for, those with a revocation that the identity provider has not confirmed yet, from this call or an
    /// earlier one. The backend retries by itself.
    pub revocation_pending: Vec<String>,
    /// The logins that are forgotten here and live on at their identity provider, which offers no revocation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lives_on: Vec<LivesOn>,
}

/// A login that lives on at its identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LivesOn {
    /// The cluster.
    pub name: String,
    /// Until when, where the identity provider has said so.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_request_is_a_code_or_a_refusal_and_nothing_else() {
        let granted = serde_json::from_str(r#"{"code":"c","state":"s","iss":"i"}"#).unwrap();
        assert!(matches!(granted, ExchangeRequest::Granted(_)));
        let refused = serde_json::from_str(r#"{"error":"access_denied","state":"s"}"#).unwrap();
        assert!(matches!(refused, ExchangeRequest::Refused(_)));
        assert!(serde_json::from_str::<ExchangeRequest>(r#"{"state":"s"}"#).is_err());
        assert!(serde_json::from_str::<ExchangeRequest>(r#"{"code":"c","error":"e","state":"s"}"#).is_err());
    }
}

//! The wire types of a login that the helper redeems the code of, and of tokens that a client brings.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::wire_secret::WireSecret;

/// The body of `PUT /session`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeepVerifierRequest {
    /// The SHA-256 of the verifier that the helper keeps, in base64url (RFC 7636, 4.2: S256).
    pub code_challenge: String,
}

/// The answer of `PUT /session`: where the browser logs in now, and what the helper redeems the code with.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeepVerifierResponse {
    /// Where the browser logs in, with a new state and nonce; the address from before counts no more.
    #[schema(value_type = String)]
    pub auth_url: WireSecret,
    /// The OpenID provider.
    pub issuer: String,
    /// Its token endpoint, as the backend knows it. A helper sends the code only where the provider's own discovery document says so.
    pub token_endpoint: String,
    /// The client, which has neither secret nor key.
    pub client_id: String,
    /// The redirect URI, byte for byte.
    pub redirect_uri: String,
    /// True where the token request has to say the redirect URI's origin (`OIDC_TOKEN_ORIGIN`); absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub token_origin: bool,
}

/// The body of `POST /tokens`: a token response (OpenID Connect Core, 3.1.3.3) that came to a client.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokensRequest {
    /// The ID token.
    #[schema(value_type = String)]
    pub id_token: WireSecret,
    /// The access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub access_token: Option<WireSecret>,
    /// The refresh token. The backend spends it once at once: it counts only when what comes is the same person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<WireSecret>,
    /// The cluster; a user may leave it out where there is only one, and a session has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
}

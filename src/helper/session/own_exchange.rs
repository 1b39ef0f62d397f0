//! `EXCHANGE=helper`: the helper keeps the PKCE verifier, redeems the code itself and brings the backend the tokens, for a backend that
//! cannot reach the identity provider's token endpoint.
//!
//! The backend is not believed where the code goes: the provider's own discovery document says that, and only where the login page that
//! the person sees belongs to the same provider.

pub mod bring;
pub(super) mod provider;
mod redemption;
pub mod redemptions;

use serde::{Deserialize, Serialize};

use crate::protocol::WireSecret;

/// What the code of a login is redeemed with. Sealed wherever it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnExchange {
    pub(super) verifier: WireSecret,
    pub(super) issuer: String,
    pub(super) token_endpoint: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// What the token request says as its `Origin`, where it has to say it.
    pub(super) origin: Option<String>,
    /// Whether each redirect has to name the issuer (RFC 9207, 2.3).
    pub(super) promises_iss: bool,
}

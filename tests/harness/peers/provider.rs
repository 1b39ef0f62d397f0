//! What both identity providers for development can do.

use serde_json::json;

use super::hostile_idp::HostileIdp;
use super::idp::Idp;

/// An identity provider.
pub trait Provider {
    /// Its issuer, with the slash at its end.
    fn issuer(&self) -> &str;

    /// Logs in there, as a person does in a browser; the answer is the redirect to the helper.
    fn redirect_of(&self, auth_url: &str, login: &str) -> String;

    /// Sets how long its next ID tokens live.
    fn set_id_token_lifetime(&self, seconds: u64);
}

impl Provider for Idp {
    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn redirect_of(&self, auth_url: &str, login: &str) -> String {
        self.log_in(auth_url, login)
    }

    fn set_id_token_lifetime(&self, seconds: u64) {
        self.control("id-token-lifetime", json!({ "seconds": seconds }));
    }
}

impl Provider for HostileIdp {
    fn issuer(&self) -> &str {
        &self.issuer
    }

    /// It knows one user, Felix.
    fn redirect_of(&self, auth_url: &str, _login: &str) -> String {
        self.log_in(auth_url)
    }

    fn set_id_token_lifetime(&self, seconds: u64) {
        self.control("id-token-lifetime", &json!({ "seconds": seconds }));
    }
}

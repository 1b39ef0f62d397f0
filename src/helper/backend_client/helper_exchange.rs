//! The calls of a helper that redeems the code itself, or that brings the login of another program.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use secrecy::SecretString;

use super::{ApiError, BackendApi, PATIENT, read};
use crate::protocol::{
    ExchangeResponse, KeepVerifierRequest, KeepVerifierResponse, TokensRequest, WireSecret,
};

impl BackendApi {
    /// Tells the backend that this helper keeps the verifier of this challenge and redeems the session's code itself.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn keep_verifier(
        &self,
        token: &WireSecret,
        code_challenge: &str,
    ) -> Result<KeepVerifierResponse, ApiError> {
        let request = self.labelled(self.client.put(&self.url("/session"))).bearer_auth(token.expose());
        read(&request.send_json(&KeepVerifierRequest { code_challenge: code_challenge.to_owned() }).await?)
    }

    /// Brings the backend the tokens of a session.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn bring(
        &self,
        token: &WireSecret,
        tokens: &TokensRequest,
    ) -> Result<ExchangeResponse, ApiError> {
        let request = self.client.post(&self.url("/tokens")).within(PATIENT);
        read(&self.labelled(request).bearer_auth(token.expose()).send_json(tokens).await?)
    }

    /// Brings the backend the tokens of a login that another program has made.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn import(
        &self,
        user_token: Option<&SecretString>,
        tokens: &TokensRequest,
    ) -> Result<ExchangeResponse, ApiError> {
        let request = self.client.post(&self.url("/tokens")).within(PATIENT);
        read(&self.as_user(request, user_token).send_json(tokens).await?)
    }
}

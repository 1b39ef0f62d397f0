//! The request that ends a token at the provider (RFC 7009).

pub mod silence;

use serde::{Deserialize, Serialize};

use super::Provider;
use super::discovery::Metadata;
use super::provider_error::ProviderError;
use crate::outbound::OutboundError;
use crate::outbound::http_client::Answer;
use crate::protocol::WireSecret;

/// What kind a token is, when it is revoked (RFC 7009, 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenKind {
    /// `access_token`
    Access,
    /// `refresh_token`; the grant goes with it.
    Refresh,
}

impl TokenKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access_token",
            Self::Refresh => "refresh_token",
        }
    }
}

/// How the provider answered a revocation that does not have to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The token does not count any more (RFC 7009, 2.2).
    Revoked,
    /// There is no revocation endpoint, or it takes no tokens of that kind (`unsupported_token_type`, RFC 7009, 2.2.1).
    NotOffered,
}

impl Provider {
    /// Revokes a token (RFC 7009, 2.1), where the provider offers it. `oauth2` would refuse a provider on loopback here,
    /// and with it every test and demo; the request is one form.
    ///
    /// # Errors
    /// When the provider did not confirm.
    pub async fn revoke(
        &self,
        metadata: &Metadata,
        token: &WireSecret,
        hint: TokenKind,
    ) -> Result<Answered, ProviderError> {
        let Some(endpoint) = &metadata.revocation_endpoint else { return Ok(Answered::NotOffered) };
        let mut form = vec![("token", token.expose()), ("token_type_hint", hint.as_str())];
        let shown = self.shown(metadata)?;
        let request = shown.added_to(self.http.post(endpoint), &self.oidc.client_id, &mut form);
        let timer = self.metrics.idp_seconds.with_label_values(&["revocation"]).start_timer();
        let answer = request.send_form(&form).await?;
        timer.observe_duration();
        match answer.status.as_u16() {
            200 => Ok(Answered::Revoked),
            400 if refuses_the_kind(&answer) => Ok(Answered::NotOffered),
            status => Err(ProviderError::Unreachable(OutboundError::Status(status))),
        }
    }
}

/// Whether a refusal says that tokens of this kind cannot be revoked at all.
fn refuses_the_kind(answer: &Answer) -> bool {
    let refusal = serde_json::from_slice::<serde_json::Value>(&answer.body);
    refusal.is_ok_and(|refusal| {
        refusal.get("error").and_then(serde_json::Value::as_str) == Some("unsupported_token_type")
    })
}

//! The one check of a token response, for a login and for each refresh of it: an ID token that the provider has signed, with the
//! claims that are expected, of a person whom the identity rule allows.

use time::OffsetDateTime;

use super::clusters::KnownCluster;
use super::discovery::Metadata;
use super::id_token::{self, Expected, Origin, Rejected, SignedClaims, VerifiedIdToken};
use super::identity_rule::{self, Absent, Mismatch, Owner};
use super::userinfo::NoUserinfo;
use crate::outbound::OutboundError;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::settings::cluster::Userinfo;

/// The issuer and the client that the ID token has to name.
pub struct Parties<'a> {
    /// The issuer, byte for byte.
    pub issuer: &'a str,
    /// Our client id.
    pub client_id: &'a str,
}

/// Why a token response is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Unacceptable {
    /// It has no ID token. OIDC Core, 12.2 allows that for a refresh.
    #[error("there is none")]
    NoIdToken,
    /// The provider's keys cannot be had.
    #[error(transparent)]
    NoKeys(OutboundError),
    /// Its ID token fails a check.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// Its ID token does not say who it is, and userinfo neither.
    #[error(transparent)]
    NoUserinfo(#[from] NoUserinfo),
    /// The identity rule says that it is another person's.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

impl KnownCluster {
    /// Checks a token response.
    ///
    /// # Errors
    /// The first check that failed, or that there is nothing to check with.
    pub async fn verified(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        parties: Parties<'_>,
        origin: Origin<'_>,
        owner: Owner<'_>,
        now: OffsetDateTime,
    ) -> Result<VerifiedIdToken, Unacceptable> {
        let raw = tokens.id_token().ok_or(Unacceptable::NoIdToken)?;
        let header = id_token::acceptable_header(raw, &self.provider.algorithms(metadata))?;
        let signed = self.provider.verify(metadata, &header, |key| SignedClaims::read(raw, &header, key));
        let signed = signed.await.map_err(Unacceptable::NoKeys)?.ok_or(Rejected::UnknownKey)??;
        let expected = Expected {
            issuer: parties.issuer,
            client_id: parties.client_id,
            origin,
            access_token: tokens.access_token(),
            now,
        };
        let absent = Absent::at(origin);
        let verified = self.completed(metadata, tokens, absent, signed.verified(&expected)?).await?;
        identity_rule::check(&self.settings.identity, owner, &verified, absent)?;
        Ok(verified)
    }

    /// With what userinfo says of the e-mail address, where the rule reads it, the settings allow that, and a login's ID token lacks it.
    async fn completed(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        absent: Absent,
        verified: VerifiedIdToken,
    ) -> Result<VerifiedIdToken, NoUserinfo> {
        let (asked, rule) = (self.settings.oidc.userinfo, &self.settings.identity);
        let (Userinfo::WhenMissing, Absent::Refused, Some(claim)) = (asked, absent, rule.email_claim())
        else {
            return Ok(verified);
        };
        if verified.says_all_of(&claim.name) {
            return Ok(verified);
        }
        let said =
            self.provider.userinfo(metadata, tokens.access_token().as_ref(), verified.subject()).await?;
        Ok(verified.completed(&claim.name, |name| said.claim(name)))
    }
}

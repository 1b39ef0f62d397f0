//! The one check of a token response, for a login and for each refresh of it: an ID token that the provider has signed, with the
//! claims that are expected, of a person whom the identity rule allows.

use time::OffsetDateTime;

use super::clusters::KnownCluster;
use super::discovery::Metadata;
use super::id_token::{self, Expected, Origin, Rejected, SignedClaims, VerifiedIdToken};
use super::identity_rule::{self, Absent, Mismatch};
use super::token_response::Tokens;
use crate::backstage_names::UserRef;
use crate::outbound::OutboundError;

/// The person to whom the login has to belong.
pub struct Owner<'a> {
    /// The Backstage user.
    pub user: &'a UserRef,
    /// Their address in the catalog, where the identity rule asks for it.
    pub catalog_email: Option<&'a str>,
}

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
        let verified = signed.verified(&expected)?;
        let absent = Absent::at(origin);
        identity_rule::check(&self.settings.identity, owner.user, owner.catalog_email, &verified, absent)?;
        Ok(verified)
    }
}

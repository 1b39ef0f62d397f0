//! The two kinds of token that Backstage's auth plugin signs: a user's own, and the limited one inside a plugin's token.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::sync::Arc;

use time::OffsetDateTime;

use super::backstage_keys::PublishedKeys;
use super::signed_token::{Claims, Flaw, Signed, Unverified, UnverifiedToken};
use super::verified_tokens::{self, Signature, Verified, VerifiedTokens};
use crate::backstage_names::UserRef;
use crate::protocol::WireSecret;

/// The `typ` of a user token in its JWT header.
const USER_TOKEN: &str = "vnd.backstage.user";
/// The `typ` of a limited-user token.
const LIMITED_USER_TOKEN: &str = "vnd.backstage.limited-user";
/// The `aud` of a user token.
const AUDIENCE: &str = "backstage";

/// The user of a token.
///
/// # Errors
/// The first thing that is wrong with it, or that Backstage's keys cannot be had.
pub(crate) async fn verify(
    token: &UnverifiedToken<'_>,
    keys: &Arc<PublishedKeys>,
    issuer: Option<&str>,
    now: OffsetDateTime,
) -> Result<Verified<UserRef>, Unverified> {
    if token.typ() != Some(USER_TOKEN) {
        return Err(Flaw::NotOfAUser.into());
    }
    let Signed { claims, times, copy } = token.verify(keys, now).await?;
    if !claims.is_for(AUDIENCE) {
        return Err(Flaw::NotForBackstage.into());
    }
    if issuer.is_some() && claims.iss.as_deref() != issuer {
        return Err(Flaw::Issuer.into());
    }
    Ok(Verified { what: user_of(&claims)?, signatures: vec![Signature::new((times, copy), keys)] })
}

/// Whom a plugin acts for. Backstage writes `sub`, `iat` and `exp` into such a token and nothing else: no `aud` and no `iss`
/// could be checked, so it is good inside a plugin's token only. It is the same in all that a plugin makes for one sign-in of a user.
///
/// # Errors
/// As [`verify`].
pub(crate) async fn verify_limited(
    token: &WireSecret,
    keys: &Arc<PublishedKeys>,
    known: &VerifiedTokens<UserRef>,
    now: OffsetDateTime,
) -> Result<Arc<Verified<UserRef>>, Unverified> {
    let name = verified_tokens::name(token);
    if let Some(verified) = known.recall(&name, now).await {
        return Ok(verified);
    }
    let unverified = UnverifiedToken::read(token)?;
    if unverified.typ() != Some(LIMITED_USER_TOKEN) {
        return Err(Flaw::NotOfALimitedUser.into());
    }
    let Signed { claims, times, copy } = unverified.verify(keys, now).await?;
    let signatures = vec![Signature::new((times, copy), keys)];
    Ok(known.remember(name, Verified { what: user_of(&claims)?, signatures }))
}

fn user_of(claims: &Claims) -> Result<UserRef, Unverified> {
    claims.sub.as_deref().unwrap_or_default().parse().map_err(|_| Flaw::NoUser.into())
}

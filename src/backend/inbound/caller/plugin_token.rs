//! The token that a Backstage plugin makes for a call to us on behalf of a user.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use time::OffsetDateTime;

use super::backstage_keys::BackstageKeys;
use super::signed_token::{Claims, Flaw, Signed, Unverified, UnverifiedToken};
use super::user_token;
use super::verified_tokens::{Signature, Verified, VerifiedTokens};
use crate::backstage_names::{PluginName, UserRef};

/// The `typ` of a plugin token in its JWT header.
const PLUGIN_TOKEN: &str = "vnd.backstage.plugin";
/// The `aud` of a plugin token for us: our plugin id.
const AUDIENCE: &str = "cluster-auth";

/// A trusted plugin that acts for a user.
#[derive(Clone)]
pub struct OnBehalf {
    /// For whom.
    pub user: UserRef,
    /// Which plugin.
    pub plugin: PluginName,
}

/// Why a plugin may not act for a user.
pub(crate) enum Refused {
    /// It is not one of `BACKSTAGE_TRUSTED_PLUGINS`; its name, where that is one.
    NotTrusted(Option<PluginName>),
    /// Its token cannot be verified.
    Token(Unverified),
    /// The token of the user inside it cannot be verified.
    User(Unverified),
}

impl From<Flaw> for Refused {
    fn from(flaw: Flaw) -> Self {
        Self::Token(flaw.into())
    }
}

/// Whether it wants to be the token of a plugin.
pub(crate) fn is_one(token: &UnverifiedToken<'_>) -> bool {
    token.typ() == Some(PLUGIN_TOKEN)
}

/// Which plugin acts for which user, by a token that [`is_one`]; `known_users` are the users' tokens that were inside others.
///
/// # Errors
/// The first thing that is wrong, or that Backstage's keys cannot be had.
pub(crate) async fn verify(
    token: &UnverifiedToken<'_>,
    (all_keys, known_users): (&BackstageKeys, &VerifiedTokens<UserRef>),
    issuer: Option<&str>,
    now: OffsetDateTime,
) -> Result<Verified<OnBehalf>, Refused> {
    // The keys depend on the name, so that a name must be read before it is verified. It only chooses among the key sets of
    // the settings.
    let alleged = token.alleged_subject().ok_or(Flaw::NoPlugin)?;
    let plugin: PluginName = alleged.parse().map_err(|_| Refused::NotTrusted(None))?;
    let Some(keys) = all_keys.of_plugin(&plugin) else {
        return Err(Refused::NotTrusted(Some(plugin)));
    };
    let Signed { claims, times, copy } = token.verify(keys, now).await.map_err(Refused::Token)?;
    check(&claims, issuer)?;
    let limited = claims.obo.ok_or(Flaw::NoOnBehalfOf)?;
    let of_user = user_token::verify_limited(&limited, all_keys.of_auth(), known_users, now);
    let of_user = of_user.await.map_err(Refused::User)?;
    let signatures =
        of_user.signatures.iter().cloned().chain([Signature::new((times, copy), keys)]).collect();
    Ok(Verified { what: OnBehalf { user: of_user.what.clone(), plugin }, signatures })
}

fn check(claims: &Claims, issuer: Option<&str>) -> Result<(), Flaw> {
    if !claims.is_for(AUDIENCE) {
        return Err(Flaw::NotForUs);
    }
    // Backstage writes no iss into plugin tokens: the address of their keys says who issued them. A wrong iss is still refused.
    if issuer.is_some() && claims.iss.is_some() && claims.iss.as_deref() != issuer {
        return Err(Flaw::Issuer);
    }
    Ok(())
}

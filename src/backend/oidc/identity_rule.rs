//! The identity rule: which person's login counts for a Backstage user.

use serde::{Deserialize, Serialize};

use super::id_token::{EmailVerified, Origin, VerifiedIdToken, text_said};
use crate::backstage_names::UserRef;
use crate::protocol::WireSecret;
use crate::settings::cluster::{Annotated, EmailClaim, IdentityRule, MissingVerified};
use crate::settings::email_domain;

/// The longest e-mail address (RFC 5321, 4.5.3.1.3, without the brackets).
const LONGEST_EMAIL: usize = 254;

/// What the user's catalog entity said when the login began, where the identity rule asks for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CatalogSaid {
    /// `spec.profile.email`
    #[serde(rename = "catalog_email")]
    pub email: Option<String>,
    /// The annotation of the rule.
    #[serde(rename = "catalog_annotation", default, skip_serializing_if = "Option::is_none")]
    pub annotation: Option<String>,
}

/// The person to whom a login has to belong.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    /// The Backstage user.
    pub user: &'a UserRef,
    /// What the catalog said of them.
    pub said: &'a CatalogSaid,
}

/// The login belongs to another person, or does not say to whom: the check that failed, and who can mend it. What a claim holds
/// instead stands in [`Mismatch::in_full`] alone: who reads the message may not be who has logged in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The identity provider has not verified the address.
    #[error(
        "its email_verified is false: have the identity provider's administrator verify the e-mail address"
    )]
    Unverified,
    /// Nothing is said of whether it has.
    #[error(
        "its ID token has no email_verified: the identity provider's administrator can add it, or the operator of this Backstage can trust the address without (IDENTITY_EMAIL_MISSING_VERIFIED)"
    )]
    VerifiedMissing,
    /// A claim is not there.
    #[error(
        "its ID token has no claim {0}: the identity provider's administrator can add it, or the operator of this Backstage can have another one read (IDENTITY_RULE, IDENTITY_EMAIL_CLAIM, OIDC_USERINFO)"
    )]
    ClaimMissing(String),
    /// A claim is not what it has to be.
    #[error("its claim {claim} is not {wanted}")]
    Other {
        /// The claim.
        claim: String,
        /// What it is.
        is: String,
        /// What it has to be, and who can see to it.
        wanted: String,
    },
}

impl Mismatch {
    /// With what the claim holds, for the operator's log.
    #[must_use]
    pub fn in_full(&self) -> String {
        match self {
            Self::Other { claim, is, wanted } => format!("its claim {claim} is {}, not {wanted}", quoted(is)),
            _ => self.to_string(),
        }
    }

    /// With what the claim held in the ID token before, for the person of that login: the `sub` is the same.
    #[must_use]
    pub fn since(&self, before: &WireSecret) -> String {
        match self {
            Self::Other { claim, is, wanted } => match text_said(before, claim) {
                Some(was) => {
                    format!("its claim {claim} was {} and is {}, not {wanted}", quoted(&was), quoted(is))
                }
                None => self.in_full(),
            },
            _ => self.to_string(),
        }
    }
}

/// Cut, and with nothing in it that steers a terminal.
fn quoted(value: &str) -> String {
    let mut shown: String = value.chars().take(100).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

/// What it means that a claim is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// A login has to show it.
    Refused,
    /// A refresh need not repeat it: the verdict of the login stands.
    Stands,
}

impl Absent {
    /// At a login or a refresh.
    #[must_use]
    pub fn at(origin: Origin<'_>) -> Self {
        match origin {
            Origin::Login { .. } | Origin::Elsewhere { .. } => Self::Refused,
            Origin::Refresh { .. } => Self::Stands,
        }
    }

    fn of<T>(self, missing: Mismatch) -> Result<Option<T>, Mismatch> {
        match self {
            Self::Refused => Err(missing),
            Self::Stands => Ok(None),
        }
    }
}

/// Applies a cluster's rule.
///
/// # Errors
/// When the login is not this user's.
pub fn check(
    rule: &IdentityRule,
    owner: Owner<'_>,
    login: &VerifiedIdToken,
    absent: Absent,
) -> Result<(), Mismatch> {
    match rule {
        IdentityRule::Any => Ok(()),
        IdentityRule::Catalog(claim) => {
            email(login, claim, absent)?.map_or(Ok(()), |email| is_the_catalogs(claim, email, owner))
        }
        IdentityRule::Email(claim, domains) => {
            email(login, claim, absent)?.map_or(Ok(()), |email| is_the_name(claim, email, owner, domains))
        }
        IdentityRule::Annotation(annotated) => text(login, &annotated.claim, absent)?
            .map_or(Ok(()), |value| is_the_annotation(annotated, value, owner)),
        IdentityRule::Template(template) => is_filled_in(template, login, owner, absent),
    }
}

fn is_the_catalogs(claim: &EmailClaim, email: &str, owner: Owner<'_>) -> Result<(), Mismatch> {
    match owner.said.email.as_deref() {
        Some(wanted) if same(wanted, email) => Ok(()),
        wanted => other(
            &claim.name,
            email,
            format!(
                "{}, which Backstage's catalog has for you (spec.profile.email): ask the catalog's owner to correct it",
                wanted.unwrap_or("the address")
            ),
        ),
    }
}

fn is_the_name(
    claim: &EmailClaim,
    email: &str,
    owner: Owner<'_>,
    domains: &[String],
) -> Result<(), Mismatch> {
    let is_ours = |domain| domains.iter().any(|ours| email_domain::are_one(ours, domain));
    let user = owner.user;
    match email.rsplit_once('@') {
        Some((name, domain))
            if is_ours(domain) && user.namespace() == "default" && user.name().eq_ignore_ascii_case(name) =>
        {
            Ok(())
        }
        _ => other(
            &claim.name,
            email,
            format!(
                "{}@{}: ask the operator of this Backstage (IDENTITY_EMAIL_DOMAINS)",
                user.name(),
                domains.join(" or @")
            ),
        ),
    }
}

fn is_the_annotation(annotated: &Annotated, value: &str, owner: Owner<'_>) -> Result<(), Mismatch> {
    if owner.said.annotation.as_deref() == Some(value) {
        return Ok(());
    }
    let wanted = format!(
        "what Backstage's catalog has for you ({}): ask the catalog's owner to correct it",
        annotated.annotation
    );
    other(&annotated.claim, value, wanted)
}

fn is_filled_in(
    template: &str,
    login: &VerifiedIdToken,
    owner: Owner<'_>,
    absent: Absent,
) -> Result<(), Mismatch> {
    if let Some(missing) = claims_of(template).find(|claim| login.text(claim).is_none()) {
        return absent.of::<()>(Mismatch::ClaimMissing(missing.to_owned())).map(|_| ());
    }
    let filled = fill(template, |claim| login.text(claim)).unwrap_or_default();
    if filled.parse::<UserRef>().is_ok_and(|named| named == *owner.user) {
        return Ok(());
    }
    let claims = claims_of(template).collect::<Vec<_>>().join(" and ");
    let wanted = format!("that of {}: ask the operator of this Backstage (IDENTITY_RULE)", owner.user);
    other(&claims, &filled, wanted)
}

/// That a claim is not what it has to be.
fn other<T>(claim: &str, is: &str, wanted: String) -> Result<T, Mismatch> {
    Err(Mismatch::Other { claim: claim.to_owned(), is: is.to_owned(), wanted })
}

/// The address, unless the issuer says that it is not verified.
fn email<'l>(
    login: &'l VerifiedIdToken,
    claim: &EmailClaim,
    absent: Absent,
) -> Result<Option<&'l str>, Mismatch> {
    let trusted = claim.missing_verified == MissingVerified::Trust || absent == Absent::Stands;
    match login.email_verified() {
        EmailVerified::No => return Err(Mismatch::Unverified),
        EmailVerified::Unsaid if !trusted => return Err(Mismatch::VerifiedMissing),
        EmailVerified::Yes | EmailVerified::Unsaid => {}
    }
    text(login, &claim.name, absent)
}

fn text<'l>(login: &'l VerifiedIdToken, claim: &str, absent: Absent) -> Result<Option<&'l str>, Mismatch> {
    match login.text(claim).filter(|value| !value.is_empty()) {
        Some(value) => Ok(Some(value)),
        None => absent.of(Mismatch::ClaimMissing(claim.to_owned())),
    }
}

/// The e-mail address of a login that the rule accepts, to be shown: the one that the rule has read, else one that is verified.
#[must_use]
pub fn email_of(rule: &IdentityRule, login: &VerifiedIdToken) -> Option<String> {
    let address = match rule.email_claim() {
        Some(claim) => login.text(&claim.name),
        None if login.email_verified() == EmailVerified::Yes => login.text("email"),
        None => None,
    };
    let is_one = |text: &&str| {
        text.contains('@')
            && text.len() <= LONGEST_EMAIL
            && !text.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    address.filter(is_one).map(str::to_owned)
}

/// The names in `{braces}`.
fn claims_of(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name))
}

/// Compares addresses as people mean them: case aside, also outside ASCII, and whichever form their domain has.
fn same(a: &str, b: &str) -> bool {
    let (lower_a, lower_b) = (a.to_lowercase(), b.to_lowercase());
    let parts = lower_a.rsplit_once('@').zip(lower_b.rsplit_once('@'));
    let are_one = |((name_a, domain_a), (name_b, domain_b))| {
        name_a == name_b && email_domain::are_one(domain_a, domain_b)
    };
    lower_a == lower_b || parts.is_some_and(are_one)
}

/// Puts claims into `{braces}`; `None` when one is missing or could be read as more than a name.
fn fill<'c>(template: &str, claim: impl Fn(&str) -> Option<&'c str>) -> Option<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        let value = claim(name).filter(|value| !value.contains([':', '/']))?;
        filled.push_str(before);
        filled.push_str(value);
        rest = behind;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests;

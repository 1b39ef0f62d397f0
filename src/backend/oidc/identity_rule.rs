//! The identity rule: which person's login counts for a Backstage user.

use super::id_token::{EmailVerified, Origin, VerifiedIdToken};
use crate::backstage_names::UserRef;
use crate::settings::cluster::IdentityRule;
use crate::settings::email_domain;

/// The login belongs to another person, or does not say to whom: the check that failed, and who can mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The identity provider has not verified the address.
    #[error(
        "its email_verified is not true: have the identity provider's administrator verify the e-mail address"
    )]
    Unverified,
    /// Nothing is said of whether it has.
    #[error("its ID token has no email_verified, which the identity provider's administrator can add")]
    VerifiedMissing,
    /// There is no address.
    #[error("its ID token has no claim {0}, which the identity provider's administrator can add")]
    ClaimMissing(String),
    /// Another address than the user's.
    #[error("its e-mail address is not the one of the Backstage user")]
    Email,
    /// Another user than the claims say.
    #[error("its claims name another user")]
    Claims,
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
            Origin::Login { .. } => Self::Refused,
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

/// Applies a cluster's rule. `catalog_email` is what the user's catalog entity said when the session began.
///
/// # Errors
/// When the login is not this user's.
pub fn check(
    rule: &IdentityRule,
    user: &UserRef,
    catalog_email: Option<&str>,
    login: &VerifiedIdToken,
    absent: Absent,
) -> Result<(), Mismatch> {
    match rule {
        IdentityRule::Any => Ok(()),
        IdentityRule::Catalog => {
            let Some(email) = email(login, absent)? else { return Ok(()) };
            catalog_email.filter(|expected| same(expected, email)).map(|_| ()).ok_or(Mismatch::Email)
        }
        IdentityRule::Email(domains) => {
            let Some(email) = email(login, absent)? else { return Ok(()) };
            let (name, domain) = email.rsplit_once('@').ok_or(Mismatch::Email)?;
            let domain_is_ours = domains.iter().any(|ours| email_domain::are_one(ours, domain));
            let is_user = user.namespace() == "default" && user.name().eq_ignore_ascii_case(name);
            if domain_is_ours && is_user { Ok(()) } else { Err(Mismatch::Email) }
        }
        IdentityRule::Template(template) => {
            let Some(filled) = filled(template, login, absent)? else { return Ok(()) };
            let named = filled.parse::<UserRef>();
            if named.is_ok_and(|named| named == *user) { Ok(()) } else { Err(Mismatch::Claims) }
        }
    }
}

/// The address, unless the issuer says that it is not verified.
fn email(login: &VerifiedIdToken, absent: Absent) -> Result<Option<&str>, Mismatch> {
    match login.email_verified() {
        EmailVerified::No => return Err(Mismatch::Unverified),
        EmailVerified::Unsaid if absent == Absent::Refused => return Err(Mismatch::VerifiedMissing),
        EmailVerified::Yes | EmailVerified::Unsaid => {}
    }
    login
        .text("email")
        .map_or_else(|| absent.of(Mismatch::ClaimMissing("email".to_owned())), |email| Ok(Some(email)))
}

/// The template with its claims; `None` where one is missing and need not be there.
fn filled(template: &str, login: &VerifiedIdToken, absent: Absent) -> Result<Option<String>, Mismatch> {
    match claims_of(template).find(|claim| login.text(claim).is_none()) {
        Some(missing) => absent.of(Mismatch::ClaimMissing(missing.to_owned())),
        None => fill(template, |claim| login.text(claim)).map(Some).ok_or(Mismatch::Claims),
    }
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
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_either_form_of_its_domain() {
        assert!(same("Felix@bäckerei.example", "felix@xn--bckerei-5wa.example"));
        assert!(same("FÉLIX@example.com", "félix@EXAMPLE.com"));
        assert!(!same("felix@bäckerei.example", "mara@xn--bckerei-5wa.example"));
        assert!(!same("felix@backerei.example", "felix@xn--bckerei-5wa.example"));
    }

    #[test]
    fn a_template_takes_names_only() {
        let claims = |value: &'static str| move |name: &str| (name == "nickname").then_some(value);
        assert_eq!(fill("user:default/{nickname}", claims("felix")).as_deref(), Some("user:default/felix"));
        assert_eq!(fill("user:default/{nickname}", claims("x/felix")), None);
        assert_eq!(fill("user:{nickname}/a", claims("other:b")), None);
        assert_eq!(fill("user:default/{email}", claims("felix")), None);
        assert_eq!(fill("user:default/{nickname", claims("felix")), None);
    }
}

//! The identity rule: which person's login counts for a Backstage user.

use super::id_token::VerifiedIdToken;
use crate::backstage_names::UserRef;
use crate::settings::cluster::IdentityRule;
use crate::settings::email_domain;

/// The login belongs to another person: the check that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The identity provider has not verified the address.
    #[error("the identity provider has not verified the e-mail address of this login")]
    Unverified,
    /// Another address than the user's.
    #[error("the e-mail address of this login is not the one of the Backstage user")]
    Email,
    /// Another user than the claims say.
    #[error("the claims of this login name another user")]
    Claims,
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
) -> Result<(), Mismatch> {
    match rule {
        IdentityRule::Any => Ok(()),
        IdentityRule::Catalog => {
            let email = login.verified_email().ok_or(Mismatch::Unverified)?;
            catalog_email.filter(|expected| same(expected, email)).map(|_| ()).ok_or(Mismatch::Email)
        }
        IdentityRule::Email(domains) => {
            let email = login.verified_email().ok_or(Mismatch::Unverified)?;
            let (name, domain) = email.rsplit_once('@').ok_or(Mismatch::Email)?;
            let domain_is_ours = domains.iter().any(|ours| email_domain::are_one(ours, domain));
            let is_user = user.namespace() == "default" && user.name().eq_ignore_ascii_case(name);
            if domain_is_ours && is_user { Ok(()) } else { Err(Mismatch::Email) }
        }
        IdentityRule::Template(template) => {
            let filled = fill(template, |claim| login.text(claim)).ok_or(Mismatch::Claims)?;
            if filled.parse::<UserRef>().is_ok_and(|named| named == *user) {
                Ok(())
            } else {
                Err(Mismatch::Claims)
            }
        }
    }
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

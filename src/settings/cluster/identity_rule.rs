//! Which logins at the identity provider belong to which Backstage user.

use url::Url;

use super::variables::ClusterVariables;
use crate::settings::SettingsError;

/// Which logins at the identity provider belong to which Backstage user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityRule {
    /// The verified e-mail address is the one in the user's catalog entity.
    Catalog(EmailClaim),
    /// The verified e-mail address is the user's name in one of these domains, which are in ASCII.
    Email(EmailClaim, Vec<String>),
    /// A claim is what an annotation of the user's catalog entity says.
    Annotation(Annotated),
    /// This template, filled with claims, is the user's entity reference.
    Template(String),
    /// Any login is accepted for the user who began it.
    Any,
}

/// How a login says its e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailClaim {
    /// The claim that is the address.
    pub name: String,
    /// What it means that `email_verified` is missing.
    pub missing_verified: MissingVerified,
}

/// What it means that `email_verified` is missing. False is never trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingVerified {
    /// The address is not.
    Refuse,
    /// The operator knows that no user can choose an address at the identity provider.
    Trust,
}

/// An annotation of catalog entities, and the claim that it repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotated {
    /// Its key, such as `graph.microsoft.com/user-id`.
    pub annotation: String,
    /// The claim, such as `oid`.
    pub claim: String,
}

/// The claims that providers write an address to.
const EMAIL_CLAIMS: [&str; 3] = ["email", "preferred_username", "upn"];
/// Where any tenant's administrator, or any person at all, decides what a token says.
const MANY_TENANTS: [&str; 6] = [
    "common",
    "organizations",
    "consumers",
    // What Entra's discovery document for all tenants names as its issuer.
    "{tenantid}",
    "%7btenantid%7d",
    // The tenant of personal accounts.
    "9188040d-6c67-4c5b-b112-36a304b66dad",
];

impl IdentityRule {
    /// Checks the variables that make a rule.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub(super) fn check(variables: &ClusterVariables) -> Result<Self, SettingsError> {
        let refused = |text: &str| Err(SettingsError(text.to_owned()));
        let domains = &variables.identity_email_domains;
        match variables.identity_rule.as_deref() {
            None | Some("catalog") => email_claim(variables).map(Self::Catalog),
            Some("email") if domains.is_empty() => refused(
                "IDENTITY_EMAIL_DOMAINS is not set: name the domains whose addresses are your users' own.",
            ),
            Some("email") => Ok(Self::Email(email_claim(variables)?, domains.clone())),
            Some("annotation") => annotated(variables.identity_annotation.as_deref()).map(Self::Annotation),
            Some("nickname") => Ok(Self::Template("user:default/{nickname}".to_owned())),
            Some("any") => Ok(Self::Any),
            Some(template) if template.starts_with("user:") && template.contains('{') => {
                Ok(Self::Template(template.to_owned()))
            }
            Some(_) => refused(
                "IDENTITY_RULE must be catalog, email, annotation, nickname, any, or a template such as user:default/{nickname}.",
            ),
        }
    }

    /// How the rule reads an e-mail address, where it does.
    #[must_use]
    pub fn email_claim(&self) -> Option<&EmailClaim> {
        match self {
            Self::Catalog(claim) | Self::Email(claim, _) => Some(claim),
            Self::Annotation(_) | Self::Template(_) | Self::Any => None,
        }
    }

    /// Whether the rule compares the person who logs in with the user who began.
    #[must_use]
    pub fn compares(&self) -> bool {
        !matches!(self, Self::Any)
    }

    /// The variables that are set and that this rule does not read, each with the rule that does.
    pub(super) fn idle(&self, variables: &ClusterVariables) -> Vec<(&'static str, &'static str)> {
        let by_email = "only IDENTITY_RULE=catalog and IDENTITY_RULE=email look at it";
        let no_email = self.email_claim().is_none();
        let idle = [
            (
                !variables.identity_email_domains.is_empty() && !matches!(self, Self::Email(..)),
                "IDENTITY_EMAIL_DOMAINS",
                "only IDENTITY_RULE=email looks at them",
            ),
            (variables.identity_email_claim.is_some() && no_email, "IDENTITY_EMAIL_CLAIM", by_email),
            (
                variables.identity_email_missing_verified.is_some() && no_email,
                "IDENTITY_EMAIL_MISSING_VERIFIED",
                by_email,
            ),
            (
                variables.identity_annotation.is_some() && !matches!(self, Self::Annotation(_)),
                "IDENTITY_ANNOTATION",
                "only IDENTITY_RULE=annotation looks at it",
            ),
        ];
        idle.into_iter().filter(|(idle, ..)| *idle).map(|(_, name, why)| (name, why)).collect()
    }
}

fn email_claim(variables: &ClusterVariables) -> Result<EmailClaim, SettingsError> {
    let name = variables.identity_email_claim.as_deref().unwrap_or("email");
    if !EMAIL_CLAIMS.contains(&name) {
        return Err(SettingsError(format!(
            "IDENTITY_EMAIL_CLAIM must be one of {}: no other claim is known to be an address.",
            EMAIL_CLAIMS.join(", ")
        )));
    }
    let missing_verified = match variables.identity_email_missing_verified.as_deref() {
        None | Some("refuse") => MissingVerified::Refuse,
        Some("trust") => trusted(variables)?,
        Some(_) => {
            return Err(SettingsError("IDENTITY_EMAIL_MISSING_VERIFIED must be refuse or trust.".to_owned()));
        }
    };
    Ok(EmailClaim { name: name.to_owned(), missing_verified })
}

/// Not where anybody may write any address into their own tenant's tokens.
fn trusted(variables: &ClusterVariables) -> Result<MissingVerified, SettingsError> {
    let urls = [Some(&variables.oidc_issuer_url), variables.oidc_discovery_url.as_ref()];
    if urls.into_iter().flatten().any(|url| is_of_many_tenants(url)) {
        return Err(SettingsError(
            "IDENTITY_EMAIL_MISSING_VERIFIED=trust is not for an issuer of many tenants, where anybody may write any address: set OIDC_ISSUER_URL to your own tenant's."
                .to_owned(),
        ));
    }
    Ok(MissingVerified::Trust)
}

fn is_of_many_tenants(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let tenant = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
    MANY_TENANTS.contains(&tenant.to_ascii_lowercase().as_str())
}

fn annotated(text: Option<&str>) -> Result<Annotated, SettingsError> {
    let pair = text.and_then(|text| text.split_once('='));
    match pair.map(|(annotation, claim)| (annotation.trim(), claim.trim())) {
        Some((annotation, claim)) if !annotation.is_empty() && !claim.is_empty() => {
            Ok(Annotated { annotation: annotation.to_owned(), claim: claim.to_owned() })
        }
        _ => Err(SettingsError(
            "IDENTITY_ANNOTATION must name an annotation and a claim, such as graph.microsoft.com/user-id=oid."
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn rule(more: &[(&str, &str)]) -> Result<IdentityRule, String> {
        let base = [("OIDC_ISSUER_URL", "https://idp.example/"), ("OIDC_CLIENT_ID", "kubernetes")];
        let pairs = base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = Source::new(pairs).read::<ClusterVariables>().unwrap();
        IdentityRule::check(&variables).map_err(|error| error.to_string())
    }

    fn is_trusted(issuer: &str) -> bool {
        rule(&[("IDENTITY_EMAIL_MISSING_VERIFIED", "trust"), ("OIDC_ISSUER_URL", issuer)]).is_ok()
    }

    #[test]
    fn a_missing_email_verified_is_trusted_only_of_one_tenant() {
        for issuer in [
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/Organizations/v2.0",
            "https://login.microsoftonline.com/consumers/v2.0",
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            "https://sts.windows.net/9188040D-6c67-4c5b-b112-36a304b66dad/",
        ] {
            assert!(!is_trusted(issuer), "{issuer}");
        }
        for issuer in [
            "https://login.microsoftonline.com/5f6d1b1e-0b9e-4a0c-9c39-0d5c0c1c2b3a/v2.0",
            "https://keycloak.example/realms/common",
            "https://idp.example/",
        ] {
            assert!(is_trusted(issuer), "{issuer}");
        }
        let elsewhere = rule(&[
            ("IDENTITY_EMAIL_MISSING_VERIFIED", "trust"),
            (
                "OIDC_DISCOVERY_URL",
                "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
            ),
        ]);
        assert!(elsewhere.unwrap_err().contains("many tenants"));
    }

    #[test]
    fn each_setting_has_its_values() {
        let catalog = |name: &str, missing_verified| {
            Ok(IdentityRule::Catalog(EmailClaim { name: name.to_owned(), missing_verified }))
        };
        assert_eq!(rule(&[]), catalog("email", MissingVerified::Refuse));
        assert_eq!(rule(&[("IDENTITY_EMAIL_CLAIM", "upn")]), catalog("upn", MissingVerified::Refuse));
        let oid = Annotated { annotation: "graph.microsoft.com/user-id".to_owned(), claim: "oid".to_owned() };
        let annotation =
            [("IDENTITY_RULE", "annotation"), ("IDENTITY_ANNOTATION", "graph.microsoft.com/user-id=oid")];
        assert_eq!(rule(&annotation), Ok(IdentityRule::Annotation(oid)));
        for (setting, names) in [
            (&[("IDENTITY_EMAIL_CLAIM", "nickname")][..], "IDENTITY_EMAIL_CLAIM"),
            (&[("IDENTITY_EMAIL_MISSING_VERIFIED", "yes")], "IDENTITY_EMAIL_MISSING_VERIFIED"),
            (&[("IDENTITY_RULE", "annotation")], "IDENTITY_ANNOTATION"),
            (&[("IDENTITY_RULE", "annotation"), ("IDENTITY_ANNOTATION", "oid")], "IDENTITY_ANNOTATION"),
        ] {
            assert!(rule(setting).unwrap_err().contains(names), "{names}");
        }
    }
}

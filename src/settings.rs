//! Settings: one flat struct for each role, each field named like its variable, read from any iterator of pairs.
//!
//! Precedence, later wins: environment, secrets from `*_FILE` (never beside the variable itself), flags. An empty value counts as unset, since compose files and
//! Helm charts cannot leave a variable out.

pub mod backend;
pub mod cluster;
pub mod container;
#[cfg(test)]
mod documentation;
pub mod email_domain;
pub mod lists;
pub mod login;
mod names;
pub mod proxy;
pub mod public_address;
mod span;
mod yes_no;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

use crate::outbound::http_proxy::HttpProxies;
use crate::outbound::https_rule;

pub use span::{Delay, Span};

/// The secrets that may come from a file instead: `NAME_FILE` names it.
const SECRETS: [&str; 8] = [
    "BACKSTAGE_SESSION_TOKEN",
    "BACKSTAGE_TOKEN",
    "BACKSTAGE_SESSION",
    "OIDC_CLIENT_SECRET",
    "REDIS_URL",
    "TOKEN_ENCRYPTION_KEYS",
    "HTTPS_PROXY",
    "HTTP_PROXY",
];

/// The variables that many programs also read in lower case.
const ALSO_IN_LOWER_CASE: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];

/// Settings that cannot be used; the message says which one and how to fix it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub(crate) String);

/// Pairs of names and values. Has no `Debug`: values may be secrets.
#[derive(Default)]
pub struct Source {
    values: BTreeMap<String, String>,
    /// The names of those that flags have set.
    flags: BTreeSet<&'static str>,
}

impl Source {
    /// From the environment, or pairs that a test gives.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut variables: BTreeMap<_, _> =
            variables.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        for name in ALSO_IN_LOWER_CASE {
            if let Some(value) = variables.remove(&name.to_lowercase()) {
                variables.entry(name.to_owned()).or_insert(value);
            }
        }
        Self { values: variables, flags: BTreeSet::new() }
    }

    /// Adds the flags of the command line, which win over variables of the same name.
    #[must_use]
    pub fn with_flags(mut self, flags: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Self {
        for (name, value) in flags {
            let Some(value) = value else { continue };
            self.values.insert(name.to_owned(), value);
            self.flags.insert(name);
        }
        self
    }

    /// Reads each secret that a `*_FILE` variable points to. A flag wins over its file, too, which is not read then.
    ///
    /// # Errors
    /// When a named file cannot be read, or a secret is given both ways.
    pub fn with_secret_files(mut self) -> Result<Self, SettingsError> {
        let flags = self.flags.clone();
        for name in SECRETS.into_iter().filter(|name| !flags.contains(name)) {
            let Some(path) = self.values.get(&format!("{name}_FILE")) else { continue };
            if self.values.contains_key(name) {
                return Err(SettingsError(format!("{name} and {name}_FILE are both set: keep one of them.")));
            }
            let secret = secret_in(name, Path::new(path))?;
            self.values.insert(name.to_owned(), secret);
        }
        Ok(self)
    }

    /// The file that a secret came from, where it did.
    fn file_of(&self, name: &str) -> Option<PathBuf> {
        let file = self.values.get(&format!("{name}_FILE")).map(PathBuf::from);
        file.filter(|_| !self.flags.contains(name))
    }

    /// Reads a role's struct.
    ///
    /// # Errors
    /// When a variable is missing or is not of its type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        self.read_up_to(None).map_err(|error| match error {
            envy::Error::MissingValue(field) => SettingsError(self.missing(&field.to_uppercase())),
            envy::Error::Custom(reason) => {
                SettingsError(format!("{} cannot be used: {reason}.", self.culprit::<T>(&reason)))
            }
        })
    }

    fn read_up_to<T: DeserializeOwned>(&self, last: Option<&String>) -> Result<T, envy::Error> {
        let kept = self.values.iter().filter(|(name, _)| last.is_none_or(|last| *name <= last));
        envy::from_iter(kept.map(|(name, value)| (name.clone(), value.clone())))
    }

    fn missing(&self, name: &str) -> String {
        match self.values.keys().find(|given| names::closest_match(given, [name]).is_some()) {
            Some(given) => format!("{name} is not set, but {given} is: rename it to {name}."),
            None => format!("{name} is not set: it has no default."),
        }
    }

    /// The variable that envy cannot read, which its error does not name. envy reads them in order: the first variable up to which it
    /// reports the same error is the one.
    fn culprit<T: DeserializeOwned>(&self, reason: &str) -> &str {
        let says_so = |last: &&String| matches!(self.read_up_to::<T>(Some(last)), Err(envy::Error::Custom(again)) if again == reason);
        self.values.keys().find(says_so).map_or("A setting", String::as_str)
    }
}

/// The secret in the file that `NAME_FILE` names, without the end of its line.
///
/// # Errors
/// When the file cannot be read.
pub fn secret_in(name: &str, file: &Path) -> Result<String, SettingsError> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        SettingsError(format!("{name}_FILE cannot be read ({e}): check the path and its rights."))
    })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// A setting that is a URL which requests are sent to, or which paths are appended to.
///
/// # Errors
/// When it is no such URL; the message names the variable.
pub(crate) fn checked_url(name: &str, text: &str, insecure_hosts: &[String]) -> Result<Url, SettingsError> {
    let url = checked_document_url(name, text, insecure_hosts)?;
    match url.query() {
        None => Ok(url),
        Some(_) => Err(unusable(name, "it holds a query: leave out the question mark and what follows it")),
    }
}

/// A setting that is the URL of one document, to which nothing is appended: it may hold a query.
///
/// # Errors
/// When it is no such URL; the message names the variable.
pub(crate) fn checked_document_url(
    name: &str,
    text: &str,
    insecure_hosts: &[String],
) -> Result<Url, SettingsError> {
    // A URL parser ignores white space, but an issuer is compared byte for byte.
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(unusable(name, "it holds white space: take that out"));
    }
    https_rule::parse(text, insecure_hosts).map_err(|e| unusable(name, &e.to_string()))
}

fn unusable(name: &str, reason: &str) -> SettingsError {
    SettingsError(format!("{name} cannot be used: {reason}."))
}

/// Reads the settings for HTTP proxies.
fn http_proxies(
    https: Option<&SecretString>,
    http: Option<&SecretString>,
    no_proxy: Option<&str>,
) -> Result<HttpProxies, SettingsError> {
    HttpProxies::read(https, http, no_proxy).map_err(|error| SettingsError(format!("{error}.")))
}

/// The variables of an example file, commented-out ones included, so that a test can compare them with the settings.
#[cfg(test)]
pub(crate) fn example_variables(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let assignments =
        text.lines().map(|line| line.trim_start_matches("# ")).filter_map(|line| line.split_once('='));
    assignments
        .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Role {
        backstage_token: Option<String>,
        login_timeout: Option<Span>,
    }

    fn pairs(pairs: &[(&str, &str)]) -> Source {
        Source::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn flags_win_over_variables_and_empty_is_unset() {
        let source = pairs(&[("LOGIN_TIMEOUT", "5m"), ("BACKSTAGE_TOKEN", "")]);
        let role: Role = source.with_flags([("LOGIN_TIMEOUT", Some("30s".to_owned()))]).read().unwrap();
        assert_eq!(role.login_timeout, Some(Span(std::time::Duration::from_secs(30))));
        assert_eq!(role.backstage_token, None);
    }

    #[test]
    fn a_flag_wins_over_the_file_of_its_secret_which_need_not_be_there() {
        let flag = [("BACKSTAGE_TOKEN", Some("from-the-flag".to_owned()))];
        let source = pairs(&[("BACKSTAGE_TOKEN_FILE", "/does/not/exist")]).with_flags(flag.clone());
        let role: Role = source.with_secret_files().unwrap().read().unwrap();
        assert_eq!(role.backstage_token.as_deref(), Some("from-the-flag"));
        let both = pairs(&[("BACKSTAGE_TOKEN", "a"), ("BACKSTAGE_TOKEN_FILE", "/does/not/exist")]);
        let role: Role = both.with_flags(flag).with_secret_files().unwrap().read().unwrap();
        assert_eq!(role.backstage_token.as_deref(), Some("from-the-flag"));
    }

    #[test]
    fn proxies_are_read_in_lower_case_too_and_upper_case_wins() {
        #[derive(Deserialize)]
        struct Proxies {
            https_proxy: Option<String>,
            no_proxy: Option<String>,
        }
        let both = [("https_proxy", "lower:1"), ("HTTPS_PROXY", "upper:1"), ("no_proxy", "a,b")];
        let proxies: Proxies = pairs(&both).read().unwrap();
        assert_eq!(proxies.https_proxy.as_deref(), Some("upper:1"));
        assert_eq!(proxies.no_proxy.as_deref(), Some("a,b"));
    }

    #[test]
    fn a_secret_comes_from_its_file_without_the_last_newline() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "from-file\n").unwrap();
        let source = pairs(&[("BACKSTAGE_TOKEN_FILE", file.path().to_str().unwrap())]);
        let role: Role = source.with_secret_files().unwrap().read().unwrap();
        assert_eq!(role.backstage_token.as_deref(), Some("from-file"));
    }

    #[test]
    fn a_secret_given_twice_or_from_nowhere_is_refused_with_its_name() {
        let twice = pairs(&[("BACKSTAGE_TOKEN", "a"), ("BACKSTAGE_TOKEN_FILE", "/dev/null")]);
        assert!(twice.with_secret_files().err().unwrap().to_string().contains("BACKSTAGE_TOKEN_FILE"));
        let nowhere = pairs(&[("BACKSTAGE_TOKEN_FILE", "/does/not/exist")]);
        assert!(nowhere.with_secret_files().err().unwrap().to_string().contains("BACKSTAGE_TOKEN_FILE"));
    }

    #[test]
    fn a_value_of_the_wrong_type_names_its_variable() {
        let error = pairs(&[("LOGIN_TIMEOUT", "soon")]).read::<Role>().err().unwrap();
        assert!(error.to_string().to_lowercase().contains("login_timeout"), "{error}");
    }

    #[test]
    fn the_same_mistake_in_two_variables_still_names_one() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only its errors are looked at")]
        struct Two {
            idp_timeout: Span,
            login_timeout: Span,
        }
        let error = pairs(&[("LOGIN_TIMEOUT", "0s"), ("IDP_TIMEOUT", "0s")]).read::<Two>().unwrap_err();
        assert!(error.to_string().starts_with("IDP_TIMEOUT cannot be used"), "{error}");
    }

    #[test]
    fn a_missing_variable_names_the_one_that_was_meant_to_be_it() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only its errors are looked at")]
        struct Required {
            oidc_issuer_url: String,
        }
        let error = pairs(&[("OIDC_ISSUER_URI", "https://idp")]).read::<Required>().unwrap_err().to_string();
        assert_eq!(
            error,
            "OIDC_ISSUER_URL is not set, but OIDC_ISSUER_URI is: rename it to OIDC_ISSUER_URL."
        );
    }
}

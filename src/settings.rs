//! Settings: one flat struct a role, each field named like its variable, read from any iterator of pairs.
//!
//! The order, later wins: environment, secrets from `*_FILE`, flags. An empty value counts as unset, since compose files and
//! Helm charts cannot leave a variable out.

pub mod backend;
pub mod cluster;
#[cfg(test)]
mod documentation;
pub mod login;
pub mod proxy;

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::outbound::https_rule;

/// The secrets that may come from a file instead: `NAME_FILE` names it.
const SECRETS: [&str; 6] = [
    "BACKSTAGE_SESSION_TOKEN",
    "BACKSTAGE_TOKEN",
    "BACKSTAGE_SESSION",
    "OIDC_CLIENT_SECRET",
    "REDIS_URL",
    "TOKEN_ENCRYPTION_KEYS",
];

/// Settings that cannot be used; the sentence says which and how to mend it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub(crate) String);

/// A time span as people write it: `30s`, `5m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub std::time::Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text)
            .map(Span)
            .map_err(|e| serde::de::Error::custom(format!("not a time span like 30s or 5m: {e}")))
    }
}

/// Pairs of names and values, from wherever they come. Has no `Debug`: values may be secrets.
#[derive(Default)]
pub struct Source(BTreeMap<String, String>);

impl Source {
    /// From the environment, or whatever stands in for it.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Adds what was typed: flags win over variables of the same meaning.
    #[must_use]
    pub fn with_flags(mut self, flags: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Self {
        let given = flags.into_iter().filter_map(|(name, value)| value.map(|v| (name.to_owned(), v)));
        self.0.extend(given);
        self
    }

    /// Reads each secret that a `*_FILE` variable points to.
    ///
    /// # Errors
    /// When a named file cannot be read, or a secret is given both ways.
    pub fn with_secret_files(mut self) -> Result<Self, SettingsError> {
        for name in SECRETS {
            let Some(path) = self.0.get(&format!("{name}_FILE")) else { continue };
            if self.0.contains_key(name) {
                return Err(SettingsError(format!("{name} and {name}_FILE are both set: keep one of them.")));
            }
            let secret = std::fs::read_to_string(Path::new(path)).map_err(|e| {
                SettingsError(format!("{name}_FILE cannot be read ({e}): check the path and its rights."))
            })?;
            self.0.insert(name.to_owned(), secret.trim_end_matches(['\n', '\r']).to_owned());
        }
        Ok(self)
    }

    /// Reads a role's struct.
    ///
    /// # Errors
    /// When a variable is missing or is not of its type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        self.read_without(None).map_err(|error| match error {
            envy::Error::MissingValue(field) => {
                SettingsError(format!("{} is not set: it has no default.", field.to_uppercase()))
            }
            envy::Error::Custom(reason) => {
                SettingsError(format!("{} cannot be used: {reason}.", self.culprit::<T>(&reason)))
            }
        })
    }

    fn read_without<T: DeserializeOwned>(&self, left_out: Option<&str>) -> Result<T, envy::Error> {
        let kept = self.0.iter().filter(|(name, _)| Some(name.as_str()) != left_out);
        envy::from_iter(kept.map(|(name, value)| (name.clone(), value.clone())))
    }

    /// envy does not always say which variable it stumbled over: it is the one without which it says something else.
    fn culprit<T: DeserializeOwned>(&self, reason: &str) -> &str {
        let same = |name: &&String| matches!(self.read_without::<T>(Some(name)), Err(envy::Error::Custom(again)) if again == reason);
        self.0.keys().find(|name| !same(name)).map_or("A setting", String::as_str)
    }
}

/// A setting that is a URL we may send something to.
fn checked_url(name: &str, text: &str, insecure_hosts: &[String]) -> Result<Url, SettingsError> {
    https_rule::parse(text, insecure_hosts).map_err(|e| SettingsError(format!("{name} cannot be used: {e}.")))
}

/// The variables of an example file, commented-out ones included: an example must not drift.
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
    use super::*;

    #[derive(Deserialize)]
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
}

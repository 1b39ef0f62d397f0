//! Warnings of variables that no role reads but that look like one it does: misspelt, or with `_FILE` where no file is read.

use std::collections::BTreeSet;

use super::{OF_ALL_ROLES, closest_match};
use crate::settings::{SECRETS, Source};

impl Source {
    /// Warns of each variable that looks like one of these and is not read.
    pub(in crate::settings) fn warn_of_lookalikes(&self, own: &BTreeSet<String>) {
        for (name, advice) in self.lookalikes(own) {
            tracing::warn!(setting = name, "{name} is set and does nothing: {advice}");
        }
    }

    fn lookalikes(&self, own: &BTreeSet<String>) -> Vec<(&str, String)> {
        let mut known: BTreeSet<String> = own | &OF_ALL_ROLES.map(str::to_owned).into();
        known.extend(
            SECRETS.iter().filter(|secret| own.contains(**secret)).map(|secret| format!("{secret}_FILE")),
        );
        let strangers =
            self.values.keys().map(String::as_str).filter(|name| !known.contains(&name.to_uppercase()));
        let advice = |name: &str| match name.strip_suffix("_FILE") {
            Some(setting) if own.contains(setting) => {
                Some(format!("only secrets are read from files, so set {setting} itself"))
            }
            _ => {
                let meant = closest_match(name, known.iter().map(String::as_str))?;
                Some(format!("if {meant} is meant, rename it"))
            }
        };
        strangers.filter_map(|name| Some((name, advice(name)?))).collect()
    }

    /// Which of these variables are set, each by itself or through its file.
    pub(in crate::settings) fn set_among(&self, own: &BTreeSet<String>) -> Vec<&str> {
        let is_own = |name: &str| {
            own.contains(name.strip_suffix("_FILE").filter(|n| SECRETS.contains(n)).unwrap_or(name))
        };
        self.values.keys().map(String::as_str).filter(|name| is_own(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::settings::Span;
    use crate::settings::names::variables_of;

    #[test]
    fn lookalikes_are_told_and_strangers_are_not() {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its names are looked at")]
        struct Role {
            backstage_token: Option<String>,
            login_timeout: Option<Span>,
        }
        let own = variables_of::<Role>();
        let given = [
            ("BACKSTAGE_TOKEN", "known"),
            ("BACKSTAGE_TOKEN_FILE", "/known"),
            ("LOGIN_TIMEOUT_FILE", "/no/secret"),
            ("LOGIN_TIMOUT", "misspelt"),
            ("RUST_LOGS", "misspelt"),
            ("RUST_LOG", "known"),
            ("PATH", "stranger"),
            ("BACKSTAGE_HOME", "stranger"),
            ("LOGIN_SHELL", "stranger"),
        ];
        let source = Source::new(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let told: Vec<_> = source.lookalikes(&own).into_iter().map(|(name, _)| name).collect();
        assert_eq!(told, ["LOGIN_TIMEOUT_FILE", "LOGIN_TIMOUT", "RUST_LOGS"]);
    }
}

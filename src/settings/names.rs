//! The names of settings: those that a role reads, and those that somebody may have meant to write.

use std::collections::BTreeSet;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use strsim::osa_distance;

use super::{SECRETS, Source};

/// What every role reads, before there are settings.
pub const OF_ALL_ROLES: [&str; 5] =
    ["IN_CONTAINER", "LOG_FORMAT", "RUST_LOG", "SSL_CERT_DIR", "SSL_CERT_FILE"];

/// A name of so many letters may be two off: in a shorter one that would be another word.
const LONG: usize = 12;

/// Reads nothing, but notes which fields a struct asks for.
struct AskedFor<'a>(&'a mut BTreeSet<String>);

impl<'de> Deserializer<'de> for AskedFor<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("only the names are asked for"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.extend(fields.iter().map(|field| field.to_uppercase()));
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The variables that a struct reads.
#[must_use]
pub fn variables_of<T: DeserializeOwned>() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    // Always an error: the struct gets no value for any of its fields.
    drop(T::deserialize(AskedFor(&mut names)));
    names
}

/// The name among `known` that is meant by one which is not among them, in whatever case it is written.
#[must_use]
pub fn meant<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_uppercase();
    let distances = known.into_iter().map(|known| (osa_distance(&name, &known.to_uppercase()), known));
    let near = distances.filter(|(distance, known)| *distance <= if known.len() < LONG { 1 } else { 2 });
    near.min().map(|(_, known)| known)
}

impl Source {
    /// Warns of each variable that would pass silently though it looks like one of these: misspelt, or a file's name where
    /// none is read.
    pub(super) fn warn_of_lookalikes(&self, own: &BTreeSet<String>) {
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
            self.0.keys().map(String::as_str).filter(|name| !known.contains(&name.to_uppercase()));
        let advice = |name: &str| match name.strip_suffix("_FILE") {
            Some(setting) if own.contains(setting) => {
                Some(format!("only secrets are read from files, so set {setting} itself"))
            }
            _ => {
                let meant = meant(name, known.iter().map(String::as_str))?;
                Some(format!("if {meant} is meant, rename it"))
            }
        };
        strangers.filter_map(|name| Some((name, advice(name)?))).collect()
    }

    /// Which of these variables are set, each by itself or through its file.
    pub(super) fn set_among(&self, own: &BTreeSet<String>) -> Vec<&str> {
        let is_own = |name: &str| {
            own.contains(name.strip_suffix("_FILE").filter(|n| SECRETS.contains(n)).unwrap_or(name))
        };
        self.0.keys().map(String::as_str).filter(|name| is_own(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::settings::Span;

    #[test]
    fn a_name_is_meant_when_a_letter_is_wrong_missing_added_or_has_changed_places() {
        let known = ["LISTEN", "OIDC_ISSUER_URL", "REDIS_URL"];
        for (written, expected) in [
            ("OIDC_ISSUER_URI", "OIDC_ISSUER_URL"),
            ("ODIC_ISSUER_URL", "OIDC_ISSUER_URL"),
            ("OIDC_ISUER_URL", "OIDC_ISSUER_URL"),
            ("OIDC_ISSUER", "none"),
            ("OIDC_ISSUERURI", "OIDC_ISSUER_URL"),
            ("redis_uri", "REDIS_URL"),
            ("REDIS_PORT", "none"),
            ("LISTENS", "LISTEN"),
            ("LISTEN_FDS", "none"),
            ("LIST", "none"),
            ("PATH", "none"),
        ] {
            assert_eq!(meant(written, known).unwrap_or("none"), expected, "{written}");
        }
    }

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

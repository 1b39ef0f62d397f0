//! The names of settings: those that a role reads, and the one that a misspelt name stands for.

mod lookalikes;

use std::collections::BTreeSet;

use serde::de::value::Error;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use strsim::osa_distance;

/// The variables that every role reads before its settings.
pub const OF_ALL_ROLES: [&str; 5] =
    ["IN_CONTAINER", "LOG_FORMAT", "RUST_LOG", "SSL_CERT_DIR", "SSL_CERT_FILE"];

/// From this length on two letters may be wrong: in a shorter name that could be another word.
const LONG: usize = 12;

/// A deserializer that gives no values and records the names of a struct's fields.
struct FieldNames<'a>(&'a mut BTreeSet<String>);

impl<'de> Deserializer<'de> for FieldNames<'_> {
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
    drop(T::deserialize(FieldNames(&mut names)));
    names
}

/// The known name that an unknown one most likely stands for, in any case of letters.
#[must_use]
pub fn closest_match<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_uppercase();
    let letters = name.chars().count();
    let distances = known.into_iter().filter_map(|known| {
        let wrong = if known.len() < LONG { 1 } else { 2 };
        // Each letter more or less is one that is wrong. Most names are told apart by that: an environment may have hundreds.
        if letters.abs_diff(known.chars().count()) > wrong {
            return None;
        }
        let distance = osa_distance(&name, &known.to_uppercase());
        (distance <= wrong).then_some((distance, known))
    });
    distances.min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_meant_when_a_letter_is_wrong_missing_added_or_has_changed_places() {
        let known = ["LISTEN", "OIDC_ISSUER_URL", "REDIS_URL"];
        for (written, expected) in [
            ("OIDC_ISSUER_URI", "OIDC_ISSUER_URL"),
            ("ODIC_ISSUER_URL", "OIDC_ISSUER_URL"),
            ("OIDC_ISUER_URL", "OIDC_ISSUER_URL"),
            ("OIDC_ISSUER_U", "OIDC_ISSUER_URL"),
            ("OIDC_ISSUER_URL_X", "OIDC_ISSUER_URL"),
            ("OIDC_ISSUER", "none"),
            ("OIDC_ISSUERURI", "OIDC_ISSUER_URL"),
            ("redis_uri", "REDIS_URL"),
            ("REDIS_PORT", "none"),
            ("LISTENS", "LISTEN"),
            ("LÍSTEN", "LISTEN"),
            ("LISTEN_FDS", "none"),
            ("LIST", "none"),
            ("PATH", "none"),
        ] {
            assert_eq!(closest_match(written, known).unwrap_or("none"), expected, "{written}");
        }
    }
}

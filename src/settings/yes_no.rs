//! Settings that are yes or no, in the words that people use.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

const YES: [&str; 4] = ["true", "1", "yes", "on"];
const NO: [&str; 4] = ["false", "0", "no", "off"];

fn is_one_of(words: &[&str], text: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text.trim()))
}

/// Whether a setting that is on when it is set says no.
#[must_use]
pub fn says_no(text: &str) -> bool {
    is_one_of(&NO, text)
}

/// Reads a yes or a no.
///
/// # Errors
/// When it is neither.
pub fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    deserializer.deserialize_any(YesOrNo)
}

struct YesOrNo;

impl Visitor<'_> for YesOrNo {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    /// As a file of clusters has it.
    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        let is_yes = is_one_of(&YES, text);
        if is_yes || says_no(text) {
            return Ok(is_yes);
        }
        Err(E::custom(format!("{text:?} is neither yes nor no: write true or false")))
    }
}

//! Which Backstage plugin somebody is.

use std::fmt;
use std::str::FromStr;

/// The longest name, in characters: no plugin comes near it.
const LONGEST: usize = 63;

/// A Backstage plugin's id, `kubernetes`: plain enough to stand in an address as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginName(String);

impl PluginName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not the name of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a plugin: write it as kubernetes, up to 63 of a-z, 0-9 and -, a letter first")]
pub struct NotAPlugin;

impl FromStr for PluginName {
    type Err = NotAPlugin;

    /// Reads a name as it is, in lower case; nothing is trimmed, decoded or folded.
    fn from_str(text: &str) -> Result<Self, NotAPlugin> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let starts_with_a_letter = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if starts_with_a_letter && text.len() <= LONGEST && text.bytes().all(inner) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPlugin)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_name_is_one() {
        for good in ["kubernetes", "a", "cluster-auth", "k8s", &"a".repeat(63)] {
            assert_eq!(good.parse::<PluginName>().unwrap().as_str(), good);
        }
        for wrong in [
            "",
            "..",
            "../auth",
            "a/b",
            "a\\b",
            "kubernetes%2f",
            "kubernetes?",
            "kubernetes#",
            "kubernetes ",
            " kubernetes",
            "kubernetes\n",
            "kubernetes.",
            "Kubernetes",
            "kubernetés",
            "1kubernetes",
            "-kubernetes",
            "kubernetes_x",
            "user:default/felix",
            &"a".repeat(64),
        ] {
            assert_eq!(wrong.parse::<PluginName>(), Err(NotAPlugin), "{wrong:?}");
        }
    }
}

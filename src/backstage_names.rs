//! The names that Backstage gives: a user's entity reference, a plugin's id.

use std::fmt;
use std::str::FromStr;

/// A Backstage user's entity reference, `user:default/felix`, always lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserRef {
    namespace: String,
    name: String,
}

impl UserRef {
    /// The namespace, mostly `default`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name within the namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UserRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user:{}/{}", self.namespace, self.name)
    }
}

/// Not the entity reference of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a Backstage user: write it as user:default/name")]
pub struct NotAUser;

impl FromStr for UserRef {
    type Err = NotAUser;

    /// Reads a full entity reference; other kinds, and parts that Backstage would not allow, are refused.
    fn from_str(text: &str) -> Result<Self, NotAUser> {
        let lower = text.to_ascii_lowercase();
        let (namespace, name) =
            lower.strip_prefix("user:").and_then(|rest| rest.split_once('/')).ok_or(NotAUser)?;
        if is_entity_name(namespace) && is_entity_name(name) {
            Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() })
        } else {
            Err(NotAUser)
        }
    }
}

/// Backstage's rule for names: 1 to 63 of `[a-z0-9A-Z]`, with `-`, `_` and `.` between them.
fn is_entity_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.iter().all(|b| inner(*b))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

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
    fn a_user_is_read_in_lower_case() {
        let user: UserRef = "User:Default/Felix.M".parse().unwrap();
        assert_eq!(user.to_string(), "user:default/felix.m");
    }

    #[test]
    fn other_kinds_and_other_shapes_are_refused() {
        for wrong in [
            "group:default/team-a",
            "felix",
            "user:felix",
            "user:/felix",
            "user:default/",
            "user:default/a/b",
            "user:default/..",
            "user:a b/c",
        ] {
            assert_eq!(wrong.parse::<UserRef>(), Err(NotAUser), "{wrong}");
        }
    }

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

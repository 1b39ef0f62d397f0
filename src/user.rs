//! Who somebody is in Backstage.

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
}

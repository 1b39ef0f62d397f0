//! Which build of the program this is.

use std::sync::LazyLock;

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, where `BUILD_COMMIT` named it to the compiler; cargo builds anew when that changes.
pub const COMMIT: &str = commit(option_env!("BUILD_COMMIT"));

/// What `--version` says after the program's name.
pub static VERSION_AND_COMMIT: LazyLock<String> = LazyLock::new(|| format!("{VERSION} ({COMMIT})"));

/// An image that is built without the commit hands on an empty one.
const fn commit(named: Option<&'static str>) -> &'static str {
    match named {
        Some(commit) if !commit.is_empty() => commit,
        _ => "development build",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_a_commit_says_that_it_is_one_for_development() {
        assert_eq!(commit(Some("0123456789ab")), "0123456789ab");
        assert_eq!(commit(Some("")), "development build");
        assert_eq!(commit(None), "development build");
    }
}

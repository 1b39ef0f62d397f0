//! Domains of e-mail addresses. A domain with letters beyond a to z has two forms: ASCII (`xn--…`), which `OpenID` Connect Core 5.1
//! requires (RFC 5322), and its own letters (RFC 6531), which many providers and catalogs use. Both are the same domain.

use std::str::FromStr;

use super::lists::{InvalidEntry, is_host};

/// A domain as it is configured, in ASCII and lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailDomain(String);

impl FromStr for EmailDomain {
    type Err = InvalidEntry;

    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        match idna::domain_to_ascii(text) {
            Ok(ascii) if is_host(&ascii) => Ok(Self(ascii.to_ascii_lowercase())),
            _ => Err(InvalidEntry("is no domain: write what stands behind the @, such as example.com")),
        }
    }
}

impl From<EmailDomain> for String {
    fn from(domain: EmailDomain) -> Self {
        domain.0
    }
}

/// The ASCII form of an address's domain. None when only IDNA's mapping makes it a domain: letters that merely look alike could
/// belong to another mailbox.
fn in_ascii(domain: &str) -> Option<String> {
    let lower = domain.to_ascii_lowercase();
    if lower.is_ascii() {
        return Some(lower);
    }
    let ascii = idna::domain_to_ascii(&lower).ok()?;
    let (unicode, read) = idna::domain_to_unicode(&ascii);
    (read.is_ok() && unicode == lower).then_some(ascii)
}

/// Whether two addresses have the same domain.
#[must_use]
pub fn are_one(a: &str, b: &str) -> bool {
    in_ascii(a).is_some_and(|a| in_ascii(b) == Some(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_configured_in_either_form() {
        for text in
            ["bäckerei.example", "BÄCKEREI.example", "xn--bckerei-5wa.example", "XN--bckerei-5wa.EXAMPLE"]
        {
            assert_eq!(text.parse(), Ok(EmailDomain("xn--bckerei-5wa.example".to_owned())), "{text}");
        }
        for wrong in
            ["*.example.com", "felix@example.com", "https://example.com", "a b.example", "ä%41.example", ""]
        {
            assert!(wrong.parse::<EmailDomain>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn both_forms_are_one_domain_and_lookalikes_are_not() {
        for (a, b) in [
            ("example.com", "Example.COM"),
            ("bäckerei.example", "xn--bckerei-5wa.example"),
            ("xn--bckerei-5wa.example", "bäckerei.EXAMPLE"),
            ("bäckerei.example", "bäckerei.example"),
            ("under_score.example", "under_score.example"),
        ] {
            assert!(are_one(a, b), "{a} {b}");
        }
        for other in
            ["ｅxample.com", "exam\u{ad}ple.com", "example\u{3002}com", "exampl\u{0435}.com", "ſexample.com"]
        {
            assert!(!are_one("example.com", other) && !are_one("sexample.com", other), "{other}");
        }
        assert!(!are_one("\u{212a}.example", "k.example"));
    }
}

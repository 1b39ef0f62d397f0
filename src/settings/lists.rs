//! Lists in settings: separated by commas, white space around an entry is ignored.

pub mod addresses;

use std::fmt::{self, Display};
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use url::{Host, Url};

/// The entries of a list.
///
/// # Errors
/// When one of them is not of its type; the error names it.
pub fn separated<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(deserializer)?;
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let read = |entry: &str| entry.parse().map_err(|e| D::Error::custom(format!("{entry:?} {e}")));
    entries.map(read).collect()
}

/// The same for an entry type that is kept as text.
///
/// # Errors
/// As [`separated`].
pub fn separated_texts<'de, D, T>(deserializer: D) -> Result<Vec<String>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display> + Into<String>,
{
    Ok(separated::<D, T>(deserializer)?.into_iter().map(Into::into).collect())
}

/// Why an entry is refused; ends a sentence that begins with the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEntry(pub(super) &'static str);

impl Display for InvalidEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A host without a port, as it stands in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

impl FromStr for HostName {
    type Err = InvalidEntry;

    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        if is_host(text) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(InvalidEntry("is no host: write its name alone, without scheme, port and path"))
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> Self {
        name.0
    }
}

/// A host as a request names it: with the port or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHost(String);

impl FromStr for RequestHost {
    type Err = InvalidEntry;

    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        let host = match text.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => host,
            _ => text,
        };
        if is_host(host) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(InvalidEntry("is no host: write host or host:port, without scheme and path"))
    }
}

impl From<RequestHost> for String {
    fn from(host: RequestHost) -> Self {
        host.0
    }
}

/// Whether an entry of `ALLOWED_HOSTS` can be this.
#[must_use]
pub fn is_request_host(text: &str) -> bool {
    text.parse::<RequestHost>().is_ok()
}

/// A name, an IPv4 address, or an IPv6 address in brackets; no pattern.
pub(super) fn is_host(text: &str) -> bool {
    text.is_ascii() && !text.contains(['*', '%']) && Host::parse(text).is_ok()
}

/// An origin as browsers send it: scheme, host and, where it is not the scheme's own, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = InvalidEntry;

    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        let unlike = InvalidEntry(
            "is no origin: write scheme, host and port as a browser sends them, such as https://app.example.com, without a slash at the end",
        );
        let (_, host_and_port) = text.split_once("://").ok_or(unlike)?;
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
        if host_and_port.is_empty() || !host_and_port.chars().all(is_part) {
            return Err(unlike);
        }
        let url = Url::parse(text).map_err(|_| unlike)?;
        // For the schemes of extensions the URL standard defines an opaque origin.
        match url.origin() {
            origin @ url::Origin::Tuple(..) => Ok(Self(origin.ascii_serialization())),
            url::Origin::Opaque(_) => Ok(Self(text.to_ascii_lowercase())),
        }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    fn texts<T: FromStr<Err: Display> + Into<String>>(text: &str) -> Result<Vec<String>, Error> {
        separated_texts::<_, T>(StrDeserializer::new(text))
    }

    fn refusal<T: FromStr<Err: Display> + Into<String>>(text: &str) -> String {
        texts::<T>(text).unwrap_err().to_string()
    }

    #[test]
    fn white_space_and_empty_entries_do_not_count() {
        assert_eq!(texts::<HostName>(" Backstage , idp,,[::1]\n").unwrap(), ["backstage", "idp", "[::1]"]);
        let ports: Vec<u16> = separated(StrDeserializer::<Error>::new("1, 2")).unwrap();
        assert_eq!(ports, [1, 2]);
    }

    #[test]
    fn what_would_never_match_a_host_is_refused_and_named() {
        for wrong in
            ["http://backstage", "backstage:80", "back stage", "backstage/", "*.example.com", "::1", "a%62c"]
        {
            assert!(refusal::<HostName>(wrong).contains(wrong), "{wrong}");
        }
        assert_eq!(
            texts::<RequestHost>("A.example:8000,b,[::1]:1").unwrap(),
            ["a.example:8000", "b", "[::1]:1"]
        );
        for wrong in ["http://backstage:80", "backstage:80/", "b stage:80", "*:80", "backstage:99999"] {
            assert!(refusal::<RequestHost>(wrong).contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        let good =
            "https://Portal.example.com:443, http://localhost:3000,chrome-extension://abcdefghijklmnop";
        let read =
            ["https://portal.example.com", "http://localhost:3000", "chrome-extension://abcdefghijklmnop"];
        assert_eq!(texts::<Origin>(good).unwrap(), read);
        for wrong in [
            "chrome-extension://abc/",
            "https://portal.example.com/app",
            "https://portal.example.com http://localhost:3000",
            "portal.example.com",
            "*",
            "null",
            "https://",
            "https://u@portal.example.com",
            "https://portal.example.com?x",
        ] {
            assert!(refusal::<Origin>(wrong).contains("is no origin"), "{wrong}");
        }
    }
}

//! The rule for https: required for Backstage, the identity provider and Kubernetes; plain http only to this machine and named hosts.

use url::{Host, Url};

/// Why a URL is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not a URL.
    #[error("it is not a URL: write it as https://host/")]
    NotAUrl,
    /// Plain http to somewhere else.
    #[error(
        "it is plain http to {0}: use https, or name the host in INSECURE_HTTP_HOSTS if its network is yours"
    )]
    PlainHttp(String),
    /// User, password or fragment inside.
    #[error("it holds a user, a password or a fragment: leave those out")]
    Extras,
}

/// Parses a URL and applies the rule.
///
/// # Errors
/// When it is no http or https URL, or is plain http to a host that is neither loopback, `host.docker.internal` nor in
/// `insecure_hosts`.
pub fn parse(text: &str, insecure_hosts: &[String]) -> Result<Url, Refused> {
    let url = Url::parse(text).map_err(|_| Refused::NotAUrl)?;
    let host = url.host().ok_or(Refused::NotAUrl)?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(Refused::Extras);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if may_be_plain(&host, insecure_hosts) => Ok(url),
        "http" => Err(Refused::PlainHttp(host.to_string())),
        _ => Err(Refused::NotAUrl),
    }
}

fn may_be_plain(host: &Host<&str>, insecure_hosts: &[String]) -> bool {
    let text = host.to_string();
    is_this_machine(host) || insecure_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&text))
}

/// Loopback, and the name by which a container reaches its host.
pub(super) fn is_this_machine<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => matches!(name.as_ref(), "localhost" | "host.docker.internal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_only_to_loopback_and_named_hosts() {
        let named = ["backstage.internal".to_owned()];
        for good in [
            "https://idp.example/",
            "http://localhost:7007",
            "http://127.0.0.1:1/",
            "http://[::1]:1/",
            "http://host.docker.internal:1",
            "http://Backstage.Internal/",
        ] {
            assert!(parse(good, &named).is_ok(), "{good}");
        }
        for bad in [
            "http://idp.example/",
            "http://localhost.example/",
            "ftp://localhost/",
            "localhost:7007",
            "https://u:p@idp.example/",
            "http://sub.backstage.internal/",
        ] {
            assert!(parse(bad, &named).is_err(), "{bad}");
        }
    }
}

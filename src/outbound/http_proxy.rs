//! Which HTTP proxy a request goes through: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, with the meaning that they have in Go (and so
//! in kubectl and kubelogin). This machine is never reached through a proxy.

pub mod no_proxy;
pub mod tunnel;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use self::no_proxy::NoProxy;
use super::https_rule::is_this_machine;

/// A proxy that cannot be used. Does not repeat the variable's value, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum UnusableProxy {
    /// Not an address.
    #[error(
        "{0} is no proxy's address: write it as http://host:port or http://user:password@host:port, with special \
         characters percent-encoded"
    )]
    NotAnAddress(&'static str),
    /// Another scheme, such as https or SOCKS.
    #[error(
        "{0} is no http:// address: name a proxy that speaks plain HTTP, what goes through it is TLS all the same"
    )]
    NotHttp(&'static str),
}

/// A proxy with its credentials.
#[derive(Debug)]
pub struct Proxy {
    /// The variable that names it.
    variable: &'static str,
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    host: String,
    port: u16,
    /// The credentials as `Basic` has them (RFC 7617, 2).
    credentials: Option<SecretString>,
}

impl Proxy {
    fn read(variable: &'static str, text: &str) -> Result<Self, UnusableProxy> {
        let not_an_address = || UnusableProxy::NotAnAddress(variable);
        let text = text.trim();
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
        let url = url.map_err(|_| not_an_address())?;
        if url.scheme() != "http" {
            return Err(UnusableProxy::NotHttp(variable));
        }
        let host = url.host_str().ok_or_else(not_an_address)?.to_owned();
        let port = url.port_or_known_default().ok_or_else(not_an_address)?;
        Ok(Self { variable, host, port, credentials: credentials(&url) })
    }

    /// The variable that names it.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// `user:password` in base64, where the variable holds them.
    #[must_use]
    pub fn credentials(&self) -> Option<&SecretString> {
        self.credentials.as_ref()
    }
}

/// Its address, without credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn credentials(url: &Url) -> Option<SecretString> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Some(STANDARD.encode(pair).into())
}

/// The configured proxies and their exceptions.
#[derive(Clone, Debug, Default)]
pub struct HttpProxies {
    https: Option<Arc<Proxy>>,
    http: Option<Arc<Proxy>>,
    no_proxy: NoProxy,
}

impl HttpProxies {
    /// Reads the values of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    ///
    /// # Errors
    /// When a proxy cannot be used.
    pub fn read(
        https: Option<&SecretString>,
        http: Option<&SecretString>,
        no_proxy: Option<&str>,
    ) -> Result<Self, UnusableProxy> {
        let proxy = |variable, value: Option<&SecretString>| {
            value.map(|value| Proxy::read(variable, value.expose_secret()).map(Arc::new)).transpose()
        };
        Ok(Self {
            https: proxy("HTTPS_PROXY", https)?,
            http: proxy("HTTP_PROXY", http)?,
            no_proxy: NoProxy::read(no_proxy.unwrap_or_default()),
        })
    }

    /// The proxy for that URL, if there is one.
    #[must_use]
    pub fn on_the_way_to(&self, url: &Uri) -> Option<&Arc<Proxy>> {
        let secure = url.scheme_str() == Some("https");
        let proxy = if secure { &self.https } else { &self.http }.as_ref()?;
        let host = Host::parse(url.host()?).ok()?;
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let passed = is_this_machine(&host) || self.no_proxy.names(&host, port);
        (!passed).then_some(proxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(https: &str, http: &str, no_proxy: &str) -> HttpProxies {
        let secret = |text: &str| (!text.is_empty()).then(|| SecretString::from(text));
        HttpProxies::read(secret(https).as_ref(), secret(http).as_ref(), Some(no_proxy)).unwrap()
    }

    fn way(proxies: &HttpProxies, url: &str) -> Option<String> {
        proxies.on_the_way_to(&url.parse().unwrap()).map(ToString::to_string)
    }

    #[test]
    fn each_scheme_has_its_own_proxy() {
        let both = proxies("http://secure:1", "plain:2", "");
        assert_eq!(way(&both, "https://idp.example/").as_deref(), Some("secure:1"));
        assert_eq!(way(&both, "http://idp.example/").as_deref(), Some("plain:2"));
        let one = proxies("", "plain:2", "");
        assert_eq!(way(&one, "https://idp.example/"), None);
    }

    #[test]
    fn this_machine_is_never_behind_a_proxy() {
        let all = proxies("p", "p", "");
        for url in [
            "http://localhost:1/",
            "http://127.0.0.2/",
            "https://[::1]:1/",
            "https://LOCALHOST/",
            "http://host.docker.internal:7007/",
        ] {
            assert_eq!(way(&all, url), None, "{url}");
        }
        assert_eq!(way(&all, "https://localhost.example/").as_deref(), Some("p:80"));
    }

    #[test]
    fn what_no_proxy_names_goes_past_the_proxy() {
        let some = proxies("p:1", "p:1", "idp.example, [fd00::1]:6443");
        assert_eq!(way(&some, "https://idp.example:8443/"), None);
        assert_eq!(way(&some, "https://[fd00::1]:6443/"), None);
        assert_eq!(way(&some, "https://[fd00::1]/").as_deref(), Some("p:1"));
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let some = proxies("http://us%40er:p%3Aw%2B+%C3%A9@[fd00::2]:3128/", "", "");
        let proxy = some.on_the_way_to(&"https://idp.example/".parse().unwrap()).unwrap();
        assert_eq!(proxy.credentials().unwrap().expose_secret(), &STANDARD.encode("us@er:p:w++é"));
        let shown = format!("{proxy} {some:?}");
        assert!(shown.starts_with("[fd00::2]:3128 "), "{shown}");
        assert!(!shown.contains("p%3Aw") && !shown.contains("us%40er"), "{shown}");
        assert!(!shown.contains(proxy.credentials().unwrap().expose_secret()), "{shown}");
        assert!(proxies("http://host", "", "").https.unwrap().credentials().is_none());
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_shown() {
        for (value, words) in [
            ("https://user:hidden@proxy:1", "HTTPS_PROXY is no http:// address"),
            ("socks5://proxy:1", "HTTPS_PROXY is no http:// address"),
            ("http://user:hid#den@proxy:1", "HTTPS_PROXY is no proxy's address"),
            ("http://", "HTTPS_PROXY is no proxy's address"),
            ("proxy:hidden", "HTTPS_PROXY is no proxy's address"),
        ] {
            let error = HttpProxies::read(Some(&value.into()), None, None).unwrap_err().to_string();
            assert!(error.starts_with(words) && !error.contains("hid"), "{error}");
        }
    }
}

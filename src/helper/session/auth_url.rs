//! Checks the authorization URL that the backend sends, and refuses one that no honest backend would send.

use std::collections::BTreeMap;

use url::Url;

use crate::outbound::https_rule;
use crate::protocol::{BadRedirectUri, Info, RedirectUri, SECRET_LENGTH, WireSecret};

/// Why an authorization URL, or the redirect URI that comes with it, is refused. Ends the sentence "… an address that".
#[derive(Debug, thiserror::Error)]
pub enum BadAuthUrl {
    /// Not https, or not a URL.
    #[error("is no good ({0})")]
    Address(#[from] https_rule::Refused),
    /// A browser could parse it differently from this program.
    #[error("holds characters that no URL holds")]
    NotAscii,
    /// A repeated parameter: parsers differ in which value they use (RFC 6749, 3.1).
    #[error("repeats the parameter {0}")]
    Repeated(String),
    /// A request object would override the parameters that were checked (RFC 9101).
    #[error("carries a request object")]
    RequestObject,
    /// Not the authorization code flow.
    #[error("does not ask for an authorization code")]
    ResponseType,
    /// The callback would not be a GET with a query.
    #[error("asks for an answer in another form than a redirect")]
    ResponseMode,
    /// Without PKCE S256 (RFC 7636) a stolen code could be redeemed.
    #[error("lacks PKCE with S256")]
    NoPkce,
    /// The code would be sent elsewhere.
    #[error("would send the authorization code elsewhere than to this helper")]
    OtherRedirect,
    /// Another program could redeem its code.
    #[error("does not carry this helper's own PKCE challenge")]
    OtherVerifier,
    /// The login page, the issuer and the token endpoint do not belong together, by the issuer's own word.
    #[error("belongs to another identity provider than the one that the code would be sent to")]
    OtherProvider,
    /// It names no client (RFC 6749, 4.1.1).
    #[error("names no client")]
    NoClient,
    /// Not 43 characters of base64url.
    #[error("carries no well-formed state")]
    State,
}

/// The redirect URI of a cluster, from the backend's `GET /info`.
///
/// # Errors
/// When it is not on this machine, or has another host or port than the first cluster's, at which the helper listens.
pub fn redirect_uri_of(info: &Info, cluster: &str) -> Result<RedirectUri, BadAuthUrl> {
    let waits_at = RedirectUri::parse(&info.redirect_uri)?;
    let cluster = info.clusters.iter().find(|known| known.name == cluster);
    let Some(own) = cluster.and_then(|cluster| cluster.redirect_uri.as_deref()) else { return Ok(waits_at) };
    let redirect_uri = RedirectUri::parse(own)?;
    if redirect_uri.shares_host_and_port_with(&waits_at) {
        Ok(redirect_uri)
    } else {
        Err(BadAuthUrl::OtherRedirect)
    }
}

/// An authorization URL that has been checked.
pub struct AuthUrl {
    text: WireSecret,
    state: WireSecret,
    host: String,
    redirect_path: String,
}

impl AuthUrl {
    /// Reads and checks it; `insecure_hosts` as for [`https_rule::parse`].
    ///
    /// # Errors
    /// As the variants of [`BadAuthUrl`] say.
    pub fn parse(
        text: &WireSecret,
        redirect_uri: &RedirectUri,
        insecure_hosts: &[String],
    ) -> Result<Self, BadAuthUrl> {
        if !text.expose().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadAuthUrl::NotAscii);
        }
        let url = https_rule::parse(text.expose(), insecure_hosts)?;
        let parameters = once_each(&url)?;
        let get = |name: &str| parameters.get(name).map(String::as_str);
        if get("request").is_some() || get("request_uri").is_some() {
            return Err(BadAuthUrl::RequestObject);
        }
        if get("response_type") != Some("code") {
            return Err(BadAuthUrl::ResponseType);
        }
        if !matches!(get("response_mode"), None | Some("query")) {
            return Err(BadAuthUrl::ResponseMode);
        }
        let challenge = get("code_challenge").is_some_and(|c| c.len() == SECRET_LENGTH);
        if !challenge || get("code_challenge_method") != Some("S256") {
            return Err(BadAuthUrl::NoPkce);
        }
        if get("redirect_uri") != Some(redirect_uri.text()) {
            return Err(BadAuthUrl::OtherRedirect);
        }
        let state = get("state").map(WireSecret::from).filter(WireSecret::is_well_formed);
        let host = url.host_str().unwrap_or_default().to_owned();
        let redirect_path = redirect_uri.path().to_owned();
        Ok(Self { text: text.clone(), state: state.ok_or(BadAuthUrl::State)?, host, redirect_path })
    }

    /// The URL, byte for byte as the backend sent it.
    #[must_use]
    pub fn text(&self) -> &WireSecret {
        &self.text
    }

    /// The state parameter.
    #[must_use]
    pub fn state(&self) -> &WireSecret {
        &self.state
    }

    /// The client that asks.
    #[must_use]
    pub fn client_id(&self) -> Option<String> {
        let url = Url::parse(self.text.expose()).ok()?;
        url.query_pairs().find(|(name, _)| name == "client_id").map(|(_, id)| id.into_owned())
    }

    /// The identity provider's host, for display.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path of the redirect URI.
    #[must_use]
    pub fn redirect_path(&self) -> &str {
        &self.redirect_path
    }
}

impl From<BadRedirectUri> for BadAuthUrl {
    fn from(_: BadRedirectUri) -> Self {
        Self::OtherRedirect
    }
}

fn once_each(url: &Url) -> Result<BTreeMap<String, String>, BadAuthUrl> {
    let mut parameters = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        if parameters.insert(name.to_string(), value.to_string()).is_some() {
            return Err(BadAuthUrl::Repeated(name.into_owned()));
        }
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helper::session::example_login::auth_url as good;
    use crate::protocol::ClusterInfo;

    fn parse(text: &str) -> Result<AuthUrl, BadAuthUrl> {
        let redirect_uri = RedirectUri::parse("http://localhost:8000/").unwrap();
        AuthUrl::parse(&WireSecret::from(text), &redirect_uri, &[])
    }

    #[test]
    fn what_a_backend_sends_is_read() {
        let url = parse(&good()).unwrap();
        assert_eq!(url.state().expose(), "s".repeat(43));
        assert_eq!(url.host(), "idp.example");
        assert_eq!(url.text().expose(), good());
        assert!(parse(&good().replace("https://idp.example", "http://127.0.0.1:9")).is_ok());
    }

    #[test]
    fn what_no_honest_backend_sends_is_refused() {
        let added = |parameter: &str| format!("{}&{parameter}", good());
        let cases = [
            (good().replace("https:", "http:"), "is no good"),
            (good().replace("idp.example", "user@idp.example"), "is no good"),
            (format!("{}#x", good()), "is no good"),
            (added("x=\n"), "characters"),
            (added("st%61te=x"), "repeats the parameter state"),
            (added("request=jwt"), "request object"),
            (added("request_uri=urn"), "request object"),
            (good().replace("type=code", "type=token"), "authorization code"),
            (added("response_mode=form_post"), "another form"),
            (good().replace("S256", "plain"), "PKCE"),
            (good().replace("code_challenge=c", "code_challenge="), "PKCE"),
            (good().replace("8000", "8001"), "elsewhere"),
            (good().replace(&"s".repeat(43), &"s".repeat(42)), "state"),
        ];
        for (text, expected) in cases {
            let error = parse(&text).err().unwrap().to_string();
            assert!(error.contains(expected), "{error} for {text}");
        }
    }

    #[test]
    fn the_redirect_uri_is_the_clusters_own_at_the_place_where_the_helper_waits() {
        let of = |redirect_uri: Option<&str>, cluster: &str| {
            let info = Info {
                version: String::new(),
                backstage_url: String::new(),
                app_url: String::new(),
                redirect_uri: "http://localhost:8000/first".to_owned(),
                clusters: vec![ClusterInfo {
                    name: "dev".to_owned(),
                    title: String::new(),
                    issuer: String::new(),
                    redirect_uri: redirect_uri.map(str::to_owned),
                }],
            };
            redirect_uri_of(&info, cluster).map(|uri| uri.text().to_owned()).ok()
        };
        let own = Some("http://localhost:8000/callback");
        assert_eq!(of(own, "dev").unwrap(), "http://localhost:8000/callback");
        // A cluster that was added since, and an older backend.
        for (redirect_uri, cluster) in [(own, "new"), (None, "dev")] {
            assert_eq!(of(redirect_uri, cluster).unwrap(), "http://localhost:8000/first");
        }
        for elsewhere in ["http://localhost:8001/", "http://127.0.0.1:8000/", "https://evil.example/", ""] {
            assert_eq!(of(Some(elsewhere), "dev"), None, "{elsewhere}");
        }
    }
}

//! What an OpenID provider says of itself (OpenID Connect Discovery 1.0, 4), asked by the helper: it decides where a code may be sent.

use serde::Deserialize;
use url::Url;

use crate::helper::HelperError;
use crate::helper::backend_client::BackendApi;
use crate::helper::session::auth_url::BadAuthUrl;
use crate::outbound::{OutboundError, https_rule};
use crate::protocol::Code;

/// What is read of the discovery document.
#[derive(Deserialize)]
pub(in crate::helper::session) struct Document {
    issuer: String,
    authorization_endpoint: Url,
    pub(in crate::helper::session) token_endpoint: String,
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub(in crate::helper::session) promises_iss: bool,
}

impl Document {
    /// Asks the issuer. The helper's own proxies and certificates count, as toward the backend.
    pub(in crate::helper::session) async fn of(
        issuer: &str,
        api: &BackendApi,
        insecure_hosts: &[String],
    ) -> Result<Self, HelperError> {
        let address = https_rule::parse(issuer, insecure_hosts).map_err(BadAuthUrl::from)?;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document: Self =
            api.http().get_json(&url).await.map_err(|error| unread(address.host_str(), &error))?;
        let token_endpoint = https_rule::parse(&document.token_endpoint, insecure_hosts);
        let token_endpoint = token_endpoint.map_err(BadAuthUrl::from)?;
        if document.issuer != issuer || !document.is_one_providers(&address, &token_endpoint) {
            return Err(BadAuthUrl::OtherProvider.into());
        }
        Ok(document)
    }

    /// A document that names the login page of another provider would have that one's codes sent to its own token endpoint. So either the
    /// issuer speaks from where the login page is, or the code goes back to where it came from.
    fn is_one_providers(&self, issuer: &Url, token_endpoint: &Url) -> bool {
        let login_page = self.authorization_endpoint.origin();
        login_page == issuer.origin() || login_page == token_endpoint.origin()
    }

    /// Whether the address of the login is this provider's, and the backend names the same token endpoint.
    pub(in crate::helper::session) fn check(
        &self,
        auth_url: &Url,
        token_endpoint: &str,
    ) -> Result<(), BadAuthUrl> {
        let of = |url: &Url| (url.origin(), url.path().to_owned());
        if of(auth_url) == of(&self.authorization_endpoint) && token_endpoint == self.token_endpoint {
            Ok(())
        } else {
            Err(BadAuthUrl::OtherProvider)
        }
    }
}

fn unread(host: Option<&str>, error: &OutboundError) -> HelperError {
    let host = host.unwrap_or_default();
    HelperError::refused(
        Some(Code::IdpUnreachable),
        format!(
            "The identity provider's discovery document at {host} cannot be read from this machine, which is to redeem the code ({error}): check your network and its proxies, or set EXCHANGE=backend, and begin a new login. ({})",
            Code::IdpUnreachable.as_str()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(authorization: &str, token: &str) -> Document {
        Document {
            issuer: "https://idp.example/".to_owned(),
            authorization_endpoint: Url::parse(authorization).unwrap(),
            token_endpoint: token.to_owned(),
            promises_iss: false,
        }
    }

    #[test]
    fn a_code_goes_where_the_provider_of_its_login_page_wants_it() {
        for (issuer, authorization, token, accepted) in [
            ("https://idp.example/", "https://idp.example/auth", "https://idp.example/token", true),
            // Google's.
            (
                "https://accounts.example",
                "https://accounts.example/auth",
                "https://oauth2.example/token",
                true,
            ),
            // Cognito's.
            ("https://pools.example/p", "https://login.example/auth", "https://login.example/token", true),
            // A provider that would have the codes of another.
            ("https://evil.example/", "https://idp.example/auth", "https://evil.example/token", false),
            ("https://evil.example/", "https://idp.example/auth", "https://idp.example:8443/token", false),
        ] {
            let (issuer, endpoint) = (Url::parse(issuer).unwrap(), Url::parse(token).unwrap());
            let document = document(authorization, token);
            assert_eq!(
                document.is_one_providers(&issuer, &endpoint),
                accepted,
                "{issuer} {authorization} {token}"
            );
        }
    }

    #[test]
    fn the_login_page_and_the_token_endpoint_are_those_of_the_document() {
        let document = document("https://idp.example/auth?tenant=1", "https://idp.example/token");
        let fits =
            |auth_url: &str, token: &str| document.check(&Url::parse(auth_url).unwrap(), token).is_ok();
        assert!(fits("https://idp.example/auth?tenant=1&state=s", "https://idp.example/token"));
        for (auth_url, token) in [
            ("https://idp.example/auth?state=s", "https://evil.example/token"),
            ("https://idp.example/auth?state=s", "https://idp.example/token/"),
            ("https://evil.example/auth?state=s", "https://idp.example/token"),
            ("https://idp.example/other?state=s", "https://idp.example/token"),
            ("http://idp.example/auth?state=s", "https://idp.example/token"),
        ] {
            assert!(!fits(auth_url, token), "{auth_url} {token}");
        }
    }
}

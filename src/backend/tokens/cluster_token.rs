//! Which of a login's tokens goes to the cluster.

use time::OffsetDateTime;

use crate::backend::logins::TokenSet;
use crate::backend::oidc::token_endpoint::access_token::AccessTokenClaims;
use crate::problem::Problem;
use crate::protocol::{Code, TokenKind, WireSecret};
use crate::settings::cluster::ClusterToken;

/// The token that a cluster gets.
#[derive(Debug)]
pub struct ForCluster<'t> {
    /// It.
    pub token: &'t WireSecret,
    /// When it expires.
    pub expires_at: OffsetDateTime,
    /// Which one it is.
    pub kind: TokenKind,
}

impl TokenSet {
    /// The token that the cluster takes.
    ///
    /// # Errors
    /// `idp_refused` where there is no access token, or one for another audience.
    pub fn for_cluster(&self, takes: &ClusterToken) -> Result<ForCluster<'_>, Problem> {
        let (token, kind) = match takes {
            ClusterToken::Id => (&self.id_token, TokenKind::IdToken),
            ClusterToken::Access { audience } => {
                let token = self.access_token.as_ref().ok_or_else(none_came)?;
                check_audience(token, audience.as_deref())?;
                (token, TokenKind::AccessToken)
            }
        };
        Ok(ForCluster { token, expires_at: self.expires_at, kind })
    }
}

/// An opaque token has no audience that could be read.
fn check_audience(token: &WireSecret, audience: Option<&str>) -> Result<(), Problem> {
    match AccessTokenClaims::read(token) {
        Some(claims) if !audience.is_some_and(|audience| claims.is_for(audience)) => Err(Problem::new(
            Code::IdpRefused,
            "The identity provider's access token is not for this cluster, so it is not sent there: tell the operator (KUBERNETES_TOKEN_AUDIENCE, OIDC_SCOPES, OIDC_AUDIENCE).",
        )),
        _ => Ok(()),
    }
}

fn none_came() -> Problem {
    Problem::new(
        Code::IdpRefused,
        "The identity provider gave no access token, which is what this cluster takes: tell the operator (KUBERNETES_TOKEN, OIDC_SCOPES).",
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::backend::assembly::example_backend::example_login;

    fn sent(access_token: Option<&str>, audience: Option<&str>) -> Option<String> {
        let mut tokens = example_login("felix", OffsetDateTime::UNIX_EPOCH).tokens;
        tokens.access_token = access_token.map(WireSecret::from);
        let takes = ClusterToken::Access { audience: audience.map(str::to_owned) };
        tokens.for_cluster(&takes).ok().map(|sent| sent.token.expose().to_owned())
    }

    #[test]
    fn an_access_token_goes_only_to_its_own_audience() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let jwt = |claims: &str| format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#), part(claims));
        let (one, several) = (jwt(r#"{"aud":"aks"}"#), jwt(r#"{"aud":["graph","aks"]}"#));
        for token in [one.as_str(), &several, "ya29.opaque"] {
            assert_eq!(sent(Some(token), Some("aks")).as_deref(), Some(token));
        }
        for token in [jwt(r#"{"aud":"graph"}"#), jwt(r#"{"aud":"aks-2"}"#), jwt("{}")] {
            assert_eq!(sent(Some(&token), Some("aks")), None, "{token}");
        }
        assert_eq!(sent(Some(&one), None), None);
        assert_eq!(sent(Some("ya29.opaque"), None).as_deref(), Some("ya29.opaque"));
        assert_eq!(sent(None, Some("aks")), None);
    }
}

//! Takes the verifier of a session from the backend: the helper makes its own, and looks where it may send the code.

use std::time::Duration;

use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use tokio::time::timeout;
use url::Url;

use super::Session;
use super::auth_url::BadAuthUrl;
use super::own_exchange::OwnExchange;
use super::own_exchange::provider::Document;
use crate::helper::HelperError;
use crate::helper::backend_client::{ApiError, BackendApi, Refusal};
use crate::outbound::https_rule;
use crate::protocol::{Code, KeepVerifierResponse, RedirectUri, WireSecret};
use crate::random::{Random, random_secret};
use crate::settings::login::{Exchange, LoginSettings};

/// How long to wait for the cancelling of a session that goes no further.
const GIVE_UP: Duration = Duration::from_secs(3);

impl Session {
    /// The same session with its verifier here, where the settings say so.
    ///
    /// # Errors
    /// When the backend refuses or is too old, the identity provider does not answer, or the two do not fit together.
    pub async fn exchanged_by(
        self,
        settings: &LoginSettings,
        api: &BackendApi,
        random: &dyn Random,
    ) -> Result<Self, HelperError> {
        match settings.exchange {
            Exchange::Backend => Ok(self),
            Exchange::Helper => self.exchanged_here(&settings.insecure_http_hosts, api, random).await,
        }
    }

    /// From the request on no other program can end the session, so one that goes no further is cancelled.
    async fn exchanged_here(
        self,
        insecure_hosts: &[String],
        api: &BackendApi,
        random: &dyn Random,
    ) -> Result<Self, HelperError> {
        let verifier = random_secret(random)?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(
            verifier.expose().to_owned(),
        ));
        let told = match api.keep_verifier(&self.token, challenge.as_str()).await {
            Ok(told) => told,
            Err(error) => {
                // A refusal leaves it as it was; after a lost answer it may be ours.
                if !matches!(&error, ApiError::Refused(refusal) if !refusal.may_pass()) {
                    self.give_up(api).await;
                }
                return Err(refused(api, error));
            }
        };
        match own_exchange(verifier, challenge.as_str(), &told, (api, insecure_hosts)).await {
            Ok(own_exchange) => {
                Ok(Self { auth_url: told.auth_url, own_exchange: Some(own_exchange), ..self })
            }
            Err(error) => {
                self.give_up(api).await;
                Err(error)
            }
        }
    }

    async fn give_up(&self, api: &BackendApi) {
        match timeout(GIVE_UP, api.cancel(&self.token)).await {
            Ok(Ok(_)) => {}
            Ok(Err(reason)) => tracing::info!(%reason, "a session that goes no further is not cancelled"),
            Err(reason) => tracing::info!(%reason, "a session that goes no further is not cancelled"),
        }
    }
}

/// Where the code may be sent, once all that the backend says fits together.
async fn own_exchange(
    verifier: WireSecret,
    challenge: &str,
    told: &KeepVerifierResponse,
    (api, insecure_hosts): (&BackendApi, &[String]),
) -> Result<OwnExchange, HelperError> {
    let auth_url = Url::parse(told.auth_url.expose()).map_err(|_| https_rule::Refused::NotAUrl);
    let auth_url = auth_url.map_err(BadAuthUrl::from)?;
    check_parameters(&auth_url, challenge, told)?;
    let document = Document::of(&told.issuer, api, insecure_hosts).await?;
    document.check(&auth_url, &told.token_endpoint)?;
    let redirect_uri = RedirectUri::parse(&told.redirect_uri).map_err(BadAuthUrl::from)?;
    Ok(OwnExchange {
        verifier,
        token_endpoint: document.token_endpoint,
        client_id: told.client_id.clone(),
        origin: told.token_origin.then(|| redirect_uri.origin()),
        redirect_uri: told.redirect_uri.clone(),
        promises_iss: document.promises_iss,
        issuer: told.issuer.clone(),
    })
}

/// The code is asked for with our challenge, for the client and the address that it will be redeemed with. What the address may hold
/// besides, and that it holds nothing twice, is checked as for any other.
fn check_parameters(auth_url: &Url, challenge: &str, told: &KeepVerifierResponse) -> Result<(), BadAuthUrl> {
    let is = |name: &str, wanted: &str| {
        auth_url.query_pairs().find(|(known, _)| known == name).is_some_and(|(_, value)| value == wanted)
    };
    if !is("code_challenge", challenge) {
        return Err(BadAuthUrl::OtherVerifier);
    }
    if !is("client_id", &told.client_id) {
        return Err(BadAuthUrl::OtherProvider);
    }
    if !is("redirect_uri", &told.redirect_uri) {
        return Err(BadAuthUrl::OtherRedirect);
    }
    Ok(())
}

fn refused(api: &BackendApi, error: ApiError) -> HelperError {
    match error {
        ApiError::Refused(Refusal { code: Some(Code::MethodNotAllowed), .. }) => HelperError::refused(
            Some(Code::MethodNotAllowed),
            "This backend is too old to have its codes redeemed by a helper: set EXCHANGE=backend, or have it updated. (method_not_allowed)",
        ),
        error => super::refused(api, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helper::session::example_login::auth_url;

    fn told() -> KeepVerifierResponse {
        KeepVerifierResponse {
            auth_url: auth_url().into(),
            issuer: "https://idp.example".to_owned(),
            token_endpoint: "https://idp.example/token".to_owned(),
            client_id: "c".to_owned(),
            redirect_uri: "http://localhost:8000/".to_owned(),
            token_origin: false,
        }
    }

    fn checked(told: &KeepVerifierResponse, challenge: &str) -> Option<String> {
        let auth_url = Url::parse(told.auth_url.expose()).unwrap();
        check_parameters(&auth_url, challenge, told).err().map(|error| error.to_string())
    }

    #[test]
    fn an_older_backend_is_told_from_one_that_refuses() {
        let clock: std::sync::Arc<dyn crate::clock::Clock> = std::sync::Arc::new(crate::clock::SystemClock);
        let source = crate::settings::Source::new(Vec::new());
        let settings = LoginSettings::read(&source).unwrap();
        let api = BackendApi::connect(&settings, &crate::random::SystemRandom, &clock).unwrap();
        let said = |status, code| {
            let message = Some("It does not.".to_owned());
            let refusal = Refusal { status, code: Some(code), message, retry_after: None };
            refused(&api, ApiError::Refused(refusal)).to_string()
        };
        assert!(said(405, Code::MethodNotAllowed).contains("too old"));
        assert!(said(403, Code::NotAllowed).ends_with("It does not. (not_allowed)"));
    }

    #[test]
    fn an_address_with_another_challenge_client_or_redirect_is_refused() {
        let ours = "c".repeat(43);
        assert_eq!(checked(&told(), &ours), None);
        assert!(checked(&told(), &"d".repeat(43)).unwrap().contains("PKCE"));
        let other = KeepVerifierResponse { client_id: "other".to_owned(), ..told() };
        assert!(checked(&other, &ours).unwrap().contains("another"));
        let other = KeepVerifierResponse { redirect_uri: "http://localhost:8000".to_owned(), ..told() };
        assert!(checked(&other, &ours).unwrap().contains("elsewhere"));
    }
}

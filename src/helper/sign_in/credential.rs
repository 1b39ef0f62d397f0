//! The user's credential: a Backstage token, the browser's cookie, which is traded for a token, or a kept sign-in.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::{BackstageClient, SignInError};
use crate::helper::backend_client::{ApiError, BackendApi};
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;

/// The usual values of `auth.environment` in Backstage, in the order in which they are tried.
const AUTH_ENVIRONMENTS: [&str; 2] = ["production", "development"];

/// The end of the name of Backstage's refresh cookies, after the provider's name.
const REFRESH_COOKIE: &str = "-refresh-token=";

const UNAUTHORIZED: u16 = 401;

/// The status for a caller that must wait.
pub const TOO_MANY: u16 = 429;

/// The user's credential.
pub enum UserCredential {
    /// The user's Backstage token.
    BackstageToken(SecretString),
    /// The browser's Backstage cookie.
    Cookie {
        /// The auth provider that set it.
        provider: String,
        /// The cookie header.
        cookie: SecretString,
    },
    /// The token of an earlier sign-in to Backstage, which the helper has kept.
    Kept(SecretString),
    /// None, which is enough for a backend in development mode.
    Nothing,
}

/// Why a cookie could not be traded for a user token.
#[derive(Debug, thiserror::Error)]
pub enum TradeError {
    /// Backstage refused it.
    #[error("{0}")]
    Refused(String),
    /// Backstage did not answer.
    #[error(transparent)]
    NoAnswer(ApiError),
}

impl UserCredential {
    /// Chooses from the settings; a token takes precedence over a cookie.
    ///
    /// # Errors
    /// When one of them is malformed.
    pub fn choose(settings: &LoginSettings) -> Result<Self, SettingsError> {
        if let Some(token) = &settings.backstage_token {
            return header_value("BACKSTAGE_TOKEN", token).map(Self::BackstageToken);
        }
        let Some(cookie) = &settings.backstage_session else { return Ok(Self::Nothing) };
        let provider = match &settings.backstage_auth_provider {
            Some(provider) => provider.clone(),
            None => provider_of(cookie.expose_secret()).ok_or_else(|| {
                SettingsError(
                    "BACKSTAGE_AUTH_PROVIDER is not set: name the provider that you sign in to Backstage with."
                        .to_owned(),
                )
            })?,
        };
        if !is_provider_id(&provider) {
            return Err(SettingsError(
                "BACKSTAGE_AUTH_PROVIDER is not a provider's name: it is something like github or oidc."
                    .to_owned(),
            ));
        }
        Ok(Self::Cookie { provider, cookie: header_value("BACKSTAGE_SESSION", cookie)? })
    }

    /// This credential, or a kept sign-in if it is none.
    ///
    /// # Errors
    /// As [`BackstageClient::kept_token`].
    pub async fn or_kept(
        self,
        client: &BackstageClient<'_>,
        folder: Option<&Path>,
    ) -> Result<Self, SignInError> {
        match (self, folder) {
            (Self::Nothing, Some(folder)) => {
                let token = client.kept_token(&client.token_file(folder)).await?;
                Ok(token.map_or(Self::Nothing, Self::Kept))
            }
            (given, _) => Ok(given),
        }
    }

    /// The statuses of a refusal that signing in to Backstage may change. 429 is one for requests without a credential: they are limited
    /// by address, which others can exhaust, while signed-in users have a limit of their own.
    #[must_use]
    pub fn helped_by_sign_in(&self) -> &'static [u16] {
        match self {
            Self::Nothing => &[UNAUTHORIZED, TOO_MANY],
            Self::Kept(_) => &[UNAUTHORIZED],
            Self::BackstageToken(_) | Self::Cookie { .. } => &[],
        }
    }

    /// The user token; a cookie is traded for one.
    ///
    /// # Errors
    /// As the variants of [`TradeError`] say.
    pub async fn token(self, api: &BackendApi) -> Result<Option<SecretString>, TradeError> {
        match self {
            Self::BackstageToken(token) | Self::Kept(token) => Ok(Some(token)),
            Self::Cookie { provider, cookie } => trade(api, &provider, &cookie).await.map(Some),
            Self::Nothing => Ok(None),
        }
    }
}

fn header_value(name: &str, secret: &SecretString) -> Result<SecretString, SettingsError> {
    if secret.expose_secret().bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        Ok(secret.clone())
    } else {
        Err(SettingsError(format!("{name} holds characters that cannot be in it: copy it once more.")))
    }
}

fn provider_of(cookie: &str) -> Option<String> {
    let (before, _) = cookie.split_once(REFRESH_COOKIE)?;
    before.rsplit([' ', ';']).next().map(str::to_owned)
}

fn is_provider_id(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

async fn trade(api: &BackendApi, provider: &str, cookie: &SecretString) -> Result<SecretString, TradeError> {
    let mut last = None;
    for environment in AUTH_ENVIRONMENTS {
        match api.user_token(provider, environment, cookie).await {
            Ok(token) => return Ok(token),
            // Backstage answers this if the provider is not configured for the environment.
            Err(ApiError::Refused(refusal)) if refusal.status == 404 => last = Some(refusal),
            Err(ApiError::Refused(refusal)) => {
                return Err(TradeError::Refused(format!(
                    "Backstage does not accept BACKSTAGE_SESSION ({refusal}): sign in to Backstage and copy the \
                     cookie anew."
                )));
            }
            Err(error) => return Err(TradeError::NoAnswer(error)),
        }
    }
    let reason = last.map_or_else(String::new, |refusal| format!(" ({refusal})"));
    Err(TradeError::Refused(format!(
        "Backstage knows no auth provider {provider}{reason}: check BACKSTAGE_AUTH_PROVIDER."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn choose(pairs: &[(&str, &str)]) -> Result<UserCredential, SettingsError> {
        let source = Source::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        UserCredential::choose(&LoginSettings::read(&source).unwrap())
    }

    #[test]
    fn a_token_goes_before_a_cookie() {
        let both = choose(&[("BACKSTAGE_TOKEN", "a.b.c"), ("BACKSTAGE_SESSION", "c=d")]).unwrap();
        assert!(matches!(both, UserCredential::BackstageToken(_)));
        assert!(matches!(choose(&[]).unwrap(), UserCredential::Nothing));
        assert!(choose(&[("BACKSTAGE_TOKEN", "a\nb")]).is_err());
    }

    #[test]
    fn the_provider_is_set_or_read_from_the_cookies_name() {
        let provider = |pairs: &[(&str, &str)]| match choose(pairs) {
            Ok(UserCredential::Cookie { provider, .. }) => Some(provider),
            _ => None,
        };
        let cookie = ("BACKSTAGE_SESSION", "theme=dark; github-refresh-token=xyz");
        assert_eq!(provider(&[cookie]).as_deref(), Some("github"));
        assert_eq!(provider(&[cookie, ("BACKSTAGE_AUTH_PROVIDER", "oidc")]).as_deref(), Some("oidc"));
        assert_eq!(provider(&[cookie, ("BACKSTAGE_AUTH_PROVIDER", "../x")]), None);
        assert!(choose(&[("BACKSTAGE_SESSION", "other=1")]).err().unwrap().to_string().contains("PROVIDER"));
    }
}

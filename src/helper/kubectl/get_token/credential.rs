//! The credential as kubectl reads it from standard output.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::exec_info::Version;
use crate::helper::HelperError;
use crate::helper::sign_in::EARLY;

/// A Backstage token for kubectl.
#[derive(Debug)]
pub struct Credential {
    /// The token.
    pub token: SecretString,
    /// How long kubectl keeps it.
    pub until: Until,
}

/// Until when kubectl uses a credential without asking again. By this machine's clock, by which kubectl compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until then, a little before the token's own end.
    Time(OffsetDateTime),
    /// Until its end, or until the backend refuses it.
    Unknown,
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
}

impl Until {
    /// Of a token that the user has given, which says itself when it ends; the backend checks it.
    #[must_use]
    pub fn of_given(token: &SecretString) -> Self {
        let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(token.expose_secret());
        let end = claims.ok().and_then(|claims| OffsetDateTime::from_unix_timestamp(claims.exp).ok());
        end.map_or(Self::Unknown, |end| Self::Time(end.saturating_sub(EARLY)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential<'a> {
    api_version: &'a str,
    kind: &'a str,
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    expiration_timestamp: Option<OffsetDateTime>,
    token: &'a str,
}

impl Credential {
    /// As an `ExecCredential` of that version.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn to_json(&self, version: Version) -> Result<Zeroizing<Vec<u8>>, HelperError> {
        let expiration_timestamp = match self.until {
            // Whole seconds, as Kubernetes writes times.
            Until::Time(time) => time.replace_nanosecond(0).ok(),
            Until::Unknown => None,
        };
        let status = Status { expiration_timestamp, token: self.token.expose_secret() };
        let credential = ExecCredential { api_version: version.as_str(), kind: "ExecCredential", status };
        let json = serde_json::to_vec(&credential).map_err(|error| HelperError::Output(error.into()))?;
        Ok(Zeroizing::new(json))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn json(until: Until, version: Version) -> String {
        let credential = Credential { token: "a.b.c".into(), until };
        String::from_utf8(credential.to_json(version).unwrap().to_vec()).unwrap()
    }

    #[test]
    fn it_is_what_kubectl_reads() {
        let time = OffsetDateTime::from_unix_timestamp_nanos(1_500_000_000).unwrap();
        assert_eq!(
            json(Until::Time(time), Version::V1),
            r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"expirationTimestamp":"1970-01-01T00:00:01Z","token":"a.b.c"}}"#
        );
        assert_eq!(
            json(Until::Unknown, Version::V1Beta1),
            r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"a.b.c"}}"#
        );
    }

    #[test]
    fn a_given_token_says_itself_when_it_ends() {
        let token = |claims: &str| SecretString::from(format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims)));
        let until = Until::of_given(&token(r#"{"exp":160}"#));
        assert_eq!(until, Until::Time(OffsetDateTime::from_unix_timestamp(100).unwrap()));
        assert_eq!(Until::of_given(&token("{}")), Until::Unknown);
        assert_eq!(Until::of_given(&"opaque".into()), Until::Unknown);
    }
}

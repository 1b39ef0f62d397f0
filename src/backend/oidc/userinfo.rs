//! Userinfo (OIDC Core, 5.3): the e-mail claims of providers that leave them out of the ID token. It is asked at a login only, and
//! nothing but these claims is read.

use hyper::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Map, Value};

use super::Provider;
use super::discovery::Metadata;
use crate::outbound::OutboundError;
use crate::outbound::http_client::Answer;
use crate::protocol::WireSecret;
use crate::settings::backend::USERINFO;

/// Why userinfo says nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum NoUserinfo {
    /// The provider has none.
    #[error("the identity provider has no userinfo_endpoint")]
    NotOffered,
    /// No access token came to ask with.
    #[error("no access token came")]
    NoAccessToken,
    /// It does not answer, or not with 200.
    #[error("userinfo cannot be read ({0})")]
    Unread(#[from] OutboundError),
    /// It is no JSON object; a signed one (`application/jwt`) neither.
    #[error("userinfo is no plain JSON")]
    NotJson,
    /// It speaks of another person (OIDC Core, 5.3.2).
    #[error("the sub of userinfo is not that of the ID token")]
    OtherSubject,
}

/// What userinfo says, of the person of the ID token.
pub(super) struct Said(Map<String, Value>);

impl Said {
    /// One of its claims; only e-mail claims are read.
    pub(super) fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl Provider {
    /// Asks it once.
    pub(super) async fn userinfo(
        &self,
        metadata: &Metadata,
        access_token: Option<&WireSecret>,
        subject: &str,
    ) -> Result<Said, NoUserinfo> {
        let endpoint = metadata.userinfo_endpoint.as_ref().ok_or(NoUserinfo::NotOffered)?;
        let token = access_token.ok_or(NoUserinfo::NoAccessToken)?;
        let request = self
            .http
            .get(endpoint)
            .header(ACCEPT, "application/json")
            .bearer_auth(token.expose())
            .within(USERINFO);
        let timer = self.metrics.idp_seconds.with_label_values(&["userinfo"]).start_timer();
        let answer = request.send().await;
        timer.observe_duration();
        said(&answer?, subject)
    }
}

/// The `sub` is compared before any other claim is read.
fn said(answer: &Answer, subject: &str) -> Result<Said, NoUserinfo> {
    let claims = answer.json::<Map<String, Value>>().map_err(|error| match error {
        OutboundError::NotJson => NoUserinfo::NotJson,
        other => other.into(),
    })?;
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(NoUserinfo::NotJson);
    }
    match claims.get("sub").and_then(Value::as_str) {
        Some(sub) if sub == subject => Ok(Said(claims)),
        _ => Err(NoUserinfo::OtherSubject),
    }
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;
    use hyper::header::{HeaderMap, HeaderValue};

    use super::*;

    fn outcome(status: u16, kind: &'static str, body: &str) -> String {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers, body: body.to_owned().into() };
        match said(&answer, "felix") {
            Ok(said) => said.claim("email").and_then(Value::as_str).unwrap_or("none").to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_plain_json_of_the_same_person_is_read() {
        let felix = r#"{"sub":"felix","email":"felix@example.com"}"#;
        assert_eq!(outcome(200, "application/json", felix), "felix@example.com");
        assert_eq!(outcome(200, "Application/JSON; charset=utf-8", felix), "felix@example.com");
        for (status, kind, body, why) in [
            (200, "text/html", felix, NoUserinfo::NotJson),
            (200, "application/jwt", "eyJ.e30.x", NoUserinfo::NotJson),
            (200, "application/json", "[]", NoUserinfo::NotJson),
            (
                200,
                "application/json",
                r#"{"sub":"mara","email":"felix@example.com"}"#,
                NoUserinfo::OtherSubject,
            ),
            (200, "application/json", r#"{"email":"felix@example.com"}"#, NoUserinfo::OtherSubject),
            (302, "application/json", felix, OutboundError::Status(302).into()),
            (401, "application/json", felix, OutboundError::Status(401).into()),
        ] {
            assert_eq!(outcome(status, kind, body), why.to_string(), "{status} {kind} {body}");
        }
    }
}

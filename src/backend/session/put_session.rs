//! `PUT /session`: the helper keeps the PKCE verifier and redeems the code itself.

use actix_web::{HttpRequest, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::exchange::{check_not_expired, finished};
use super::{Authorization, Phase, SessionRecord, Sessions, token};
use crate::backend::inbound::json_body;
use crate::backend::oidc::clusters::Clusters;
use crate::backend::oidc::{AuthorizationSecrets, Pkce};
use crate::problem::Problem;
use crate::protocol::{Code, KeepVerifierRequest, KeepVerifierResponse};
use crate::random::random_secret;
use crate::settings::cluster::{ClientAuthentication, TokenOrigin};
use crate::store::Swap;
use crate::telemetry::AUDIT;

/// The length of a SHA-256, in bytes.
const SHA256_LENGTH: usize = 32;

/// Gives a pending session the challenge of the helper's own verifier, once, with a new state, nonce and authorization URL.
///
/// # Errors
/// `bad_request` for a challenge that is none, `not_allowed` for a cluster with a client secret or key, and the second time; those of a
/// session that is over; `idp_unreachable`.
#[utoipa::path(
    put, path = "/session", request_body = KeepVerifierRequest,
    responses((status = 200, body = KeepVerifierResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("session" = []))
)]
pub async fn keep_verifier(
    request: HttpRequest,
    payload: web::Payload,
    sessions: web::Data<Sessions>,
    clusters: web::Data<Clusters>,
) -> Result<web::Json<KeepVerifierResponse>, Problem> {
    let token = token(&request)?;
    let asked: KeepVerifierRequest = json_body::json_or_empty(&request, payload).await?;
    let challenge = checked(&asked.code_challenge)?;
    let mut stored = sessions.load(&token).await?;
    check_open(&stored.record, &sessions)?;
    let cluster = clusters.get(&stored.record.cluster)?;
    let oidc = &cluster.settings.oidc;
    if !matches!(oidc.authentication, ClientAuthentication::None) {
        return Err(Problem::new(
            Code::NotAllowed,
            "This cluster's client has a secret or a key that only the backend has, so a helper cannot redeem its codes: log in with EXCHANGE=backend.",
        ));
    }
    let metadata = cluster.provider.metadata().await?;
    let random = sessions.random.as_ref();
    let (state, nonce) = (random_secret(random)?, random_secret(random)?);
    let secrets = AuthorizationSecrets { state: &state, nonce: &nonce, pkce: Pkce::Challenge(challenge) };
    let auth_url = cluster.provider.authorization_url(&metadata, &secrets)?;
    let phase = Phase::Pending(Authorization { nonce, verifier: None, auth_url: auth_url.clone() });
    let record = SessionRecord { state, phase, ..stored.record.clone() };
    if sessions.replace_once(&mut stored, record).await? == Swap::Conflict {
        check_open(&sessions.reload(&stored.id).await?.record, &sessions)?;
        return Err(kept_already());
    }
    let SessionRecord { user, cluster, .. } = &stored.record;
    tracing::info!(target: AUDIT, user, cluster, outcome = "verifier_at_helper", "login");
    Ok(web::Json(KeepVerifierResponse {
        auth_url,
        issuer: oidc.issuer.clone(),
        token_endpoint: metadata.token_endpoint().to_owned(),
        client_id: oidc.client_id.clone(),
        redirect_uri: oidc.redirect_uri.clone(),
        token_origin: oidc.token_origin == TokenOrigin::OfRedirectUri,
    }))
}

/// A SHA-256 in base64url, of which there is only one spelling.
fn checked(challenge: &str) -> Result<&str, Problem> {
    let is_one = URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|bytes| bytes.len() == SHA256_LENGTH);
    if is_one {
        return Ok(challenge);
    }
    Err(Problem::new(
        Code::BadRequest,
        "codeChallenge must be the SHA-256 of the verifier in base64url, 43 characters without padding (RFC 7636, S256).",
    ))
}

/// Only a session that waits for its browser can change, and only one of which the backend has the verifier.
fn check_open(record: &SessionRecord, sessions: &Sessions) -> Result<(), Problem> {
    match &record.phase {
        Phase::Pending(_) => check_not_expired(record, sessions.clock.now())?,
        over => return Err(finished(over)),
    }
    match &record.phase {
        Phase::Pending(Authorization { verifier: None, .. }) => Err(kept_already()),
        _ => Ok(()),
    }
}

fn kept_already() -> Problem {
    Problem::new(
        Code::NotAllowed,
        "The verifier of this login is kept by its helper already: go on with the login page that was opened last, or begin a new login.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::sha256;

    #[test]
    fn a_challenge_is_a_sha_256_in_its_only_spelling() {
        // RFC 7636, appendix B.
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(sha256(verifier.as_bytes()), challenge);
        assert_eq!(checked(challenge).unwrap(), challenge);
        for other in [
            "",
            // Its last bits are not zero.
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN",
            &challenge[1..],
            &format!("{challenge}="),
            &format!("{challenge}A"),
            &challenge.replace('-', "+"),
            &"a0".repeat(32),
        ] {
            assert_eq!(checked(other).unwrap_err().code(), Code::BadRequest, "{other}");
        }
    }
}

use serde_json::json;

use super::*;

#[test]
fn at_hash_is_the_left_half() {
    // The example of OIDC Core, A.3: access token and its at_hash.
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256] {
        assert_eq!(access_token_hash(algorithm, token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
    // As many bits of a longer hash as it has half.
    assert_eq!(access_token_hash(Algorithm::ES384, token).len(), 32);
    assert_eq!(access_token_hash(Algorithm::EdDSA, token).len(), 43);
}

#[test]
fn no_number_is_too_large_to_be_compared() {
    let (now, last) = (OffsetDateTime::UNIX_EPOCH, 253_402_300_799);
    let whole = |seconds| Some(NumericDate::Whole(seconds));
    let claims = |exp, iat| Claims { exp: whole(exp), iat: whole(iat), ..Claims::default() };
    assert_eq!(check_times(&claims(last, 0), now).map(OffsetDateTime::unix_timestamp), Ok(last));
    for (exp, iat, why) in [
        (last + 1, 0, Rejected::Malformed),
        (i64::MAX, 0, Rejected::Malformed),
        (i64::MIN, 0, Rejected::Malformed),
        (last, i64::MAX, Rejected::Malformed),
        (last, last, Rejected::IssuedAt),
        (-last, 0, Rejected::Expired),
    ] {
        assert_eq!(check_times(&claims(exp, iat), now), Err(why), "{exp} {iat}");
    }
    let end = OffsetDateTime::from_unix_timestamp(last).unwrap();
    assert!(check_times(&claims(last, last), end).is_ok());
}

#[test]
fn a_date_may_have_a_fraction() {
    let claims = |json: &str| serde_json::from_str::<Claims>(json).unwrap();
    let times = |json| check_times(&claims(json), OffsetDateTime::UNIX_EPOCH);
    let expires_at = times(r#"{"exp":1788947152.811,"iat":0.5}"#).unwrap();
    assert_eq!(expires_at.unix_timestamp(), 1_788_947_152);
    assert_eq!(times(r#"{"exp":1e300,"iat":0}"#), Err(Rejected::Malformed));
    assert_eq!(times(r#"{"exp":5,"iat":-1e300}"#), Err(Rejected::Malformed));
}

#[test]
fn a_header_without_an_accepted_algorithm_is_refused_before_any_key() {
    let acceptable_header = |token: &WireSecret| super::acceptable_header(token, &[Algorithm::RS256]);
    let token = |header: &str| WireSecret::from(format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header)));
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"ES256"}"#, "{}"] {
        assert_eq!(acceptable_header(&token(header)).err(), Some(Rejected::Algorithm), "{header}");
    }
    let critical = token(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#);
    assert_eq!(acceptable_header(&critical).err(), Some(Rejected::Critical));
    assert!(acceptable_header(&token(r#"{"alg":"RS256","kid":"k"}"#)).is_ok());
}

impl VerifiedIdToken {
    /// One with these claims, for tests.
    pub(in crate::backend::oidc) fn with_claims(claims: &serde_json::Value) -> Self {
        let claims = claims.as_object().unwrap().clone();
        let (token, subject) = ("token".into(), "felix".to_owned());
        Self { token, subject, expires_at: OffsetDateTime::UNIX_EPOCH, claims }
    }
}

#[test]
fn userinfo_adds_what_is_missing_and_changes_nothing() {
    let felix = "felix@example.com";
    for (in_token, in_userinfo, address, verified) in [
        (json!({}), json!({"email": felix, "email_verified": true}), Some(felix), EmailVerified::Yes),
        (json!({}), json!({"email": felix}), Some(felix), EmailVerified::Unsaid),
        (
            json!({"email": felix}),
            json!({"email": felix, "email_verified": true}),
            Some(felix),
            EmailVerified::Yes,
        ),
        // Of another address, the word means nothing.
        (
            json!({"email": felix}),
            json!({"email": "mara@example.com", "email_verified": true}),
            Some(felix),
            EmailVerified::Unsaid,
        ),
        (
            json!({"email_verified": false}),
            json!({"email": felix, "email_verified": true}),
            Some(felix),
            EmailVerified::No,
        ),
        (json!({"email": null}), json!({"email": felix}), Some(felix), EmailVerified::Unsaid),
        (json!({}), json!({}), None, EmailVerified::Unsaid),
    ] {
        let completed =
            VerifiedIdToken::with_claims(&in_token).completed("email", |name| in_userinfo.get(name));
        assert_eq!(completed.text("email"), address, "{in_token} {in_userinfo}");
        assert_eq!(completed.email_verified(), verified, "{in_token} {in_userinfo}");
    }
}

#[test]
fn userinfo_is_needed_only_for_what_is_missing() {
    let said = |claims: serde_json::Value| VerifiedIdToken::with_claims(&claims).says_all_of("email");
    assert!(said(json!({"email": "felix@example.com", "email_verified": false})));
    assert!(!said(json!({"email": "felix@example.com"})));
    assert!(!said(json!({"email_verified": true})));
}

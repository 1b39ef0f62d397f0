//! Records are read by the binary before and the one after, as long as both run on one store.

use serde_json::{Value, json};

use super::*;

/// A record as binaries wrote it before issuer, client and subject had a type of their own.
fn written_before() -> Value {
    json!({ "version": 7, "state": { "Live": {
        "id": "login", "issuer": "https://idp.example/", "audience": "kubernetes", "subject": "auth0|felix",
        "organization": "org", "catalog_email": "felix@example.com",
        "tokens": {
            "id_token": "i", "issued_at": 1_000, "expires_at": 2_000, "access_token": "a",
            "access_token_expires_at": 1_500, "refresh_token": "r",
        },
        "intent": { "version": 7, "token": "hash", "attempt": "First" },
    } } })
}

fn live(record: Value) -> LiveLogin {
    let record: LoginRecord = serde_json::from_value(record).unwrap();
    let LoginState::Live(live) = record.state else { panic!("it has ended") };
    Arc::unwrap_or_clone(live)
}

#[test]
fn what_was_written_before_is_read_and_written_as_before() {
    let read: LoginRecord = serde_json::from_value(written_before()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), written_before());
    let login = live(written_before());
    assert_eq!(
        login.issued_to,
        IssuedTo {
            issuer: "https://idp.example/".to_owned(),
            client_id: "kubernetes".to_owned(),
            subject: "auth0|felix".to_owned(),
        }
    );
    assert_eq!(login.said.email.as_deref(), Some("felix@example.com"));
}

#[test]
fn what_is_new_has_a_form_that_binaries_before_can_read() {
    let mut login = live(written_before());
    login.tokens.access_token = None;
    login.tokens.refresh_expires_at = Some(OffsetDateTime::UNIX_EPOCH);
    login.said.annotation = Some("felix".to_owned());
    login.email = Some("felix@example.com".to_owned());
    let written = serde_json::to_value(&login).unwrap();
    // They know no login without an access token, and ignore what they do not know.
    assert_eq!(written["tokens"]["access_token"], "");
    let mut as_before = written_before()["state"]["Live"].clone();
    as_before["tokens"]["access_token"] = json!("");
    for (name, value) in as_before.as_object().unwrap().iter().filter(|(name, _)| *name != "tokens") {
        assert_eq!(&written[name], value, "{name}");
    }
    for (name, value) in as_before["tokens"].as_object().unwrap() {
        assert_eq!(&written["tokens"][name], value, "{name}");
    }
    assert!(serde_json::from_value::<LiveLogin>(written).unwrap().tokens.access_token.is_none());
    for reason in [EndReason::RefreshRefused, EndReason::RefreshLost, EndReason::IdentityChanged] {
        let ended = serde_json::to_value(LoginState::Ended(reason)).unwrap();
        assert_eq!(ended, json!({ "Ended": reason.as_str() }));
        let record =
            LoginRecord { detail: Some("why".to_owned()), ..LoginRecord::new(8, LoginState::Ended(reason)) };
        let written = serde_json::to_value(record).unwrap();
        assert_eq!(written, json!({ "version": 8, "state": ended, "detail": "why" }));
    }
}

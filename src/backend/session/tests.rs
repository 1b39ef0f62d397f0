//! Sessions are read by the binary before and the one after.

use serde_json::json;

use super::*;

#[test]
fn a_session_that_was_completed_before_is_read_and_its_fields_keep_their_names() {
    let before = json!({
        "user": "user:default/felix", "cluster": "dev", "return_to": null, "catalog_email": "felix@example.com",
        "expires_at": 2_000, "state": "s",
        "phase": { "Complete": { "code": "hash", "subject": "auth0|felix", "expires_at": 3_000 } },
    });
    let record: SessionRecord = serde_json::from_value(before.clone()).unwrap();
    let Phase::Complete { login, .. } = &record.phase else { panic!("not complete") };
    assert!(login.refreshable, "older binaries have not noted it");
    let mut written = serde_json::to_value(&record).unwrap();
    written["phase"]["Complete"].as_object_mut().unwrap().remove("refreshable");
    assert_eq!(written, before);
}

/// What older binaries read: each of its fields is there, and is a text.
#[test]
fn a_session_of_which_the_helper_keeps_the_verifier_has_the_fields_of_any_other() {
    #[derive(serde::Deserialize)]
    struct Before {
        nonce: String,
        verifier: String,
        auth_url: String,
    }
    let of = |verifier| Authorization { nonce: "n".into(), verifier, auth_url: "u".into() };
    let written = serde_json::to_value(of(None)).unwrap();
    let Before { nonce, verifier, auth_url } = serde_json::from_value(written.clone()).unwrap();
    assert_eq!((nonce.as_str(), verifier.as_str(), auth_url.as_str()), ("n", "", "u"));
    let read: Authorization = serde_json::from_value(written).unwrap();
    assert!(read.verifier.is_none());
    let read: Authorization =
        serde_json::from_value(serde_json::to_value(of(Some("v".into()))).unwrap()).unwrap();
    assert_eq!(read.verifier.unwrap().expose(), "v");
}

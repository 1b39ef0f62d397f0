use serde_json::{Value, json};

use super::*;

#[test]
fn an_address_is_the_same_in_either_form_of_its_domain() {
    assert!(same("Felix@bäckerei.example", "felix@xn--bckerei-5wa.example"));
    assert!(same("FÉLIX@example.com", "félix@EXAMPLE.com"));
    assert!(!same("felix@bäckerei.example", "mara@xn--bckerei-5wa.example"));
    assert!(!same("felix@backerei.example", "felix@xn--bckerei-5wa.example"));
}

#[test]
fn a_template_takes_names_only() {
    let claims = |value: &'static str| move |name: &str| (name == "nickname").then_some(value);
    assert_eq!(fill("user:default/{nickname}", claims("felix")).as_deref(), Some("user:default/felix"));
    assert_eq!(fill("user:default/{nickname}", claims("x/felix")), None);
    assert_eq!(fill("user:{nickname}/a", claims("other:b")), None);
    assert_eq!(fill("user:default/{email}", claims("felix")), None);
    assert_eq!(fill("user:default/{nickname", claims("felix")), None);
}

/// What the rule says of a login of `user:default/felix`, and of a refresh, with these claims.
fn verdicts(rule: &IdentityRule, claims: &Value) -> [String; 2] {
    let user = "user:default/felix".parse().unwrap();
    let said = CatalogSaid {
        email: Some("felix@example.com".to_owned()),
        annotation: Some("oid-of-felix".to_owned()),
    };
    let (owner, login) = (Owner { user: &user, said: &said }, VerifiedIdToken::with_claims(claims));
    [Absent::Refused, Absent::Stands].map(|absent| match check(rule, owner, &login, absent) {
        Ok(()) => "accepted".to_owned(),
        Err(mismatch) => mismatch.in_full(),
    })
}

#[test]
fn an_annotation_has_to_be_what_the_claim_is() {
    let oid = Annotated { annotation: "graph.microsoft.com/user-id".to_owned(), claim: "oid".to_owned() };
    let rule = IdentityRule::Annotation(oid);
    assert_eq!(verdicts(&rule, &json!({"oid": "oid-of-felix"})), ["accepted"; 2]);
    for told in verdicts(&rule, &json!({"oid": "oid-of-mara"})) {
        assert!(
            told.contains(r#"oid is "oid-of-mara""#) && told.contains("graph.microsoft.com/user-id"),
            "{told}"
        );
    }
    for empty in [json!({}), json!({"oid": ""}), json!({"oid": 5})] {
        let [login, refresh] = verdicts(&rule, &empty);
        assert!(login.contains("no claim oid"), "{login}");
        assert_eq!(refresh, "accepted", "the verdict of the login stands");
    }
}

#[test]
fn what_a_claim_holds_is_told_to_the_operator_alone() {
    let mail = EmailClaim { name: "email".to_owned(), missing_verified: MissingVerified::Refuse };
    let claims = json!({"email": "mara@example.com", "email_verified": true, "nickname": "mara"});
    for rule in [
        IdentityRule::Catalog(mail.clone()),
        IdentityRule::Email(mail, vec!["example.com".to_owned()]),
        IdentityRule::Template("user:default/{nickname}".to_owned()),
    ] {
        for told in verdicts(&rule, &claims) {
            assert!(told.contains("mara") && told.contains("felix"), "{told}");
        }
        let user = "user:default/felix".parse().unwrap();
        let said = CatalogSaid { email: Some("felix@example.com".to_owned()), annotation: None };
        let login = VerifiedIdToken::with_claims(&claims);
        let mismatch = check(&rule, Owner { user: &user, said: &said }, &login, Absent::Refused).unwrap_err();
        assert!(!mismatch.to_string().contains("mara"), "{mismatch}");
    }
}

#[test]
fn after_a_refresh_its_person_is_told_what_the_claim_was_and_is() {
    // {"email":"felix@example.com"}
    let before = "e30.eyJlbWFpbCI6ImZlbGl4QGV4YW1wbGUuY29tIn0.c2ln".into();
    let changed = |claim: &str| Mismatch::Other {
        claim: claim.to_owned(),
        is: "fe\u{1b}lix".to_owned(),
        wanted: "that".to_owned(),
    };
    let told = changed("email").since(&before);
    assert_eq!(told, r#"its claim email was "felix@example.com" and is "fe\u{1b}lix", not that"#);
    // It was not in the ID token then.
    assert_eq!(changed("upn").since(&before), r#"its claim upn is "fe\u{1b}lix", not that"#);
    assert_eq!(Mismatch::Unverified.since(&before), Mismatch::Unverified.to_string());
}

#[test]
fn the_address_that_is_shown_is_the_one_that_the_rule_read_or_a_verified_one() {
    let claim = |name: &str, missing_verified| EmailClaim { name: name.to_owned(), missing_verified };
    let by_email = IdentityRule::Catalog(claim("email", MissingVerified::Refuse));
    let by_upn = IdentityRule::Email(claim("upn", MissingVerified::Trust), vec!["example.com".to_owned()]);
    let shown = |rule: &IdentityRule, claims: Value| email_of(rule, &VerifiedIdToken::with_claims(&claims));
    let felix = Some("felix@example.com".to_owned());
    let address = json!({ "email": "felix@example.com", "upn": "f@example.com" });
    assert_eq!(shown(&by_email, address.clone()), felix);
    assert_eq!(shown(&by_upn, address.clone()).as_deref(), Some("f@example.com"));
    assert_eq!(shown(&IdentityRule::Any, address), None, "it may be anybody's");
    let verified = |email: &str| json!({ "email": email, "email_verified": true });
    assert_eq!(shown(&IdentityRule::Any, verified("felix@example.com")), felix);
    for no_address in ["felix", "felix@example.com\u{1b}[2J", "felix @example.com", &"x@".repeat(128)] {
        assert_eq!(shown(&IdentityRule::Any, verified(no_address)), None, "{no_address}");
    }
}

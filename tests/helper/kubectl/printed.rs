//! What kubectl reads: a Backstage token, until a little before its end.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{AT_TERMINAL, NO_TERMINAL};
use crate::helper::sign_in::Installation;

fn time(text: &Value) -> OffsetDateTime {
    OffsetDateTime::parse(text.as_str().unwrap(), &Rfc3339).unwrap()
}

impl Installation {
    fn credential(&self) -> Value {
        // The kept sign-in needs no terminal.
        let credential = self.run_get_token(self.get_token(), NO_TERMINAL).credential();
        self.note_kept();
        credential
    }
}

#[test]
fn it_is_the_kept_sign_ins_token_refreshed_a_minute_early() {
    let mut here = Installation::new("kubectl_printed");
    here.sign_in();
    let calls = here.token_calls();
    let credential = here.credential();
    assert_eq!(credential["apiVersion"], "client.authentication.k8s.io/v1beta1");
    assert_eq!(credential["kind"], "ExecCredential");
    assert_eq!(credential["status"]["token"], here.kept()["accessToken"]);
    let early = time(&here.kept()["expiresAt"]) - time(&credential["status"]["expirationTimestamp"]);
    assert!((60..62).contains(&early.whole_seconds()), "{early}");
    assert_eq!(here.token_calls(), calls);

    here.ends_in(30);
    assert_eq!(here.credential()["status"]["token"], here.kept()["accessToken"]);
    assert_eq!(here.token_calls(), calls + 1);
    // Issued in the future: this machine's clock was set back since, so its end is unknown.
    let tomorrow = OffsetDateTime::now_utc() + time::Duration::days(1);
    here.rewrite("issuedAt", &json!(tomorrow.format(&Rfc3339).unwrap()));
    here.credential();
    assert_eq!(here.token_calls(), calls + 2);

    // A token in its last minute serves while Backstage is away, and one after its end does not.
    here.ends_in(50);
    let last = here.kept();
    here.backstage.kill();
    let credential = here.credential();
    assert_eq!(credential["status"]["token"], last["accessToken"]);
    assert!(time(&credential["status"]["expirationTimestamp"]) < OffsetDateTime::now_utc());
    here.ends_in(-10);
    let mut run = here.run_get_token(here.get_token(), AT_TERMINAL);
    run.fails(5, &["There is no backend to be reached at", &here.ingress.url]);
}

#[test]
fn a_given_token_goes_before_it_and_asks_nothing() {
    let here = Installation::new("kubectl_given");
    let felix = here.backstage.sign_in(&here.world, "felix");
    let asked = here.ingress.asked_backstage();
    let plan = here.get_token().with("BACKSTAGE_TOKEN", &felix.user_token).with("HOME", "/proc");
    let credential = here.run_get_token(plan, AT_TERMINAL).credential();
    assert_eq!(credential["apiVersion"], "client.authentication.k8s.io/v1");
    assert_eq!(credential["status"]["token"], felix.user_token);
    let left = time(&credential["status"]["expirationTimestamp"]) - OffsetDateTime::now_utc();
    assert!((50..60).contains(&left.whole_minutes()), "{left}");
    assert_eq!(here.ingress.asked_backstage(), asked);
    let damaged = here.get_token().with("BACKSTAGE_TOKEN", "two\nlines");
    here.run_get_token(damaged, AT_TERMINAL).fails(2, &["BACKSTAGE_TOKEN"]);
}

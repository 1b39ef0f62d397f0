//! A provider answers each refresh wrongly for ten minutes, while clients go on asking, and is well again: every login that should be
//! kept is kept, people know how it is meanwhile, and the provider is not pestered. One row of what a failed refresh means after another.

use std::time::Duration;

use backstage_oidc_helper::clock::Clock;
use serde_json::{Value, json};

use crate::harness::deployment::Deployment;
use crate::harness::in_process::BackendHere;
use crate::harness::peers::hostile_idp::HostileIdp;

/// Before the trouble begins, with an ID token that lives for an hour. It serves for ten seconds less, which is five seconds from any look.
const FRESH: Duration = Duration::from_secs(58 * 60 + 10);
/// For so long.
const TROUBLE: Duration = Duration::from_mins(10);
/// Between two looks of the clients.
const POLL: Duration = Duration::from_secs(15);
/// The longest pause between two refreshes, with its quarter at random, and a look after it.
const LONGEST_PAUSE: Duration = Duration::from_secs(150 + 15);
/// Real time, which passes with each answer that does not come: as short as a busy machine lets the other answers come in.
const IDP_TIMEOUT: &str = "2s";
/// Of one login, the last and successful one among them.
const MOST_REFRESHES: usize = 12;

const JSON: &str = "application/json";
const HTML: &str = "text/html";

/// What becomes of the login.
#[derive(Clone, Copy)]
enum Login {
    /// Kept: without a token that serves, callers get this code, and `/status` gives `refresh_failing`.
    Kept(&'static str),
    /// The same, but the person is asked at once.
    Asked,
    /// Nothing is amiss.
    Unharmed,
    /// It ended, for this reason.
    Ended(&'static str),
}

/// A command to the provider that begins the trouble.
type Trouble = (&'static str, Value);

fn answers(status: u16, content_type: &str, body: &str) -> Trouble {
    ("refresh-answer", json!({ "status": status, "headers": { "content-type": content_type }, "body": body }))
}

fn asks_to_be_left_alone(status: u16) -> Trouble {
    let headers = json!({ "content-type": HTML, "retry-after": "60" });
    ("refresh-answer", json!({ "status": status, "headers": headers, "body": "later" }))
}

fn refreshes_with(claims: &Value) -> Trouble {
    ("profile", json!({ "refreshedClaims": claims }))
}

/// One login, and the row that it meets.
struct Row<'i> {
    here: BackendHere<'i>,
    idp: &'i HostileIdp,
    trouble: &'i Trouble,
    login: Login,
}

impl Row<'_> {
    /// What clients see at one moment, while there is trouble.
    async fn look(&self) {
        let serves = self.serves().await;
        let (given, answered) = (self.here.token().await, self.here.pods().await);
        let told = self.here.status().await;
        let seen = (given.0, given.1["error"]["code"].as_str(), answered.0);
        let said = (told["connected"].as_bool().unwrap(), told["reason"].as_str());
        let (wanted, wanted_said) = match self.login {
            Login::Ended(_) => return,
            Login::Unharmed => ((200, None, 200), (true, None)),
            Login::Kept(_) if serves => ((200, None, 200), (true, None)),
            Login::Kept(code) => ((502, Some(code), 502), (false, Some("refresh_failing"))),
            Login::Asked if serves => ((200, None, 200), (false, Some("login_required"))),
            Login::Asked => ((502, Some("idp_refused"), 502), (false, Some("login_required"))),
        };
        assert_eq!((seen, said), (wanted, wanted_said), "{:?}: {told}", self.trouble);
        assert_eq!(told["refreshable"], true, "{:?}", self.trouble);
        let told_to_log_in = given.1["error"]["message"].to_string().contains("log in with");
        assert_eq!(told_to_log_in, matches!(self.login, Login::Asked) && !serves, "{:?}", self.trouble);
    }

    /// Whether the ID token that is kept serves.
    async fn serves(&self) -> bool {
        let login = self.here.login().await;
        login.is_some_and(|login| {
            login.tokens.expires_at - self.here.clock.now() > time::Duration::seconds(10)
        })
    }

    /// Asks until the login is well again.
    async fn recovers(&self) {
        let since = self.here.clock.ahead();
        while self.here.token().await.0 != 200 {
            assert!(self.here.clock.ahead() - since < LONGEST_PAUSE, "{:?}: no refresh", self.trouble);
            self.here.pass(POLL);
        }
        let told = self.here.status().await;
        let said = (&told["connected"], &told["reason"], &told["refreshable"]);
        assert_eq!(said, (&json!(true), &Value::Null, &json!(true)), "{:?}", self.trouble);
        assert_eq!(self.here.pods().await.0, 200, "{:?}", self.trouble);
    }

    async fn is_over(&self, reason: &str) {
        let told = self.here.status().await;
        let said = (&told["connected"], &told["reason"], &told["refreshable"]);
        assert_eq!(said, (&json!(false), &json!(reason), &json!(false)), "{:?}", self.trouble);
        let (status, given) = self.here.token().await;
        assert_eq!((status, &given["error"]["code"]), (404, &json!("not_connected")), "{:?}", self.trouble);
        assert_eq!(self.here.pods().await.0, 403, "{:?}", self.trouble);
    }

    async fn ten_minutes(&self) {
        self.here.log_in().await;
        let at_first = self.here.login().await.unwrap();
        self.here.pass(FRESH);
        self.idp.control(self.trouble.0, &self.trouble.1);
        while self.here.clock.ahead() < FRESH + TROUBLE {
            self.look().await;
            self.here.pass(POLL);
        }
        self.idp.get_well();
        if let Login::Ended(reason) = self.login {
            return self.is_over(reason).await;
        }
        self.recovers().await;
        let login = self.here.login().await.unwrap();
        let same = (&login.id, &login.issued_to) == (&at_first.id, &at_first.issued_to);
        assert!(same, "{:?}: another login", self.trouble);
    }
}

/// Between each refresh and the next, in seconds.
async fn pauses(here: &Deployment<HostileIdp>, trouble: &Trouble, login: Login) -> Vec<f64> {
    let before = here.idp.refreshes().len();
    let row = Row { here: BackendHere::start(&here.plan, &here.idp).await, idp: &here.idp, trouble, login };
    row.ten_minutes().await;
    let refreshes = here.idp.refreshes().split_off(before);
    let count = refreshes.len();
    assert!((1..=MOST_REFRESHES).contains(&count), "{trouble:?}: {count} refreshes of one login");
    refreshes.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

async fn each(test: &str, rows: &[(Trouble, Login)]) {
    let here = Deployment::with_hostile_idp(test);
    for (trouble, login) in rows {
        pauses(&here, trouble, *login).await;
    }
}

#[actix_web::test]
async fn the_providers_own_word_ends_a_login() {
    let refused = r#"{"error":"invalid_grant"}"#;
    let end = Login::Ended("refresh_refused");
    let another = refreshes_with(&json!({ "email": "mara@example.com" }));
    each(
        "minutes_ended",
        &[
            (answers(400, JSON, refused), end),
            (answers(403, JSON, refused), end),
            (another, Login::Ended("identity_changed")),
        ],
    )
    .await;
}

#[actix_web::test]
async fn an_error_that_may_pass_keeps_a_login() {
    let kept = Login::Kept("idp_refused");
    let claimed = r#"{"error":"invalid_request","error_description":"already claimed"}"#;
    each(
        "minutes_refused",
        &[
            (answers(400, JSON, claimed), kept),
            (answers(400, JSON, r#"{"error":"invalid_request"}"#), kept),
            (answers(401, JSON, r#"{"error":"error"}"#), kept),
        ],
    )
    .await;
}

#[actix_web::test]
async fn a_provider_that_wants_to_see_the_person_keeps_a_login() {
    let error = |code: &str| answers(400, JSON, &json!({ "error": code }).to_string());
    let codes = ["interaction_required", "login_required", "consent_required"];
    each("minutes_asked", &codes.map(|code| (error(code), Login::Asked))).await;
}

#[actix_web::test]
async fn what_stands_before_the_provider_keeps_a_login() {
    let kept = Login::Kept("idp_refused");
    let rows = [
        answers(403, HTML, "<html>blocked</html>"),
        answers(404, "text/plain", "not found"),
        answers(400, JSON, ""),
    ];
    each("minutes_before_it", &rows.map(|row| (row, kept))).await;
}

#[actix_web::test]
async fn a_provider_that_asks_for_it_is_left_alone() {
    let here = Deployment::with_hostile_idp("minutes_alone");
    for status in [429, 503] {
        let pauses = pauses(&here, &asks_to_be_left_alone(status), Login::Kept("idp_refused")).await;
        assert!(pauses.iter().all(|pause| *pause >= 60.0), "{status}: asked again after {pauses:?} s");
    }
}

#[actix_web::test]
async fn an_answer_without_an_id_token_keeps_a_login() {
    let kept = Login::Kept("idp_refused");
    let without = answers(200, JSON, r#"{"access_token":"a","token_type":"Bearer"}"#);
    // The second one rotates the refresh token each time.
    each("minutes_without", &[(without, kept), (("lie", json!({ "lie": "no_id_token" })), kept)]).await;
}

#[actix_web::test]
async fn an_id_token_with_the_fewest_claims_is_the_same_persons() {
    let fewest = json!({
        "email": null, "email_verified": null, "nickname": null, "org_id": null, "at_hash": null, "nonce": null,
    });
    each("minutes_fewest", &[(refreshes_with(&fewest), Login::Unharmed)]).await;
}

#[actix_web::test]
async fn a_provider_that_does_not_answer_keeps_a_login() {
    let here = Deployment::with_hostile_idp("minutes_silent").with("IDP_TIMEOUT", IDP_TIMEOUT);
    let silent = ("refresh-answer", json!({ "silent": "before" }));
    pauses(&here, &silent, Login::Kept("idp_unreachable")).await;
    // Rotation is on, and the token was taken: the provider says so when it is asked once more.
    let spent = ("refresh-answer", json!({ "silent": "after" }));
    pauses(&here, &spent, Login::Ended("refresh_lost")).await;
}

#[actix_web::test]
async fn a_provider_without_rotation_that_does_not_answer_keeps_a_login() {
    let here = Deployment::with_hostile_idp("minutes_frozen").with("IDP_TIMEOUT", IDP_TIMEOUT);
    here.idp.profile(&json!({ "refreshed": { "refresh_token": null } }));
    let spent = ("refresh-answer", json!({ "silent": "after" }));
    pauses(&here, &spent, Login::Kept("idp_unreachable")).await;
}

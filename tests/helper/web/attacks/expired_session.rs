//! An expired session is no way in beside one that is pending.

use super::RealLogin;
use crate::harness::clients::api::parameter;
use crate::harness::clients::callback_port::{HOST, request};
use crate::harness::clients::login::Arrived;
use crate::harness::programs::helper_program::Ending;

#[test]
fn an_expired_session_is_refused_by_the_backend_and_both_helpers() {
    let mut login = RealLogin::at_login_page("attack_expired_session");
    let (hasty, api) = login.here.start_as(&login.here.plan.clone().with("SESSION_LIFETIME", "2s"));
    let Arrived { session, redirect } = api.arrive(&login.here.idp, "felix");
    let ended = api.with_bearer(&session.token).get("/session?wait=20");
    assert_eq!(ended.json["status"], "expired", "{}", ended.text);

    api.exchange(&session, &redirect).assert_problem(401, "session_expired");
    let line = format!("GET /?code=x&state={} HTTP/1.1", parameter(&session.auth_url, "state"));
    assert_eq!(request(&[&line, HOST], "").outcome(), Some("wrong-state"));
    let late = login.here.helper(&hasty).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let ending = Ending::of(&mut late.with("LISTEN", "127.0.0.1:0").launch());
    ending.assert(4, &["The session ended before the login was done"]);
    assert_eq!(api.cluster_status()["connected"], false);
    login.assert_still_pending();
    login.assert_succeeds();
}

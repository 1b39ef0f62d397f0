//! A token that was verified before is trusted no longer, and no further, than one that is verified now.

use std::time::Duration;

use serde_json::json;

use crate::harness::deployment::Deployment;
use crate::harness::in_process::neighbours::Signer;
use crate::harness::in_process::{BackendHere, Said};
use crate::harness::peers::hostile_idp::HostileIdp;

/// How far Backstage's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(30);

/// So many times: the second finds the token remembered.
const TWICE: [(); 2] = [(); 2];

fn refusal((status, said): &Said) -> (u16, &str, &str) {
    let text = |name: &str| said["error"][name].as_str().unwrap_or_default();
    (*status, text("code"), text("message"))
}

fn assert_invalid(said: &Said, why: &str) {
    let (status, code, message) = refusal(said);
    assert_eq!((status, code), (401, "token_invalid"), "{said:?}");
    assert!(message.contains(why), "{message}");
}

async fn started(here: &Deployment<HostileIdp>) -> BackendHere<'_> {
    let backend = BackendHere::start(&here.plan, &here.idp).await;
    backend.log_in().await;
    backend
}

#[actix_web::test]
async fn a_remembered_token_ends_when_it_expires() {
    let deployment = Deployment::with_hostile_idp("remembered_expired");
    let here = started(&deployment).await;
    let (short, long) = (300, 3_000);
    let user = here.neighbours.users_token(short, "test");
    let plugin = here.neighbours.plugins_token(&here.neighbours.limited_token(long), short);
    let inside = here.neighbours.plugins_token(&here.neighbours.limited_token(short), long);
    for () in TWICE {
        assert_eq!(here.get("/status", &user).await.0, 200);
        assert_eq!(here.token_by(&plugin).await.0, 200);
        assert_eq!(here.token_by(&inside).await.0, 200);
    }
    // Neither is so long that the keys would be fetched anew.
    here.clock.pass(Duration::from_secs(200));
    assert_eq!((here.get("/status", &user).await.0, here.token_by(&inside).await.0), (200, 200));
    here.clock.pass(Duration::from_secs(100) + LEEWAY);
    assert_invalid(&here.get("/status", &user).await, "it has expired");
    assert_invalid(&here.token_by(&plugin).await, "This plugin token does not count here, it has expired");
    assert_invalid(&here.token_by(&inside).await, "The user's token inside this plugin token");
}

#[actix_web::test]
async fn a_remembered_token_ends_when_its_key_is_withdrawn() {
    let deployment = Deployment::with_hostile_idp("remembered_withdrawn");
    for (signer, why) in
        [(Signer::Kubernetes, "This plugin token"), (Signer::Auth, "The user's token inside")]
    {
        let here = started(&deployment).await;
        for () in TWICE {
            assert_eq!(here.token().await.0, 200);
        }
        here.neighbours.withdraw_key(signer);
        // The keys are fetched anew after ten minutes, behind the first request from then on.
        here.clock.pass(Duration::from_mins(11));
        let said = until_refused(|| here.token()).await;
        assert_invalid(&said, why);
        assert_invalid(&said, "its key is not one that Backstage publishes");
        let user_counts = here.get("/status", &here.neighbours.user_token).await.0 == 200;
        assert_eq!(user_counts, signer == Signer::Kubernetes);
    }
}

#[actix_web::test]
async fn a_key_that_is_missed_ends_the_tokens_of_withdrawn_ones_at_once() {
    let deployment = Deployment::with_hostile_idp("remembered_missed");
    let here = started(&deployment).await;
    for () in TWICE {
        assert_eq!(here.pods().await.0, 200);
    }
    here.neighbours.withdraw_key(Signer::Auth);
    assert_eq!(here.pods().await.0, 200, "the keys are known, as they were");
    // A token that names a key which is not among them has the set fetched.
    let other = here.neighbours.users_token(60, "another");
    assert_invalid(&here.get("/status", &other).await, "its key is not one that Backstage publishes");
    assert_eq!(here.pods().await.0, 401);
}

#[actix_web::test]
async fn what_is_remembered_from_inside_a_plugins_token_counts_nowhere_else() {
    let deployment = Deployment::with_hostile_idp("remembered_inside");
    let here = started(&deployment).await;
    let limited = here.neighbours.limited_token(600);
    for () in TWICE {
        assert_eq!(here.token_by(&here.neighbours.plugins_token(&limited, 600)).await.0, 200);
        assert_invalid(&here.get("/status", &limited).await, "it is not a user token");
    }
    // Nor does a user's own token, which is remembered too, act on behalf of its user.
    for () in TWICE {
        let user = &here.neighbours.user_token;
        assert_eq!(here.get("/status", user).await.0, 200);
        assert_eq!(refusal(&here.token_by(user).await).1, "not_allowed");
        assert_invalid(
            &here.token_by(&here.neighbours.plugins_token(user, 600)).await,
            "it is not a limited-user token",
        );
        let plugin = &here.neighbours.plugin_token;
        assert_eq!(here.get("/status", plugin).await.0, 200);
        let (status, said) = here.post("/register", plugin, &json!({})).await;
        assert_invalid(&(status, said), "it is not a user token");
    }
}

/// Until the fetch behind it has landed.
async fn until_refused<F: Future<Output = Said>>(ask: impl Fn() -> F) -> Said {
    let refused = async {
        loop {
            let said = ask().await;
            if said.0 != 200 {
                return said;
            }
            actix_web::rt::task::yield_now().await;
        }
    };
    actix_web::rt::time::timeout(Duration::from_secs(20), refused).await.unwrap()
}

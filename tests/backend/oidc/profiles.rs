//! Each provider of docs/providers, as its profile in dev/idp/profiles imitates it: the settings of its page's block log in there, and
//! the login is refreshed twice.

use serde_json::{Value, json};

use crate::harness::clients::api::Api;
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::provider_page::with_settings_of_page;

/// The settings of the page's block that are the provider's.
pub(super) fn as_its_page_says(plan: &BackendPlan, name: &str) -> BackendPlan {
    with_settings_of_page(plan.clone().without("OIDC_ORGANIZATION_ID"), name)
}

fn refreshed(api: &Api, name: &str) {
    let before = api.cluster_status()["expiresAt"].clone();
    api.wait_for_expiry();
    // The cluster may know another algorithm only: its answer is no matter here.
    api.get(PODS);
    let status = api.cluster_status();
    assert_eq!(status["connected"], true, "{name}: {status}");
    assert_ne!(status["expiresAt"], before, "{name}: not refreshed");
}

#[test]
fn each_profile_logs_in_with_the_settings_of_its_page_and_is_refreshed() {
    let here = Deployment::with_hostile_idp("profiles").with_cluster();
    assert_eq!(here.idp.profiles.len(), 10);
    for name in &here.idp.profiles {
        let profile = here.idp.be_like(name);
        here.idp.control("id-token-lifetime", &json!({ "seconds": 1 }));
        let (_backend, api) = here.start_as(&as_its_page_says(&here.plan, name));
        let answer = api.attempt_log_in(&here.idp, "felix");
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        refreshed(&api, name);
        refreshed(&api, name);
        let gone = api.delete("/tokens").json;
        let revokes = profile["discovery"]["revocation_endpoint"] != Value::Null
            || profile["discovery"].get("revocation_endpoint").is_none();
        assert_eq!(gone.get("livesOn").is_none(), revokes, "{name}: {gone}");
    }
}

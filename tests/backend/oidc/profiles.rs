//! Each provider of docs/providers, as its profile in dev/idp/profiles imitates it: the settings of its page's block log in there, and
//! the login is refreshed twice.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::clients::api::Api;
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::PODS;
use crate::harness::programs::backend::BackendPlan;

/// What is another one's here than in the block.
const OF_THE_TEST: [&str; 5] =
    ["cluster_name", "oidc_issuer_url", "oidc_client_id", "oidc_organization_id", "kubernetes_api_url"];

/// The first block of a provider's page, which a cluster that takes the ID token has.
fn block(name: &str) -> BTreeMap<String, String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/providers/{name}.md"));
    let text = std::fs::read_to_string(page).unwrap();
    let block = text.split("```toml\n[[clusters]]\n").nth(1).unwrap().split("```").next().unwrap();
    let setting = |line: &str| {
        let (key, value) = line.split_once(" = \"")?;
        Some((key.to_owned(), value.split('"').next()?.to_owned()))
    };
    block.lines().filter_map(setting).collect()
}

/// The settings of the block that are the provider's. There is no catalog here: the address is compared to the user's name instead, and
/// an annotation to nothing.
pub(super) fn as_its_page_says(plan: &BackendPlan, name: &str) -> BackendPlan {
    let settings = block(name);
    let of_provider = settings.iter().filter(|(key, _)| !OF_THE_TEST.contains(&key.as_str()));
    let bare = plan.clone().without("OIDC_ORGANIZATION_ID");
    of_provider.fold(bare, |plan, (key, value)| match (key.as_str(), value.as_str()) {
        ("identity_rule", "catalog") => plan.with("IDENTITY_RULE", "email"),
        ("identity_rule", "annotation") => plan.with("IDENTITY_RULE", "any"),
        ("identity_annotation", _) => plan,
        _ => plan.with(&key.to_uppercase(), value),
    })
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

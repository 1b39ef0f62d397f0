//! The block of settings on a provider's page in docs/providers.

use std::collections::BTreeMap;

use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::repository;

/// What is another one's here than in the block.
const OF_THE_TEST: [&str; 5] =
    ["cluster_name", "oidc_issuer_url", "oidc_client_id", "oidc_organization_id", "kubernetes_api_url"];

/// The first block of a provider's page, which a cluster that takes the ID token has.
fn block(name: &str) -> BTreeMap<String, String> {
    let page = repository().join(format!("docs/providers/{name}.md"));
    let text = std::fs::read_to_string(page).unwrap();
    let block = text.split("```toml\n[[clusters]]\n").nth(1).unwrap().split("```").next().unwrap();
    let setting = |line: &str| {
        let (key, value) = line.split_once(" = \"")?;
        Some((key.to_owned(), value.split('"').next()?.to_owned()))
    };
    block.lines().filter_map(setting).collect()
}

/// A backend with the settings of the block that are the provider's. There is no catalog here: the address is compared to the user's name
/// instead, and an annotation to nothing.
pub fn with_settings_of_page(plan: BackendPlan, name: &str) -> BackendPlan {
    let settings = block(name);
    let of_provider = settings.iter().filter(|(key, _)| !OF_THE_TEST.contains(&key.as_str()));
    of_provider.fold(plan, |plan, (key, value)| match (key.as_str(), value.as_str()) {
        ("identity_rule", "catalog") => plan.with("IDENTITY_RULE", "email"),
        ("identity_rule", "annotation") => plan.with("IDENTITY_RULE", "any"),
        ("identity_annotation", _) => plan,
        _ => plan.with(&key.to_uppercase(), value),
    })
}

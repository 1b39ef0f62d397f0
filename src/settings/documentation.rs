//! Tests that the examples in config/ and the tables of docs/settings.md name exactly the variables that the roles read.

use std::collections::BTreeSet;
use std::path::Path;

use super::backend::BackendVariables;
use super::cluster::ClusterVariables;
use super::example_variables;
use super::login::LoginSettings;
use super::names::{OF_ALL_ROLES, closest_match, variables_of};
use super::proxy::ProxyVariables;

/// Variables that an example cannot set with the others: they replace Backstage, Redis, a cluster's own variables, and its client secret, or want
/// another identity rule.
const ONLY_IN_WORDS: [&str; 6] = [
    "CLUSTER_AUTH_DEV_USER",
    "CONFIG_FILE",
    "KUBELOGIN_CACHE_DIR",
    "KUBELOGIN_CACHE_USER",
    "OIDC_PRIVATE_KEY_FILE",
    "STORE_FILE",
];

fn example(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file);
    example_variables(&path).into_iter().map(|(name, _)| name).collect()
}

/// The names in the first column of a chapter's table.
fn documented(chapter: &str) -> BTreeSet<String> {
    let page = include_str!("../../docs/settings.md");
    let (_, text) = page.split_once(&format!("\n## {chapter}\n")).expect("the chapter is there");
    let text = text.split("\n## ").next().unwrap();
    let first_cells = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    first_cells.map(str::to_owned).collect()
}

#[test]
fn the_page_on_settings_names_every_variable_and_no_other() {
    assert_eq!(documented("The login role"), variables_of::<LoginSettings>());
    assert_eq!(documented("The proxy role"), variables_of::<ProxyVariables>());
    assert_eq!(documented("The backend role"), variables_of::<BackendVariables>());
    assert_eq!(documented("A cluster of the backend"), variables_of::<ClusterVariables>());
    assert_eq!(documented("All roles"), OF_ALL_ROLES.map(str::to_owned).into());
}

#[test]
fn the_examples_show_every_variable_and_no_other() {
    let backend = &variables_of::<BackendVariables>() | &variables_of::<ClusterVariables>();
    let in_words = ONLY_IN_WORDS.map(str::to_owned).into();
    assert_eq!(example("backend.env"), &backend - &in_words);
    assert_eq!(example("login.env"), variables_of::<LoginSettings>());
    assert_eq!(example("proxy.env"), variables_of::<ProxyVariables>());
}

/// Otherwise a role would warn of another role's setting as a misspelt one of its own.
#[test]
fn no_two_variables_are_taken_for_each_other() {
    let mut all: BTreeSet<String> = OF_ALL_ROLES.map(str::to_owned).into();
    for role in [
        variables_of::<LoginSettings>(),
        variables_of::<ProxyVariables>(),
        variables_of::<BackendVariables>(),
        variables_of::<ClusterVariables>(),
    ] {
        all = &all | &role;
    }
    for name in &all {
        let others = all.iter().filter(|other| *other != name).map(String::as_str);
        let alike = closest_match(name, others);
        // Each role reads both; the backend reads its own certificate's beside that of all roles.
        let are_known =
            name.ends_with("_PROXY") || matches!(name.as_str(), "SSL_CERT_FILE" | "TLS_CERT_FILE");
        assert!(alike.is_none() || are_known, "{name} is taken for {alike:?}");
    }
}

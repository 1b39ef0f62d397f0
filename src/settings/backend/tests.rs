use std::path::Path;

use super::super::cluster::{IdentityRule, UserTokens};
use super::clusters::from_file;
use super::*;

fn source(more: &[(&str, &str)]) -> Source {
    let base = [
        ("OIDC_ISSUER_URL", "https://idp.example/"),
        ("OIDC_CLIENT_ID", "kubernetes"),
        ("KUBERNETES_API_URL", "https://kubernetes.example"),
    ];
    Source::new(base.iter().chain(more).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
}

fn refusal(more: &[(&str, &str)]) -> String {
    BackendSettings::read(&source(more)).unwrap_err().to_string()
}

#[test]
fn one_cluster_needs_no_file() {
    let settings =
        BackendSettings::read(&source(&[("CLUSTER_NAME", "prod"), ("USER_TOKENS", "read")])).unwrap();
    let cluster = &settings.clusters["prod"];
    assert_eq!(cluster.user_tokens, UserTokens::Read);
    assert_eq!(cluster.oidc.redirect_uri, "http://localhost:8000/");
    assert!(matches!(cluster.identity, IdentityRule::Catalog(_)));
    assert!(matches!(settings.store, StoreSettings::InProcess));
}

#[test]
fn kubernetes_is_the_one_plugin_that_is_trusted_unless_others_are_named() {
    let trusted = |more: &[(&str, &str)]| {
        let plugins = BackendSettings::read(&source(more)).unwrap().trusted_plugins;
        plugins.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(trusted(&[]), ["kubernetes"]);
    assert_eq!(trusted(&[("BACKSTAGE_TRUSTED_PLUGINS", "portal, argo-cd")]), ["argo-cd", "portal"]);
}

#[test]
fn the_example_files_are_what_the_program_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let variables = crate::settings::example_variables(&root.join("backend.env"));
    BackendSettings::read(&Source::new(variables)).unwrap();
    let clusters = from_file(&root.join("backend.toml"), &[]).unwrap();
    let names: Vec<_> = clusters.into_iter().map(|cluster| cluster.name).collect();
    assert_eq!(names, ["staging", "production"]);
}

/// Each page of docs/providers has blocks that can be copied.
#[test]
fn the_blocks_of_each_providers_page_are_what_the_program_reads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/providers");
    let pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|page| page.unwrap().path()).collect();
    assert_eq!(pages.len(), 10);
    let copied = tempfile::tempdir().unwrap();
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let blocks: Vec<_> =
            text.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
        assert!(!blocks.is_empty(), "{}", page.display());
        let file = copied.path().join("config.toml");
        std::fs::write(&file, blocks.concat()).unwrap();
        let clusters = from_file(&file, &[]).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        assert_eq!(clusters.len(), blocks.len(), "{}", page.display());
        let index = include_str!("../../../docs/providers.md");
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(index.contains(&format!("(providers/{name})")), "{name} is not in docs/providers.md");
    }
}

#[test]
fn a_dev_user_is_refused_beyond_loopback_and_with_the_catalog_rule() {
    let beyond = refusal(&[("CLUSTER_AUTH_DEV_USER", "user:default/guest"), ("LISTEN", "0.0.0.0:7008")]);
    assert!(beyond.contains("loopback"), "{beyond}");
    let catalog = refusal(&[("CLUSTER_AUTH_DEV_USER", "user:default/guest")]);
    assert!(catalog.contains("IDENTITY_RULE"), "{catalog}");
    let group = refusal(&[("CLUSTER_AUTH_DEV_USER", "group:default/all")]);
    assert!(group.contains("CLUSTER_AUTH_DEV_USER"), "{group}");
}

#[test]
fn kubelogins_cache_is_for_one_user_on_loopback_whose_tokens_say_who_they_are() {
    let email = [("IDENTITY_RULE", "email"), ("IDENTITY_EMAIL_DOMAINS", "example.com")];
    let cache = [("KUBELOGIN_CACHE_DIR", "/cache"), ("KUBELOGIN_CACHE_USER", "user:default/felix")];
    let with = |more: &[(&'static str, &'static str)]| [&email[..], &cache, more].concat();
    let settings = BackendSettings::read(&source(&with(&[]))).unwrap();
    let place = settings.clusters.values().next().unwrap().kubelogin.as_ref().unwrap();
    assert_eq!((place.folder.as_path(), place.user.to_string().as_str()), (Path::new("/cache"), cache[1].1));
    let by_catalog = BackendSettings::read(&source(&cache)).unwrap();
    assert!(by_catalog.clusters.values().all(|cluster| cluster.kubelogin.is_some()));
    let without = BackendSettings::read(&source(&email)).unwrap();
    assert!(without.clusters.values().all(|cluster| cluster.kubelogin.is_none()));
    for (more, named) in [
        (&with(&[("LISTEN", "0.0.0.0:7008")])[..], "on loopback only"),
        (&with(&[("CONTROL_LISTEN", "0.0.0.0:9090")]), "on loopback only"),
        (&with(&[("KUBELOGIN_CACHE_DIR", ".kube/cache/oidc-login")]), "from the root"),
        (&with(&[("KUBELOGIN_CACHE_USER", "felix@example.com")]), "KUBELOGIN_CACHE_USER"),
        (&with(&[("CLUSTER_AUTH_DEV_USER", "user:default/mara")]), "another user than CLUSTER_AUTH_DEV_USER"),
        (&with(&[("IDENTITY_RULE", "any")]), "IDENTITY_RULE is any"),
        (&[&email[..], &cache[..1]].concat(), "set both, or none"),
        (&[&email[..], &cache[1..]].concat(), "set both, or none"),
    ] {
        let refusal = refusal(more);
        assert!(refusal.contains(named), "{refusal} instead of {named}");
    }
}

#[test]
fn the_lock_of_a_refresh_outlives_a_call_to_the_identity_provider() {
    let lifetime =
        |more: &[(&str, &str)]| BackendSettings::read(&source(more)).unwrap().refresh_lock_lifetime.as_secs();
    assert_eq!(lifetime(&[("IDP_TIMEOUT", "20s")]), 25);
    assert_eq!(lifetime(&[("IDP_TIMEOUT", "20s"), ("REFRESH_LOCK_LIFETIME", "1m")]), 60);
    assert_eq!(lifetime(&[("IDP_TIMEOUT", "1s"), ("REFRESH_LOCK_LIFETIME", "6s")]), 6);
}

#[test]
fn what_is_unsafe_or_half_set_is_refused_with_its_name() {
    let cases = [
        (&[("REDIS_URL", "redis://localhost/")][..], "TOKEN_ENCRYPTION_KEYS"),
        (&[("IDENTITY_RULE", "email")], "IDENTITY_EMAIL_DOMAINS"),
        (&[("IDENTITY_RULE", "everyone")], "IDENTITY_RULE"),
        (&[("OIDC_ISSUER_URL", "http://idp.example/")], "OIDC_ISSUER_URL"),
        (&[("BACKSTAGE_URL", "http://backstage.example/")], "BACKSTAGE_URL"),
        (&[("USER_TOKENS", "some")], "USER_TOKENS"),
        (&[("CLUSTER_NAME", "a/b")], "CLUSTER_NAME"),
        (&[("EXCHANGE_LEASE", "5s")], "EXCHANGE_LEASE"),
        (&[("BACKSTAGE_TRUSTED_PLUGINS", "kubernetes,../auth")], "BACKSTAGE_TRUSTED_PLUGINS"),
        (&[("REFRESH_LOCK_LIFETIME", "14999ms")], "REFRESH_LOCK_LIFETIME"),
        (&[("OIDC_EXTRA_PARAMS", "state=mine")], "OIDC_EXTRA_PARAMS"),
        (&[("HTTPS_PROXY", "https://proxy")], "HTTPS_PROXY"),
        (&[("UNUSED_LOGIN_LIFETIME", "59m")], "UNUSED_LOGIN_LIFETIME"),
        (&[("UNUSED_LOGIN_LIFETIME", "3651d")], "UNUSED_LOGIN_LIFETIME"),
    ];
    // Collected, so that one failing case does not hide the others.
    let faults: Vec<_> = cases
        .into_iter()
        .filter_map(|(more, named)| match BackendSettings::read(&source(more)) {
            Ok(_) => Some(format!("{more:?} is taken")),
            Err(refused) if refused.to_string().contains(named) => None,
            Err(refused) => Some(format!("{named} is not in: {refused}")),
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

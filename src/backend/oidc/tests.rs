//! What an authorization request asks for.

use serde_json::json;
use url::Url;

use super::*;
use crate::clock::SystemClock;
use crate::random::SystemRandom;
use crate::settings::Source;
use crate::settings::backend::BackendSettings;

const OTHERS: &str = "https://idp.example/";

/// The parameters of a request to this issuer, which knows these scopes, with more settings.
fn asked(issuer: &str, known: &[&str], more: &[(&str, &str)]) -> Vec<(String, String)> {
    let base = [("OIDC_ISSUER_URL", issuer), ("OIDC_CLIENT_ID", "kubernetes")];
    let pairs = base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let settings = BackendSettings::read(&Source::new(pairs)).unwrap();
    let metadata: Metadata = serde_json::from_value(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "scopes_supported": known,
    }))
    .unwrap();
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let http = HttpClient::for_loopback(std::time::Duration::from_secs(1));
    let oidc = settings.clusters["default"].oidc.clone();
    let provider = Provider::new(oidc, http, Vec::new(), clock, random, BackendMetrics::new().unwrap());
    let secret = "secret".into();
    let verifier = "v".repeat(43).into();
    let secrets = AuthorizationSecrets { state: &secret, nonce: &secret, pkce: Pkce::Verifier(&verifier) };
    let url = provider.authorization_url(&metadata, &secrets).unwrap();
    Url::parse(url.expose()).unwrap().query_pairs().into_owned().collect()
}

fn all_of(asked: &[(String, String)], name: &str) -> Vec<String> {
    asked.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
}

#[test]
fn google_is_asked_for_a_refresh_token_in_its_own_way() {
    let knows = ["openid", "email", "profile"];
    let google = asked(GOOGLE, &knows, &[]);
    assert_eq!(all_of(&google, "scope"), ["openid profile email"]);
    assert_eq!(all_of(&google, "access_type"), ["offline"]);
    assert_eq!(all_of(&google, "prompt"), ["consent"]);
    let chosen = asked(GOOGLE, &knows, &[("OIDC_EXTRA_PARAMS", "prompt=select_account")]);
    assert_eq!(all_of(&chosen, "prompt"), ["select_account"], "the setting wins");
    assert_eq!(all_of(&chosen, "access_type"), ["offline"]);
    for others in [
        asked(GOOGLE, &knows, &[("OIDC_SCOPES", "openid email")]),
        asked(OTHERS, &knows, &[]),
        asked(OTHERS, &["openid", "offline_access"], &[]),
    ] {
        assert!(all_of(&others, "access_type").is_empty() && all_of(&others, "prompt").is_empty());
    }
}

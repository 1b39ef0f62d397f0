//! What a provider is asked directly: as another client of its, or as a thief would.

use serde_json::Value;

use super::site::CLIENT;
use crate::harness::clients::api::{Answer, agent};

/// GET of JSON.
pub fn read(url: &str) -> Value {
    let answer = Answer::read(agent().get(url).call().unwrap());
    assert_eq!(answer.status, 200, "{url}: {}", answer.text);
    answer.json
}

/// POST of a form.
pub fn post(url: &str, form: &[(&str, &str)]) -> Answer {
    Answer::read(agent().post(url).send_form(form.iter().copied()).unwrap())
}

pub fn discovery(issuer: &str) -> Value {
    read(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))
}

/// The `kid` of each key that it publishes.
pub fn key_ids(discovery: &Value) -> Vec<String> {
    let keys = read(discovery["jwks_uri"].as_str().unwrap());
    let ids = keys["keys"].as_array().unwrap().iter().filter_map(|key| key["kid"].as_str());
    ids.map(str::to_owned).collect()
}

/// Spends a refresh token of the cluster's public client.
pub fn spend(issuer: &str, refresh_token: &str) -> Answer {
    let endpoint = discovery(issuer)["token_endpoint"].as_str().unwrap().to_owned();
    let form = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", refresh_token)];
    post(&endpoint, &form)
}

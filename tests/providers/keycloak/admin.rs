//! Its admin API, by paths below `/admin/realms`.

use serde_json::Value;

use super::server::{ADMIN, Server};
use crate::harness::clients::api::{Answer, agent};
use crate::providers::asked::post;

impl Server {
    pub fn get(&self, path: &str) -> Value {
        let request = agent().get(self.address(path)).header("authorization", self.authorization());
        succeeded(request.call().unwrap()).json
    }

    pub fn create(&self, path: &str, body: &Value) {
        let request = agent().post(self.address(path)).header("authorization", self.authorization());
        succeeded(request.send_json(body).unwrap());
    }

    pub fn put(&self, path: &str, body: &Value) {
        let request = agent().put(self.address(path)).header("authorization", self.authorization());
        succeeded(request.send_json(body).unwrap());
    }

    fn address(&self, path: &str) -> String {
        format!("{}/admin/realms/{path}", self.url()).trim_end_matches('/').to_owned()
    }

    /// Its own tokens live for a minute: each call has a new one.
    fn authorization(&self) -> String {
        let url = format!("{}/realms/master/protocol/openid-connect/token", self.url());
        let credentials = [("username", ADMIN), ("password", ADMIN)];
        let form = [&credentials[..], &[("grant_type", "password"), ("client_id", "admin-cli")]].concat();
        let answer = post(&url, &form);
        format!("Bearer {}", answer.json["access_token"].as_str().expect(&answer.text))
    }
}

fn succeeded(response: ureq::http::Response<ureq::Body>) -> Answer {
    let answer = Answer::read(response);
    assert!((200..300).contains(&answer.status), "Keycloak: {}: {}", answer.status, answer.text);
    answer
}

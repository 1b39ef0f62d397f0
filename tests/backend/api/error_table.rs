//! Each code of the error table provoked, with its status, its shape and its sentence.
//!
//! A row is a way to get an answer; each row has a backend of its own, so that none has sessions of another.

mod logins;
mod proxy;
mod requests;
mod sessions;
mod surroundings;

use std::collections::BTreeSet;

use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::Backend;

/// A status, a code, and how to get them.
struct Row(u16, &'static str, fn(&Scene<'_>) -> Answer);

/// What all rows of a table share.
type Ground = Deployment;

impl Ground {
    /// Walks through a table; the shape is what tells the proxy's errors from all others.
    fn walk(&self, rows: &[Row], assert_shape: fn(&Answer, u16, &str)) {
        for (number, Row(status, code, provoke)) in rows.iter().enumerate() {
            let (backend, api) = self.start();
            let scene = Scene { ground: self, api, _backend: backend };
            let answer = provoke(&scene);
            assert_eq!(answer.status, *status, "row {number}, {code}: {}", answer.text);
            assert_shape(&answer, *status, code);
            if *code == "rate_limited" {
                let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!((1..=300).contains(&wait), "{wait}");
            }
        }
    }
}

/// What one row has.
struct Scene<'g> {
    ground: &'g Ground,
    api: Api,
    _backend: Backend,
}

/// Codes that no answer of a table can show, and where they are tested instead.
const ELSEWHERE: [&str; 3] = [
    // The `error` of a session, never of a call: `session::cancel`.
    "cancelled",
    // A fault has to be planted: `panics`.
    "internal_error",
    // Success is 200: `sessions::a_refusal_ends_the_session`.
    "access_denied",
];

#[test]
fn every_code_of_the_document_has_a_row() {
    let ground = Deployment::new("error_codes");
    let (_backend, api) = ground.start();
    let document = api.get("/openapi.json").json;
    let codes = document["components"]["schemas"]["Code"]["enum"].as_array().unwrap();
    let tables = [requests::ROWS, sessions::ROWS, logins::ROWS, surroundings::ROWS, proxy::ROWS];
    let mut provoked: BTreeSet<&str> = tables.iter().flat_map(|rows| rows.iter().map(|row| row.1)).collect();
    provoked.extend(ELSEWHERE);
    assert_eq!(provoked, codes.iter().map(|code| code.as_str().unwrap()).collect());
}

//! `GET /openapi.json`: the contract, served by who keeps it.

use actix_web::HttpResponse;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::info;
use crate::backend::logins::get_status;
use crate::backend::logout::delete_tokens;
use crate::backend::session::{cancel, exchange, get_session, post_tokens, put_session, register};
use crate::backend::tokens::get_token;

#[derive(OpenApi)]
#[openapi(
    info(title = "backstage-oidc-helper backend", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/api/cluster-auth")),
    paths(
        info::info,
        register::register,
        get_session::session,
        put_session::keep_verifier,
        cancel::cancel_session,
        exchange::exchange,
        post_tokens::bring_tokens,
        get_status::status,
        get_token::give_token,
        delete_tokens::delete_tokens
    ),
    components(schemas(crate::protocol::ErrorBody)),
    modifiers(&Credentials)
)]
struct Document;

/// The kinds of bearer credential.
struct Credentials;

impl utoipa::Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("user", "A Backstage user token."),
            ("plugin", "A token that a trusted Backstage plugin made for cluster-auth on behalf of a user."),
            ("session", "A session token."),
        ] {
            let bearer =
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
            components.add_security_scheme(name, SecurityScheme::Http(bearer));
        }
    }
}

/// OpenAPI 3.1 of all calls but the proxy, which speaks Kubernetes.
pub async fn openapi() -> HttpResponse {
    match Document::openapi().to_json() {
        Ok(document) => HttpResponse::Ok().content_type("application/json").body(document),
        Err(error) => {
            tracing::error!(%error, "the OpenAPI document cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    const PROTOCOL: &str = include_str!("../../../docs/protocol.md");

    /// The names of all fields below a schema, and in the schemas that it refers to.
    fn fields(document: &Value, schema: &Value, names: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                if let Some(properties) = members.get("properties").and_then(Value::as_object) {
                    names.extend(properties.keys().cloned());
                }
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    fields(document, document.pointer(reference.trim_start_matches('#')).unwrap(), names);
                }
                members.values().for_each(|member| fields(document, member, names));
            }
            Value::Array(members) => members.iter().for_each(|member| fields(document, member, names)),
            _ => {}
        }
    }

    /// The row of a call in the table of the protocol's document.
    fn row<'t>(text: &'t str, call: &str) -> Option<&'t str> {
        text.lines().find(|line| {
            line.strip_prefix("| `")
                .and_then(|line| line.strip_prefix(call))
                .is_some_and(|rest| rest.starts_with(['`', '?']))
        })
    }

    /// What the document leaves out: calls, and fields of calls.
    fn left_out(text: &str) -> Vec<String> {
        let document: Value = serde_json::from_str(&Document::openapi().to_json().unwrap()).unwrap();
        let mut missing = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let call = format!("{} {path}", method.to_uppercase());
                let Some(row) = row(text, &call) else {
                    missing.push(call);
                    continue;
                };
                let mut names = BTreeSet::new();
                fields(&document, &operation["requestBody"], &mut names);
                fields(&document, &operation["responses"]["200"], &mut names);
                missing.extend(
                    names.iter().filter(|name| !row.contains(*name)).map(|name| format!("{call}: {name}")),
                );
            }
        }
        missing
    }

    #[test]
    fn the_document_of_the_protocol_has_each_call_with_each_field() {
        assert_eq!(left_out(PROTOCOL), Vec::<String>::new());
    }

    #[test]
    fn a_call_and_a_field_that_the_document_lacks_are_noticed() {
        let without_call = PROTOCOL.replace("| `POST /register`", "| `POST /begin`");
        assert_eq!(left_out(&without_call), ["POST /register"]);
        let without_field = PROTOCOL.replace("livesOn", "remaining");
        assert_eq!(left_out(&without_field), ["DELETE /tokens: livesOn"]);
    }
}

//! `GET /openapi.json`: the contract, served by who keeps it.

use actix_web::HttpResponse;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::info;
use crate::backend::logins::get_status;
use crate::backend::logout::delete_tokens;
use crate::backend::session::{exchange, get_session, register};
use crate::backend::tokens::get_token;

#[derive(OpenApi)]
#[openapi(
    info(title = "backstage-oidc-helper backend", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/api/cluster-auth")),
    paths(
        info::info,
        register::register,
        get_session::session,
        exchange::exchange,
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

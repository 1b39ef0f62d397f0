//! All routes of the backend.

use actix_cors::Cors;
use actix_web::HttpResponse;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::web::{self, ServiceConfig};

use super::{
    delete_tokens, exchange, give_token, health, info, kubernetes, openapi, register, session, status,
};
use crate::problem::Problem;
use crate::protocol::{BASE_PATH, Code};
use crate::settings::backend::BackendSettings;

/// The API at Backstage's address.
pub fn api(config: &mut ServiceConfig, settings: &BackendSettings) {
    let apps = || cors(&settings.app_origins);
    let apps_and_extension =
        || cors(&[settings.app_origins.as_slice(), &settings.extension_origins].concat());
    let at = |path| web::resource(path).default_service(web::to(not_found));
    let cluster_auth = web::scope(BASE_PATH)
        // No CORS here: no page ever reads from the proxy.
        .service(web::resource("/clusters/{name}/proxy{path:.*}").to(kubernetes::proxy))
        .service(at("/info").route(web::get().to(info::info)).wrap(apps()))
        .service(at("/register").route(web::post().to(register::register)).wrap(apps()))
        .service(at("/session").route(web::get().to(session::session)).wrap(apps_and_extension()))
        .service(at("/exchange").route(web::post().to(exchange::exchange)).wrap(apps_and_extension()))
        .service(at("/status").route(web::get().to(status::status)).wrap(apps()))
        .service(at("/tokens").route(web::delete().to(delete_tokens::delete_tokens)).wrap(apps()))
        // No CORS here: no page ever gets a token.
        .service(at("/token").route(web::get().to(give_token::give_token)))
        .service(at("/openapi.json").route(web::get().to(openapi::openapi)).wrap(apps()));
    config
        .service(cluster_auth)
        .route("/.backstage/health/v1/liveness", web::get().to(health::liveness))
        .route("/.backstage/health/v1/readiness", web::get().to(health::readiness))
        .default_service(web::to(not_found));
}

/// Health and metrics, on the listener that is never behind the ingress.
pub fn control(config: &mut ServiceConfig) {
    config
        .route("/healthz", web::get().to(health::liveness))
        .route("/readyz", web::get().to(health::readiness))
        .route("/metrics", web::get().to(health::metrics))
        .default_service(web::to(not_found));
}

/// For the app's own pages: without credentials, since a bearer token is all that counts.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "DELETE"])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE])
        .max_age(600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(
        Code::NotFound,
        "There is nothing at this path with this method: see GET /api/cluster-auth/openapi.json.",
    ))
}

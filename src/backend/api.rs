//! All routes of the backend.

pub mod health;
pub mod info;
pub mod openapi;

use actix_cors::Cors;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Error, HttpResponse, Resource, ResponseError, Route, guard};

use super::inbound::request_id;
use super::kubernetes;
use super::logins::get_status;
use super::logout::delete_tokens;
use super::session::{cancel, exchange, get_session, post_tokens, put_session, register};
use super::tokens::get_token;
use crate::problem::Problem;
use crate::protocol::{BASE_PATH, Code};
use crate::settings::backend::BackendSettings;

/// The API at Backstage's address.
pub fn api(config: &mut ServiceConfig, settings: &BackendSettings) {
    let apps = || cors(&settings.app_origins);
    let apps_and_extension =
        || cors(&[settings.app_origins.as_slice(), &settings.extension_origins].concat());
    let cluster_auth = web::scope(BASE_PATH)
        // No CORS here: no page ever reads from the proxy.
        .service(web::resource("/clusters/{name}/proxy{path:.*}").to(kubernetes::proxy))
        .service(at("/info", "GET").route(web::get().to(info::info)).wrap(apps_and_extension()))
        .service(at("/register", "POST").route(web::post().to(register::register)).wrap(apps()))
        .service(
            at("/session", "GET, PUT, DELETE")
                .route(web::get().to(get_session::session))
                .route(web::put().to(put_session::keep_verifier))
                .route(web::delete().to(cancel::cancel_session))
                .wrap(apps_and_extension()),
        )
        .service(at("/exchange", "POST").route(web::post().to(exchange::exchange)).wrap(apps_and_extension()))
        .service(at("/status", "GET").route(web::get().to(get_status::status)).wrap(apps()))
        .service(
            at("/tokens", "POST, DELETE")
                .route(web::post().to(post_tokens::bring_tokens))
                .route(web::delete().to(delete_tokens::delete_tokens))
                .wrap(apps()),
        )
        // No CORS here: no page ever gets a token.
        .service(at("/token", "GET").route(web::get().to(get_token::give_token)))
        .service(at("/openapi.json", "GET").route(web::get().to(openapi::openapi)).wrap(apps()));
    config
        .service(cluster_auth)
        .service(probe("/.backstage/health/v1/liveness", read().to(health::liveness)))
        .service(probe("/.backstage/health/v1/readiness", read().to(health::readiness)))
        .default_service(web::to(not_found));
}

/// Health and metrics, on the listener that is never behind the ingress.
pub fn control(config: &mut ServiceConfig) {
    config
        .service(probe("/healthz", read().to(health::liveness)))
        .service(probe("/readyz", read().to(health::readiness)))
        .service(probe("/metrics", read().to(health::metrics)))
        .default_service(web::to(not_found));
}

/// A path that answers 405 to methods other than these, and 500 where it panics.
fn at(
    path: &str,
    allowed: &'static str,
) -> Resource<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>
    + use<>,
> {
    let not_allowed = web::to(move || async move {
        let problem = Problem::new(
            Code::MethodNotAllowed,
            format!("This path answers to {allowed} only: see GET /api/cluster-auth/openapi.json."),
        );
        let mut answer = problem.error_response();
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        answer
    });
    web::resource(path).default_service(not_allowed).wrap(from_fn(request_id::survive))
}

/// A path that monitoring asks.
fn probe(path: &str, route: Route) -> impl HttpServiceFactory + use<> {
    let no_store = DefaultHeaders::new().add((CACHE_CONTROL, "no-store"));
    at(path, "GET, HEAD").route(route).wrap(no_store)
}

/// Load balancers ask with HEAD.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// For the app's own pages: without credentials, since a bearer token is all that counts.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "DELETE"])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE])
        .max_age(600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::new(
        Code::NotFound,
        "There is nothing at this path: see GET /api/cluster-auth/openapi.json.",
    ))
}

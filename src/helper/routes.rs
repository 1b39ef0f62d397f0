//! Everything that the login role answers to.

use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::{HttpResponse, Resource, Route, web};

use crate::helper::confirm;
use crate::helper::pages;
use crate::helper::redirect;

/// The largest form that is read, in bytes.
const FORM_LIMIT: usize = 4096;

/// All routes. The login and the randomness come as application data.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(web::FormConfig::default().limit(FORM_LIMIT))
        .service(get("/", web::get().to(redirect::arrive)))
        .service(get("/go/{secret}", web::get().to(confirm::go)))
        .service(post("/continue", web::post().to(confirm::click)))
        .default_service(web::to(not_found));
}

/// A path that is read. HEAD is answered and does nothing.
fn get(path: &str, route: Route) -> Resource {
    resource(path, "GET, HEAD, OPTIONS").route(route).route(web::head().to(HttpResponse::Ok))
}

/// A path that is written to.
fn post(path: &str, route: Route) -> Resource {
    resource(path, "POST, OPTIONS").route(route)
}

/// A path that answers OPTIONS, and 405 to methods that it does not know.
fn resource(path: &str, allowed: &'static str) -> Resource {
    let options = web::method(Method::OPTIONS)
        .to(move || async move { HttpResponse::NoContent().insert_header((ALLOW, allowed)).finish() });
    let others =
        web::to(
            move || async move { HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish() },
        );
    web::resource(path).route(options).default_service(others)
}

async fn not_found() -> HttpResponse {
    pages::not_found().into_response()
}

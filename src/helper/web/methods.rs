//! The methods of the helper's paths: HEAD and OPTIONS do nothing, others are answered with 405.

use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::{HttpResponse, Resource, Route, web};

/// The methods of a path to read.
pub const READ: &str = "GET, HEAD, OPTIONS";

/// The methods of a path to write.
const WRITTEN: &str = "POST, OPTIONS";

/// A path to read. HEAD is answered and does nothing.
#[must_use]
pub fn get(path: &str, route: Route) -> Resource {
    resource(path, READ).route(route).route(web::head().to(HttpResponse::Ok))
}

/// A path to write.
#[must_use]
pub fn post(path: &str, route: Route) -> Resource {
    resource(path, WRITTEN).route(route)
}

/// A path that answers OPTIONS, and other methods with 405.
fn resource(path: &str, allowed: &'static str) -> Resource {
    let options = web::method(Method::OPTIONS).to(move || async move { options(allowed) });
    let others = web::to(move || async move { wrong_method(allowed) });
    web::resource(path).route(options).default_service(others)
}

/// The answer to OPTIONS.
#[must_use]
pub fn options(allowed: &'static str) -> HttpResponse {
    HttpResponse::NoContent().insert_header((ALLOW, allowed)).finish()
}

/// The answer to any other method.
#[must_use]
pub fn wrong_method(allowed: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish()
}

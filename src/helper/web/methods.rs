//! Which methods a path of the helper's answers to: HEAD and OPTIONS do nothing, others are 405.

use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::{HttpResponse, Resource, Route, web};

/// The methods of a path that is read.
pub const READ: &str = "GET, HEAD, OPTIONS";

/// The methods of a path that is written to.
const WRITTEN: &str = "POST, OPTIONS";

/// A path that is read. HEAD is answered and does nothing.
#[must_use]
pub fn get(path: &str, route: Route) -> Resource {
    resource(path, READ).route(route).route(web::head().to(HttpResponse::Ok))
}

/// A path that is written to.
#[must_use]
pub fn post(path: &str, route: Route) -> Resource {
    resource(path, WRITTEN).route(route)
}

/// A path that answers OPTIONS, and 405 to methods that it does not know.
fn resource(path: &str, allowed: &'static str) -> Resource {
    let options = web::method(Method::OPTIONS).to(move || async move { options(allowed) });
    let others = web::to(move || async move { wrong_method(allowed) });
    web::resource(path).route(options).default_service(others)
}

/// What may be done with a path.
#[must_use]
pub fn options(allowed: &'static str) -> HttpResponse {
    HttpResponse::NoContent().insert_header((ALLOW, allowed)).finish()
}

/// The answer to any other method.
#[must_use]
pub fn wrong_method(allowed: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish()
}

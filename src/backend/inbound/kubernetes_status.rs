//! Own errors at the Kubernetes proxy, as the `v1 Status` objects that kubectl prints.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use serde_json::json;

use crate::problem::Problem;
use crate::protocol::Code;

/// A problem as a `v1 Status` (Kubernetes API conventions, "Response Status Kind"). Not connected is 403 here: with 404 kubectl
/// would say that the resource does not exist.
#[must_use]
pub fn as_status(problem: &Problem) -> HttpResponse {
    let status = if problem.code() == Code::NotConnected { StatusCode::FORBIDDEN } else { problem.status() };
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = problem.retry_after_seconds() {
        answer.insert_header((RETRY_AFTER, seconds));
    }
    answer.json(json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": problem.message(),
        "reason": reason(status),
        "details": { "causes": [{ "reason": problem.code(), "message": problem.message() }] },
        "code": status.as_u16(),
    }))
}

/// The machine-readable reason that Kubernetes has for a status.
fn reason(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "InternalError",
    }
}

//! Own errors at the Kubernetes proxy, as the `v1 Status` objects that kubectl prints.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, WARNING};
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

/// Says it in a `Warning` (RFC 7234, 5.5), too, which kubectl prints: of what it asks for groups and resources with, it does not read the
/// body of an error, and would say "unknown".
pub fn warn(answer: &mut HttpResponse, problem: &Problem) {
    let text = problem.message().replace('\\', "\\\\").replace('"', "\\\"");
    // A message without control characters is always a value.
    if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{text}\"").as_bytes()) {
        answer.headers_mut().insert(WARNING, value);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_a_quoted_string_of_one_line() {
        let told = |message: &str| {
            let problem = Problem::new(Code::NotConnected, message);
            let mut answer = as_status(&problem);
            warn(&mut answer, &problem);
            answer.headers().get(WARNING).map(|value| value.as_bytes().to_vec())
        };
        assert_eq!(told(r#"No "Zürich\1"."#).as_deref(), Some(r#"299 - "No \"Zürich\\1\".""#.as_bytes()));
        assert_eq!(told("two\nlines"), None);
    }
}

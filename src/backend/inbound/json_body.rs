//! Bodies that come in: JSON, small, and never quoted back.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::protocol::Code;

/// The largest body that is read, in bytes: a code is a few kilobytes at most.
const LIMIT: usize = 64 * 1024;
/// How long a body may take to arrive.
const SLOWEST_BODY: std::time::Duration = std::time::Duration::from_secs(10);

/// Reads a JSON body; an empty one counts as `{}` and needs no Content-Type.
///
/// # Errors
/// `too_large`, `unsupported_media_type`, `bad_request`.
pub async fn json_or_empty<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<T, Problem> {
    let body = match tokio::time::timeout(SLOWEST_BODY, payload.to_bytes_limited(LIMIT)).await {
        Ok(Ok(Ok(body))) => body,
        Ok(Err(_)) => {
            return Err(Problem::new(
                Code::TooLarge,
                "The body is larger than 64 KiB: send only what is asked for.",
            ));
        }
        Ok(Ok(Err(_))) | Err(_) => return Err(not_whole()),
    };
    if body.is_empty() {
        return parse(b"{}");
    }
    let content_type =
        request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "The body must be JSON: send Content-Type: application/json.",
        ));
    }
    parse(&body)
}

fn not_whole() -> Problem {
    Problem::new(Code::BadRequest, "The body did not arrive whole: send it again.")
}

/// Never passes on serde's words: they quote the body, which holds secrets.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|_| {
        Problem::new(
            Code::BadRequest,
            "The body is not what this call takes: see GET /openapi.json for its fields.",
        )
    })
}

//! The one HTTP error type: status, code and a message that says what happened and what to do next.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};

use crate::protocol::{Code, ErrorBody, ErrorDetail, ErrorResponse};

/// An error response. Its message never holds a secret.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    message: String,
    retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with a message for the user.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }

    /// Adds the time after which to try again (`Retry-After`).
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status that belongs to the code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.code {
            Code::BadRequest | Code::StateMismatch | Code::UnknownCluster | Code::ReturnToNotAllowed => {
                StatusCode::BAD_REQUEST
            }
            Code::NotSignedIn | Code::TokenInvalid | Code::SessionUnknown | Code::SessionExpired => {
                StatusCode::UNAUTHORIZED
            }
            Code::IdentityMismatch
            | Code::IdTokenRejected
            | Code::PluginNotTrusted
            | Code::NotAllowed
            | Code::AccessDenied => StatusCode::FORBIDDEN,
            Code::NotConnected | Code::NotFound => StatusCode::NOT_FOUND,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::Cancelled | Code::SessionFinished | Code::ExchangeInProgress | Code::ExchangeLost => {
                StatusCode::CONFLICT
            }
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::IdpRefused | Code::IdpUnreachable | Code::ClusterUnreachable => StatusCode::BAD_GATEWAY,
            Code::StoreUnavailable | Code::RecordUnreadable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer's body.
    #[must_use]
    pub fn body(&self) -> ErrorBody {
        let status = self.status();
        ErrorBody {
            error: ErrorDetail {
                name: error_name(status).to_owned(),
                message: self.message.clone(),
                code: self.code,
            },
            response: ErrorResponse { status_code: status.as_u16() },
        }
    }

    /// The seconds of `Retry-After`, rounded up, where there are any.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

/// The class of `@backstage/errors` that belongs to a status.
fn error_name(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "InputError",
        401 => "AuthenticationError",
        403 => "NotAllowedError",
        404 => "NotFoundError",
        405 => "MethodNotAllowedError",
        409 => "ConflictError",
        413 => "PayloadTooLargeError",
        415 => "UnsupportedMediaTypeError",
        429 => "TooManyRequestsError",
        500 => "InternalServerError",
        502 => "BadGatewayError",
        504 => "GatewayTimeoutError",
        _ => "ServiceUnavailableError",
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code.as_str())
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status());
        if let Some(seconds) = self.retry_after_seconds() {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.json(self.body())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_body_is_backstages_own_shape() {
        let problem = Problem::new(Code::SessionExpired, "This login took too long: start it again.");
        assert_eq!(
            serde_json::to_value(problem.body()).unwrap(),
            serde_json::json!({
                "error": {
                    "name": "AuthenticationError",
                    "message": "This login took too long: start it again.",
                    "code": "session_expired"
                },
                "response": { "statusCode": 401 }
            })
        );
    }

    #[test]
    fn retry_after_is_rounded_up_to_whole_seconds() {
        let answer = Problem::new(Code::RateLimited, "Wait.")
            .retry_after(Duration::from_millis(1200))
            .error_response();
        assert_eq!(answer.headers().get(RETRY_AFTER).unwrap(), "2");
    }

    /// Code and status of each row of docs/errors.md.
    fn documented() -> BTreeMap<String, u16> {
        let page = include_str!("../docs/errors.md");
        let cells = page.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let rows = cells.filter_map(|row| {
            let code = row.get(1)?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
            Some((code, row.get(2)?.parse().ok()?))
        });
        rows.collect()
    }

    #[test]
    fn the_documented_codes_are_those_there_are_with_their_statuses() {
        let schema = serde_json::to_value(<Code as utoipa::PartialSchema>::schema()).unwrap();
        let codes: Vec<Code> = serde_json::from_value(schema["enum"].clone()).unwrap();
        let status = |code: Code| (code.as_str().to_owned(), Problem::new(code, "").status().as_u16());
        assert_eq!(documented(), codes.into_iter().map(status).collect());
    }

    /// The first cells of the tables of docs/errors.md: error codes, the commands' own codes, and exit codes.
    fn first_cells() -> Vec<&'static str> {
        let page = include_str!("../docs/errors.md");
        let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        cells.flat_map(|cell| cell.split(", ")).filter(|cell| !cell.contains("code")).collect()
    }

    #[test]
    fn every_error_code_and_exit_code_has_a_remedy_in_the_troubleshooting() {
        let page = include_str!("../docs/troubleshooting.md");
        let cells = first_cells();
        assert!(cells.len() > 30, "{cells:?}");
        for cell in cells {
            let is_there = if cell.starts_with('`') {
                page.contains(cell)
            } else {
                page.contains(&format!("\n| {cell} | "))
            };
            assert!(is_there, "docs/troubleshooting.md has no row for {cell}");
        }
    }
}

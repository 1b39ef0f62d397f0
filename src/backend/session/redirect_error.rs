//! What an error means that the redirect brings instead of a code (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6): the person's no, a
//! setting that the operator has to change, or trouble that passes.

use crate::backend::oidc::provider_error::printable;
use crate::protocol::{Code, SessionError};

/// The outcome of a session after a redirect with this error.
#[must_use]
pub fn meaning(error: &str) -> SessionError {
    let said = printable(error);
    let operators = |setting: &str| SessionError {
        code: Code::IdpRefused,
        message: format!(
            "The identity provider refused the request itself ({said}), so trying again changes nothing: tell the operator of this Backstage ({setting})."
        ),
    };
    match error {
        "invalid_scope" => operators("OIDC_SCOPES asks for what this client may not have"),
        "unauthorized_client" | "unsupported_response_type" => {
            operators("the client has to be allowed the authorization code flow there")
        }
        "invalid_request" => operators("OIDC_EXTRA_PARAMS, OIDC_AUDIENCE, OIDC_ORGANIZATION_ID"),
        "server_error" | "temporarily_unavailable" => SessionError {
            code: Code::IdpUnreachable,
            message: format!(
                "The identity provider is in trouble and could not log you in ({said}): try again in a moment."
            ),
        },
        _ => SessionError {
            code: Code::AccessDenied,
            message: format!(
                "The identity provider refused the login ({said}): try again, or ask its administrator."
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_told_to_those_who_can_change_it() {
        let codes =
            |errors: &[&str]| -> Vec<Code> { errors.iter().map(|error| meaning(error).code).collect() };
        let operators =
            ["invalid_scope", "unauthorized_client", "unsupported_response_type", "invalid_request"];
        assert_eq!(codes(&operators), [Code::IdpRefused; 4]);
        assert_eq!(codes(&["server_error", "temporarily_unavailable"]), [Code::IdpUnreachable; 2]);
        assert_eq!(codes(&["access_denied", "consent_required", "<b>new</b>"]), [Code::AccessDenied; 3]);
        for error in operators {
            assert!(meaning(error).message.contains(error));
        }
        assert!(!meaning("<b>new</b>").message.contains('<'), "markup");
    }
}

//! Watches a session that was begun in Backstage while its login waits here: its user may cancel it there, or begin newer ones.

use std::time::Duration;

use super::over;
use crate::helper::HelperError;
use crate::helper::backend_client::{ApiError, BackendApi};
use crate::protocol::{Code, SessionResponse, WireSecret};

/// How long one request waits for a change, in seconds: the most that the backend allows.
const WAIT: u8 = 25;

/// The pause between two requests, also where a server in between answers at once.
const PAUSE: Duration = Duration::from_secs(1);

/// The pause after one without an answer, or beside two others: Backstage's dialog waits for the same session.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// Returns how the session has ended, once it has without this helper. Never while it goes on, or where the backend does not say.
pub async fn ended_elsewhere(api: &BackendApi, token: &WireSecret) -> HelperError {
    loop {
        let pause = match api.session_change(token, WAIT).await {
            Ok(session) => match ended(&session) {
                Some(error) => return error,
                None => PAUSE,
            },
            Err(ApiError::Refused(refusal)) if refusal.code != Some(Code::RateLimited) => {
                tracing::info!(%refusal, "the session is not watched any more");
                return std::future::pending().await;
            }
            Err(_) => LONG_PAUSE,
        };
        tokio::time::sleep(pause).await;
    }
}

/// Its expiry is left to the login, which knows when it is and what to say.
fn ended(session: &SessionResponse) -> Option<HelperError> {
    over(session).filter(|over| !matches!(over, HelperError::Expired))
}

//! What every request passes: the caller, the rate, the request id.

mod caller;
mod rate_limit;
mod request_id;
mod tls;
mod verified_tokens;

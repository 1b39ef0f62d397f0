//! What every request passes on its way in: who calls, how often, under which name, and how a refusal looks.

pub mod caller;
pub mod connection;
pub mod dev_guard;
pub mod http1;
pub mod json_body;
pub mod kubernetes_status;
pub mod problems;
pub mod rate_limit;
pub mod request_id;
pub mod tls_listener;

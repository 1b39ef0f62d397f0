//! What kubectl needs to reach clusters through the backend's Kubernetes proxy: a Backstage token for each call, and contexts.

pub mod browser_sign_in;
pub mod get_token;
pub mod kubeconfig;
pub mod no_sign_in;
pub mod tab_record;

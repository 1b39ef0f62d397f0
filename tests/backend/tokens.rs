//! Tokens that serve now.

mod get_token;
mod kubelogin;
mod refresh;

//! The backend, a folder as in `src/backend`.

mod admin;
mod api;
mod config_check;
mod from_kubeconfig;
mod inbound;
mod kubernetes;
mod logout;
mod oidc;
mod renewals;
mod session;
mod stopping;
mod tokens;

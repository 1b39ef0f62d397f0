//! What the program talks to: identity providers, Backstage, a cluster, Redis; and what makes their tokens.

pub mod backstage;
pub mod cluster;
pub mod forger;
pub mod hostile_idp;
pub mod idp;
pub mod prometheus;
pub mod provider;
pub mod redis_server;
pub mod sentinel;
pub mod ssh_server;
pub mod user_systemd;

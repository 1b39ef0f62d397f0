//! Starts the real parts around a test, each on a free port in a network namespace of the test's own, and stops them on drop.

pub mod api;
pub mod backend;
pub mod backstage;
pub mod browser;
pub mod callback_port;
pub mod cluster;
pub mod command;
pub mod confirmed;
pub mod far_backend;
pub mod far_network;
pub mod forger;
pub mod front;
pub mod helper_program;
pub mod hostile_idp;
pub mod idp;
pub mod ingress;
pub mod ledger;
pub mod node;
pub mod process;
pub mod prometheus;
pub mod proxy_program;
pub mod raw_http;
pub mod redis_server;
pub mod sentinel;
pub mod tinyproxy;
pub mod world;

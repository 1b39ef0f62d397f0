//! What stands between the program and the rest: proxies, fronts with TLS or faults, a second network.

pub mod far_backend;
pub mod far_network;
pub mod faulty_front;
pub mod front;
pub mod ingress;
pub mod tinyproxy;

//! The real binary, in each of its roles.

pub mod backend;
pub mod command;
pub mod confirmed;
pub mod helper_program;
pub mod kubelogin;
pub mod provider_page;
pub mod proxy_program;

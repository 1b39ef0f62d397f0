//! The user confirms a backend that was never confirmed on this machine before it is sent anything but `GET /info`.

pub mod backend_name;
pub mod in_terminal;
pub mod last_backend;
pub mod question;
pub mod trust;

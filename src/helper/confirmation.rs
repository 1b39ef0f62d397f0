//! A backend that was never confirmed on this machine: the person says whether it is theirs, before it is sent anything but
//! `GET /info`.

pub mod backend_name;
pub mod in_terminal;
pub mod question;
pub mod trust;

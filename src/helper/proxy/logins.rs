//! The logins that a proxy serves, each from its beginning to its end.

pub mod begin;
pub mod lookup;
pub mod resume;
pub mod run;

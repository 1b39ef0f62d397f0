//! Clients of the program: plain HTTP, a browser, and bytes that no client would send.

pub mod api;
pub mod browser;
pub mod callback_port;
pub mod https;
pub mod load;
pub mod login;
pub mod own_exchange;
pub mod raw_http;

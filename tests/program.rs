//! Whole-program tests: the real binary among real parts, a feature a file.

mod harness;

mod exit_codes;
mod killed_backend;
mod login_in_browser;
mod login_over_http;

//! Whole-program tests: the real binary among real parts, a feature a file.

mod harness;

mod attacks_on_the_helper;
mod exit_codes;
mod killed_backend;
mod login_in_browser;
mod login_over_http;

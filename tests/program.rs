//! Whole-program tests: the real binary among real parts, a feature a file.

mod harness;

mod documents;
mod login_over_http;

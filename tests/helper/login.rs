//! The role of one login.

mod exit_codes;
mod in_browser;
mod which_cluster;

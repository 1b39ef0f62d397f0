//! What no folder of `src/` answers for alone.

mod documents;
mod faults;
mod healthcheck;
mod login_over_http;
mod many_clusters;
mod methods;
mod other_versions;
mod panics;
mod preloaded;
mod randomness;
mod two_users;

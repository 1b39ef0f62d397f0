//! Own Kubernetes access inside Backstage, for identity providers that allow only the redirect URI `http://localhost:8000/`.
//!
//! The path of one login, and the module of each step:
//!
//! 1. **register** a session: `backend::session::register`
//! 2. **authorize** in the browser, begun by the helper: [`helper`]
//! 3. **callback** to the helper on `localhost:8000`: [`helper`]
//! 4. **exchange** of the authorization code: `backend::session::exchange`
//! 5. **keep** the tokens sealed: [`store`]
//! 6. **use** them against Kubernetes: `backend::kubernetes`
//!
//! [`backend`] and [`helper`] never import each other: they share the wire types ([`protocol`]) and the foundations, which are
//! all other modules and import neither.

pub mod backend;
pub mod backstage_names;
pub mod clock;
pub mod helper;
pub mod outbound;
pub mod panics;
pub mod problem;
pub mod protocol;
pub mod random;
pub mod settings;
pub mod stop_signal;
pub mod store;
pub mod telemetry;

/// Gives back what thousands of streams have taken when they end, which the C libraries' allocators keep in pieces. Its settings are in
/// `.cargo/config.toml`, since they are fixed when it is built. It is the allocator of each program with this library, as aws-lc calls it by name.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

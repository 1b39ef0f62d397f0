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

// aws-lc takes its memory from jemalloc (`.cargo/config.toml`), so that each program with this library links it.
#[cfg(target_os = "linux")]
use tikv_jemallocator as _;

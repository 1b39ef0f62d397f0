//! Own Kubernetes access inside Backstage, for identity providers whose only redirect URI is `http://localhost:8000/`.
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
//! The two rooms [`backend`] and [`helper`] never import each other: what they share is the wire ([`protocol`]) and
//! the foundations.

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

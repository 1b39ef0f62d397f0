//! Runs on the user's machine: owns the redirect URI for the length of a login and relays what arrives there.
//!
//! The path of one login through this room: [`port`] binds the redirect URI's port, [`session`] begins or takes over a session through
//! [`backend_client`], [`session::auth_url`] is checked, [`web::confirm`] sends the browser to the identity provider,
//! [`web::redirect`] takes and [`callback`] judges what comes back, [`session::delivery`] hands it to the backend, [`web::pages`] show
//! the [`session::outcome`].
//! A backend that was never confirmed on this machine ([`confirmation::trust`]) is asked about first ([`login::confirm_backend`]).
//! Where nothing says who the person is, [`login::sign_in_first`] comes first: [`sign_in`] is the OAuth client,
//! [`sign_in::token_file`] keeps what it gets. In the [`proxy`] role there are many logins at once. [`account::status`] and
//! [`account::logout`] are about the logins that the backend holds already.

pub mod account;
pub mod backend_client;
pub mod callback;
pub mod confirmation;
pub mod login;
pub mod port;
pub mod private_folder;
pub mod proxy;
pub mod session;
pub mod sign_in;
pub mod terminal;
pub mod web;

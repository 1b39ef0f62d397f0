//! Runs on the user's machine: owns the redirect URI for the length of a login and relays what arrives there.
//!
//! The path of one login through this room: [`listeners`] bind the port, [`session_source`] begins or takes over a
//! session through [`backend_api`], [`auth_url`] is checked, [`confirm`] sends the browser to the identity provider,
//! [`redirect`] takes and [`callback`] judges what comes back, [`delivery`] hands it to the backend, [`pages`] show the [`outcome`].
//! A backend that was never confirmed on this machine ([`backend_trust`]) is asked about first ([`confirmation`]).
//! Where nothing says who the person is, [`signing_in`] comes first: [`backstage_sign_in`] is the OAuth client, [`backstage_token_file`]
//! keeps what it gets. In the [`proxy`] role there are many logins at once. [`status`] and [`logout`] are about the logins that the
//! backend holds already.

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

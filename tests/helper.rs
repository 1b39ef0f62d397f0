//! The program on the user's machine, a folder as in `src/helper`.

mod account;
mod confirmation;
mod far_from_browser;
mod kubectl;
mod login;
mod own_exchange;
mod proxy;
mod sign_in;
mod terminal;
mod web;

//! One identity provider: what it publishes, its ID tokens, the identity rule.

mod day;
mod discovery;
mod id_token;
mod identity_rule;
mod profiles;
mod providers;
mod published;

//! What is known of codes that the helper redeems itself, so that none is ever sent twice: also where the process ends in the middle, or
//! another one gets the same callback.

use std::time::Duration;

use async_trait::async_trait;

use crate::helper::web::login_lookup::Unavailable;
use crate::protocol::{TokensRequest, WireSecret};

/// Who may send the code of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The caller; nothing was sent so far.
    Ours,
    /// Another process has sent it, or is about to.
    Others,
}

/// Where that is kept, by the state of a login.
#[async_trait]
pub trait Redemptions: Send + Sync {
    /// Claims the code for this owner; [`Turn::Ours`] again for the same one.
    async fn claim(
        &self,
        state: &WireSecret,
        owner: &WireSecret,
        life: Duration,
    ) -> Result<Turn, Unavailable>;

    /// Lets go of a claim: the code was not taken.
    async fn release(&self, state: &WireSecret) -> Result<(), Unavailable>;

    /// Keeps what came, until the backend has it.
    async fn keep(
        &self,
        state: &WireSecret,
        tokens: &TokensRequest,
        life: Duration,
    ) -> Result<(), Unavailable>;

    /// What came.
    async fn kept(&self, state: &WireSecret) -> Result<Option<TokensRequest>, Unavailable>;
}

/// For one login in one process, which hands its callback over once: there is nothing to remember.
pub struct OnceHere;

#[async_trait]
impl Redemptions for OnceHere {
    async fn claim(&self, _: &WireSecret, _: &WireSecret, _: Duration) -> Result<Turn, Unavailable> {
        Ok(Turn::Ours)
    }

    async fn release(&self, _: &WireSecret) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn keep(&self, _: &WireSecret, _: &TokensRequest, _: Duration) -> Result<(), Unavailable> {
        Ok(())
    }

    async fn kept(&self, _: &WireSecret) -> Result<Option<TokensRequest>, Unavailable> {
        Ok(None)
    }
}

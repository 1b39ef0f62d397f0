//! How requests find the pending logins: one in the `login` role, many in the `proxy` role.

use std::sync::Arc;

use async_trait::async_trait;

use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::session::pending_login::PendingLogin;
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::protocol::WireSecret;
use crate::random::NoRandomness;
use crate::store::StoreError;
use crate::store::sealing::NotSealed;
use crate::store::sealing::derived::DoesNotOpen;

/// Why the logins cannot be looked up now. Each message names the next step.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DoesNotOpen),
    /// A record cannot be written.
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// The pending logins.
#[async_trait]
pub trait LoginLookup: Send + Sync {
    /// The login with this state.
    async fn of_state(&self, state: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable>;

    /// The login with this secret in its link.
    async fn of_link(&self, secret: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable>;

    /// A token for the form of one confirm page.
    async fn issue_confirm_token(&self, login: &PendingLogin) -> Result<WireSecret, Unavailable>;

    /// Redeems a confirm page's token: the login that it was issued for, the first time only.
    async fn redeem_confirm_token(
        &self,
        token: &WireSecret,
    ) -> Result<Option<Arc<PendingLogin>>, Unavailable>;

    /// The question about the backend with this secret in its link.
    fn question_of_link(&self, secret: &WireSecret) -> Option<Arc<BackendQuestion>>;

    /// Redeems the token of such a page: the question that it was issued for, the first time only.
    fn redeem_question_token(&self, token: &WireSecret) -> Option<Arc<BackendQuestion>>;

    /// The sign-in to Backstage with this state.
    fn sign_in_of_state(&self, state: &WireSecret) -> Option<Arc<PendingSignIn>>;

    /// The sign-in to Backstage with this secret in its link.
    fn sign_in_of_link(&self, secret: &WireSecret) -> Option<Arc<PendingSignIn>>;
}

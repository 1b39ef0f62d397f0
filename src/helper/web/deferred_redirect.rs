//! Where a waiting browser is sent once it is known what begins.

use tokio::sync::watch;

use crate::protocol::WireSecret;

/// Where the browser goes.
#[derive(Clone, Debug)]
pub enum Destination {
    /// To this link, the page of the login or sign-in that begins.
    Link(WireSecret),
    /// To no link, as nothing begins: a page with this sentence.
    Failure(String),
    /// To no link, as a sign-in was all that was wanted: a page that says so.
    SignedIn,
}

/// A redirect that is decided later; any number of browsers can wait for it.
pub struct DeferredRedirect(watch::Sender<Option<Destination>>);

impl Default for DeferredRedirect {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl DeferredRedirect {
    /// Decides where waiting browsers go.
    pub fn resolve(&self, destination: Destination) {
        self.0.send_replace(Some(destination));
    }

    /// Waits until it is decided.
    pub async fn destination(&self) -> Destination {
        let mut resolved = self.0.subscribe();
        match resolved.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(destination)) => destination.clone(),
            // Not while `self` holds the sender.
            _ => std::future::pending().await,
        }
    }

    /// Whether it is decided.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.0.borrow().is_some()
    }
}

//! Where a browser goes on that waits for something to begin.

use tokio::sync::watch;

use crate::protocol::WireSecret;

/// Where it goes on.
#[derive(Clone, Debug)]
pub enum Onward {
    /// There: the link of what now begins.
    To(WireSecret),
    /// Nowhere, since nothing begins; a sentence for the page.
    Nowhere(String),
}

/// Tells the browsers that wait, as soon as it is known.
pub struct Signpost(watch::Sender<Option<Onward>>);

impl Default for Signpost {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Signpost {
    /// From now on it points there.
    pub fn point(&self, onward: Onward) {
        self.0.send_replace(Some(onward));
    }

    /// Where it points, as soon as it does.
    pub async fn read(&self) -> Onward {
        let mut pointing = self.0.subscribe();
        match pointing.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(onward)) => onward.clone(),
            // Not while `self` holds the sender.
            _ => std::future::pending().await,
        }
    }

    /// Whether it points anywhere.
    #[must_use]
    pub fn points(&self) -> bool {
        self.0.borrow().is_some()
    }
}

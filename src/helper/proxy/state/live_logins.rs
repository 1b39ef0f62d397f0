//! The logins that this process knows: pending ones, and ended ones until their page has shown the outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::helper::session::facts::LoginFacts;
use crate::helper::session::pending_login::{PendingLogin, Progress};

/// Logins by the hash of their state.
#[derive(Default)]
pub struct LiveLogins(Mutex<HashMap<String, Known>>);

enum Known {
    /// A pending login of another process: its record opens only with the state in its callback.
    Expected,
    /// A login of this process.
    Opened(Arc<PendingLogin>),
}

impl Known {
    fn is_under_way(&self) -> bool {
        match self {
            Self::Expected => true,
            Self::Opened(login) => !matches!(login.progress(), Progress::Ended(_)),
        }
    }
}

impl LiveLogins {
    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a pending login of which only the hash is known.
    pub fn expect(&self, hash: &str) {
        self.known().entry(hash.to_owned()).or_insert(Known::Expected);
    }

    /// Adds a login, unless it is known already.
    ///
    /// # Errors
    /// The login that is known already.
    pub fn enter(&self, hash: &str, login: &Arc<PendingLogin>) -> Result<(), Arc<PendingLogin>> {
        let mut known = self.known();
        if let Some(Known::Opened(first)) = known.get(hash) {
            return Err(Arc::clone(first));
        }
        known.insert(hash.to_owned(), Known::Opened(Arc::clone(login)));
        Ok(())
    }

    /// The login with this hash of its state.
    #[must_use]
    pub fn get(&self, hash: &str) -> Option<Arc<PendingLogin>> {
        match self.known().get(hash) {
            Some(Known::Opened(login)) => Some(Arc::clone(login)),
            Some(Known::Expected) | None => None,
        }
    }

    /// Removes a login.
    pub fn forget(&self, hash: &str) {
        self.known().remove(hash);
    }

    /// Removes a login of which only the hash is known.
    pub fn forget_unless_opened(&self, hash: &str) {
        self.known().retain(|other, known| other != hash || matches!(known, Known::Opened(_)));
    }

    /// The number of pending logins.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.known().values().filter(|known| known.is_under_way()).count()
    }

    /// What may be shown of the pending logins, in a stable order.
    #[must_use]
    pub fn facts(&self) -> Vec<LoginFacts> {
        let known = self.known();
        let logins = known.values().filter(|known| known.is_under_way()).filter_map(|known| match known {
            Known::Opened(login) => Some(login.facts.clone()),
            Known::Expected => None,
        });
        let mut facts: Vec<LoginFacts> = logins.collect();
        facts.sort_by(|a, b| (&a.user, &a.cluster).cmp(&(&b.user, &b.cluster)));
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helper::callback::Consent;
    use crate::helper::session::example_login::example_login;
    use crate::helper::session::outcome::Outcome;

    #[test]
    fn a_login_is_entered_once_and_counts_until_it_ends() {
        let logins = LiveLogins::default();
        logins.expect("a");
        assert_eq!((logins.under_way(), logins.facts().len()), (1, 0));
        let [first, second] = [(), ()].map(|()| Arc::new(example_login(Consent::Needed).0));
        assert!(logins.enter("a", &first).is_ok());
        assert!(logins.enter("a", &second).is_err_and(|known| Arc::ptr_eq(&known, &first)));
        logins.forget_unless_opened("a");
        assert_eq!((logins.under_way(), logins.facts().len()), (1, 1));
        first.end(Outcome::Denied);
        assert_eq!((logins.under_way(), logins.facts().len()), (0, 0));
        assert!(logins.get("a").is_some(), "a reloaded page asks for the outcome");
        logins.forget("a");
        assert!(logins.get("a").is_none());
    }

    #[test]
    fn what_was_only_expected_is_forgotten() {
        let logins = LiveLogins::default();
        logins.expect("a");
        logins.expect("b");
        logins.forget_unless_opened("a");
        assert_eq!(logins.under_way(), 1);
    }
}

//! The questions about the backend that this process has put; a restart forgets them, as it does sign-ins.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::helper::confirmation::question::BackendQuestion;
use crate::protocol::WireSecret;

/// So many may wait at once; the oldest then leads nowhere.
const MOST: usize = 64;

/// The questions that this process has put.
#[derive(Default)]
pub struct Questions(Mutex<VecDeque<Arc<BackendQuestion>>>);

impl Questions {
    fn open(&self) -> MutexGuard<'_, VecDeque<Arc<BackendQuestion>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A question is put.
    pub fn enter(&self, question: &Arc<BackendQuestion>) {
        let mut open = self.open();
        if open.len() == MOST {
            open.pop_front();
        }
        open.push_back(Arc::clone(question));
    }

    /// A question is over, and its page no longer reloaded.
    pub fn forget(&self, question: &Arc<BackendQuestion>) {
        self.open().retain(|known| !Arc::ptr_eq(known, question));
    }

    /// The one whose page's address ends with this secret.
    #[must_use]
    pub fn of_link(&self, secret: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.open().iter().find(|question| question.link_secret().equals(secret)).cloned()
    }

    /// The one whose form this token was for, which is now used up.
    #[must_use]
    pub fn redeem(&self, token: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.open().iter().find(|question| question.redeem_form_token(token)).cloned()
    }
}

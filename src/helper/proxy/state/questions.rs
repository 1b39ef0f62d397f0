//! The questions about the backend that this process has asked. A restart loses them, as it does sign-ins.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::helper::confirmation::question::BackendQuestion;
use crate::protocol::WireSecret;

/// How many may be pending at once; beyond that the oldest one is dropped.
const MOST: usize = 64;

/// The pending questions.
#[derive(Default)]
pub struct Questions(Mutex<VecDeque<Arc<BackendQuestion>>>);

impl Questions {
    fn open(&self) -> MutexGuard<'_, VecDeque<Arc<BackendQuestion>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a question.
    pub fn enter(&self, question: &Arc<BackendQuestion>) {
        let mut open = self.open();
        if open.len() == MOST {
            open.pop_front();
        }
        open.push_back(Arc::clone(question));
    }

    /// Removes a question that is over.
    pub fn forget(&self, question: &Arc<BackendQuestion>) {
        self.open().retain(|known| !Arc::ptr_eq(known, question));
    }

    /// The question with this secret in its link.
    #[must_use]
    pub fn of_link(&self, secret: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.open().iter().find(|question| question.link_secret().equals(secret)).cloned()
    }

    /// Redeems a form's token: the question that it was issued for.
    #[must_use]
    pub fn redeem(&self, token: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.open().iter().find(|question| question.redeem_form_token(token)).cloned()
    }
}

//! One-time tokens for the forms of one question.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::protocol::WireSecret;
use crate::random::{NoRandomness, Random, random_secret};

/// How many pages may be open at once; beyond that the oldest page's button does nothing.
const OPEN_PAGES: usize = 8;

/// The tokens that were issued and not redeemed.
#[derive(Default)]
pub struct FormTokens(Mutex<VecDeque<WireSecret>>);

impl FormTokens {
    /// A token for the form of one page.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn issue(&self, random: &dyn Random) -> Result<WireSecret, NoRandomness> {
        let token = random_secret(random)?;
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() == OPEN_PAGES {
            open.pop_front();
        }
        open.push_back(token.clone());
        Ok(token)
    }

    /// Redeems a token; true the first time only.
    #[must_use]
    pub fn redeem(&self, token: &WireSecret) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = open.iter().position(|issued| issued.equals(token));
        found.is_some_and(|index| open.remove(index).is_some())
    }
}

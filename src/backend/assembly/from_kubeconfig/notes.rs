//! What could not be carried over.

/// What could not be carried over, a sentence each.
#[derive(Default)]
pub struct Notes(Vec<String>);

/// Why a context is left out: the rest of a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LeftOut(pub String);

impl Notes {
    /// Adds a sentence, once: several contexts share a user.
    pub fn add(&mut self, sentence: String) {
        if !self.0.contains(&sentence) {
            self.0.push(sentence);
        }
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

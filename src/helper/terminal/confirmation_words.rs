//! The words that the user types to confirm: random and new for every question, so that a pasted command cannot contain them.

use crate::random::{NoRandomness, Random};

/// 256 words, so that a random byte picks one; two words make 65,536 pairs.
const WORDS: &str = include_str!("words.txt");

/// How many wrong answers are allowed, so that lines pasted after a command cannot guess the words.
const MOST_WRONG: u8 = 3;

/// Words that are shown and wait to be typed.
pub struct ConfirmationWords {
    words: String,
    wrong: u8,
}

/// The result of a typed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The words.
    Yes,
    /// Wrong; there are new words.
    Wrong,
    /// Wrong too often; typed answers are ignored from now on.
    NoMore,
}

impl ConfirmationWords {
    /// New ones.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self { words: two_words(random)?, wrong: 0 })
    }

    /// The words to type.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.words
    }

    /// Checks an answer.
    ///
    /// # Errors
    /// When there is no randomness for new words.
    pub fn take(&mut self, line: &str, random: &dyn Random) -> Result<Answer, NoRandomness> {
        if self.wrong >= MOST_WRONG {
            return Ok(Answer::NoMore);
        }
        let typed: Vec<&str> = line.split_whitespace().collect();
        if typed.join(" ").eq_ignore_ascii_case(&self.words) {
            return Ok(Answer::Yes);
        }
        self.wrong = self.wrong.saturating_add(1);
        self.words = two_words(random)?;
        Ok(if self.wrong >= MOST_WRONG { Answer::NoMore } else { Answer::Wrong })
    }
}

fn two_words(random: &dyn Random) -> Result<String, NoRandomness> {
    let mut bytes = [0; 2];
    random.fill(&mut bytes)?;
    let words = bytes.map(|byte| WORDS.lines().nth(usize::from(byte)).unwrap_or_default());
    Ok(words.join(" "))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::random::SystemRandom;

    #[test]
    fn there_is_a_word_for_every_byte_and_each_is_easy_to_type() {
        let words: HashSet<&str> = WORDS.lines().collect();
        assert_eq!((words.len(), WORDS.lines().count()), (256, 256));
        for word in words {
            let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(is_plain && (3..=9).contains(&word.len()), "{word}");
        }
    }

    #[test]
    fn only_the_words_that_are_shown_count_and_no_others_after_three_tries() {
        let mut asked = ConfirmationWords::new(&SystemRandom).unwrap();
        let shown = asked.shown().to_owned();
        let typed = format!("  {} \n", shown.to_uppercase().replace(' ', "   "));
        assert_eq!(asked.take(&typed, &SystemRandom).unwrap(), Answer::Yes);
        assert_eq!(asked.take("y", &SystemRandom).unwrap(), Answer::Wrong);
        assert_ne!(asked.shown(), shown, "guessing goes on at the same words");
        assert_eq!(asked.take("yes", &SystemRandom).unwrap(), Answer::Wrong);
        assert_eq!(asked.take(&shown, &SystemRandom).unwrap(), Answer::NoMore);
        let shown = asked.shown().to_owned();
        assert_eq!(asked.take(&shown, &SystemRandom).unwrap(), Answer::NoMore);
    }

    #[test]
    fn every_question_has_its_own() {
        let shown = || ConfirmationWords::new(&SystemRandom).unwrap().words;
        let different: HashSet<String> = (0..20).map(|_| shown()).collect();
        assert!(different.len() > 15, "{different:?}");
    }
}

//! Text from a server, made safe for a terminal, a page and a log.

/// As many characters of a text from a server are shown: more than any sentence of the backend has.
const DISPLAY_LIMIT: usize = 1_000;

/// As many of them are the text's last ones where it is longer: a sentence ends with what to do.
const END_SHOWN: usize = 600;

/// A text from a server, without characters that control a terminal or the reading direction. Of a long one the middle is left out.
#[must_use]
pub fn displayable(text: &str) -> String {
    let text: String = harmless(text).collect();
    let length = text.chars().count();
    if length <= DISPLAY_LIMIT {
        return text;
    }
    let beginning = text.chars().take(DISPLAY_LIMIT.saturating_sub(END_SHOWN).saturating_sub(1));
    let end = text.chars().skip(length.saturating_sub(END_SHOWN));
    beginning.chain(std::iter::once('…')).chain(end).collect()
}

/// The same without a limit of length.
pub fn harmless(text: &str) -> impl Iterator<Item = char> {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(move |c| !c.is_control() && !turns(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_cannot_steer_the_terminal() {
        assert_eq!(displayable("a\u{1b}[2Jb\r\n\u{202e}c"), "a[2Jbc");
    }

    #[test]
    fn a_sentence_is_shown_whole_and_of_a_longer_text_neither_the_beginning_nor_the_advice_is_lost() {
        let advice = "ask the operator of this Backstage (IDENTITY_RULE).";
        let sentence = |length| format!("This login was refused, {}: {advice}", "x".repeat(length));
        assert_eq!(displayable(&sentence(900)), sentence(900));
        let cut = displayable(&sentence(2_000));
        assert_eq!(cut.chars().count(), DISPLAY_LIMIT);
        assert!(cut.starts_with("This login was refused, x") && cut.ends_with(advice), "{cut}");
        assert_eq!(cut.matches('…').count(), 1, "{cut}");
        // Characters, not bytes.
        assert_eq!(displayable(&"ü".repeat(1_001)).chars().count(), DISPLAY_LIMIT);
    }
}

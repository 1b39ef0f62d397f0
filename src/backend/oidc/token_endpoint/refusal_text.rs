//! The words of a provider's refusal, for the operator's log: cut, on one line, and without what we sent.

use crate::protocol::WireSecret;

/// So many characters at most.
const LONGEST: usize = 400;
/// A longer word may be a token that the provider repeats; a UUID is shorter.
const LONGEST_WORD: usize = 40;
const LEFT_OUT: &str = "…";

/// An `error_description` (RFC 6749, 5.2), cleaned.
#[must_use]
pub fn cleaned(description: &str, sent: &WireSecret) -> String {
    let without = match sent.expose() {
        "" => description.to_owned(),
        sent => description.replace(sent, LEFT_OUT),
    };
    let words = without.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let short = words.map(|word| if word.chars().count() > LONGEST_WORD { LEFT_OUT } else { word });
    let line = short.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).chain(LEFT_OUT.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_short_line_without_tokens() {
        let sent: WireSecret = "0.AX-short".into();
        let entra =
            "AADSTS70043: The refresh token has expired.\r\nTrace ID: 3fd9d2a3-8a0e-4d3c-9a59-1f0c3a2b4e00";
        assert_eq!(cleaned(entra, &sent), entra.replace("\r\n", " "));
        assert_eq!(cleaned("Invalid refresh token: 0.AX-short", &sent), "Invalid refresh token: …");
        let jwt = format!("no {} here", "e".repeat(41));
        assert_eq!(cleaned(&jwt, &sent), "no … here");
        assert_eq!(cleaned("a\u{1b}[31mred\u{0}", &sent), "a [31mred");
        assert_eq!(cleaned(&"word ".repeat(200), &sent).chars().count(), LONGEST + 1);
        assert_eq!(cleaned("", &"".into()), "");
    }
}

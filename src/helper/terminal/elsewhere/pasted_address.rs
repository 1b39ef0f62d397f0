//! What a typed or pasted line means: words, or the address at which a login ended, in the forms in which people copy it.

use crate::protocol::WireSecret;

/// The meaning of a typed line.
#[derive(Debug)]
pub enum Typed {
    /// The query of an address at which a login ended.
    CallbackQuery(WireSecret),
    /// Another address than that.
    OtherAddress(OtherAddress),
    /// Words.
    Words,
    /// Nothing but white space.
    Nothing,
}

/// What an address is that holds no answer of a login. Ends the sentence "That is …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtherAddress {
    /// The identity provider's, or Backstage's, before the login.
    #[error(
        "the address that you opened, not the one at which it ended: log in there first, then paste the address that the browser shows at the end"
    )]
    Beginning,
    /// The helper's link.
    #[error("this program's own link: open it in a browser, or paste the address at which the login ended")]
    OwnLink,
    /// Any other.
    #[error(
        "not the whole address at which the login ended: copy all of it, with code and state behind the question mark"
    )]
    NoAnswer,
}

/// The parameters of a redirect that tell one.
const ANSWER: [&str; 2] = ["code", "error"];
/// Pairs of characters in which an address may have been wrapped.
const WRAPPINGS: [(char, char); 8] = [
    ('<', '>'),
    ('(', ')'),
    ('[', ']'),
    ('{', '}'),
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
];

/// Interprets a line. An address may be wrapped in quotes or brackets, broken into lines, without its scheme or with https, or its query alone.
#[must_use]
pub fn understand(line: &str) -> Typed {
    let line = line.trim();
    if line.is_empty() {
        return Typed::Nothing;
    }
    let joined: String = unwrapped(line).chars().filter(|c| !c.is_whitespace()).collect();
    let address = joined.split('#').next().unwrap_or_default();
    let query = match address.split_once('?') {
        Some((_, query)) => query,
        None if is_query(address) => address,
        None if is_address(line, address) => return Typed::OtherAddress(other(address, "")),
        None => return Typed::Words,
    };
    // A mail or a page that was copied as its source.
    let query = query.replace("&amp;", "&");
    if has(&query, &ANSWER) && has(&query, &["state"]) {
        return Typed::CallbackQuery(query.into());
    }
    Typed::OtherAddress(other(address, &query))
}

/// The line without what stands around the address.
fn unwrapped(line: &str) -> &str {
    let mut rest = line;
    loop {
        let inner = WRAPPINGS.iter().find_map(|(open, close)| {
            let inside = rest.strip_prefix(*open)?;
            // The sentence around it may go on with a full stop or a comma.
            inside.trim_end_matches(['.', ',', ';']).strip_suffix(*close)
        });
        match inner {
            Some(inside) => rest = inside.trim(),
            None => return rest,
        }
    }
}

/// Whether the text is a query without its address.
fn is_query(text: &str) -> bool {
    let text = text.trim_start_matches(['&', '/']);
    ["code=", "error=", "state=", "iss="].iter().any(|name| text.starts_with(name))
}

/// Words have spaces and no scheme; what was joined to one word is an address only if it begins as one.
fn is_address(line: &str, joined: &str) -> bool {
    let begins = ["http://", "https://", "localhost:", "127.0.0.1:", "[::1]:"];
    begins.iter().any(|begin| joined.starts_with(begin)) || line.starts_with("/go/")
}

fn other(address: &str, query: &str) -> OtherAddress {
    if has(query, &["response_type", "code_challenge"]) {
        OtherAddress::Beginning
    } else if address.contains("/go/") {
        OtherAddress::OwnLink
    } else {
        OtherAddress::NoAnswer
    }
}

/// Whether one of these parameters is there.
fn has(query: &str, names: &[&str]) -> bool {
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| names.contains(&name.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_an_end_is_understood_in_every_form_in_which_people_copy_it() {
        for copied in [
            " http://localhost:8000/?code=a%2Fb&state=c#d ",
            "https://localhost:8000/?code=a%2Fb&state=c",
            "http://127.0.0.1:8000/?code=a%2Fb&state=c",
            "localhost:8000/?code=a%2Fb&state=c",
            "/?code=a%2Fb&state=c",
            "?code=a%2Fb&state=c",
            "code=a%2Fb&state=c",
            "<http://localhost:8000/?code=a%2Fb&state=c>",
            "\"http://localhost:8000/?code=a%2Fb&state=c\"",
            "'http://localhost:8000/?code=a%2Fb&state=c'",
            "(<http://localhost:8000/?code=a%2Fb&state=c>).",
            "\u{201c}http://localhost:8000/?code=a%2Fb&state=c\u{201d},",
            "http://localhost:8000/?code=a\n   %2Fb&st\r\nate=c",
            "http://localhost:8000/?code=a%2Fb&amp;state=c",
        ] {
            let typed = understand(copied);
            assert!(
                matches!(&typed, Typed::CallbackQuery(query) if query.expose() == "code=a%2Fb&state=c"),
                "{copied}: {typed:?}"
            );
        }
        let backstage = understand("http://localhost:8000/backstage/callback?code=a&state=b");
        assert!(matches!(backstage, Typed::CallbackQuery(query) if query.expose() == "code=a&state=b"));
        let refused = understand("http://localhost:8000/?error=access_denied&state=b");
        assert!(matches!(refused, Typed::CallbackQuery(_)));
    }

    #[test]
    fn another_address_is_known_for_what_it_is() {
        for (copied, expected) in [
            ("https://idp.example/authorize?response_type=code&state=s", OtherAddress::Beginning),
            ("http://localhost:8000/go/abc", OtherAddress::OwnLink),
            ("http://localhost:8000/", OtherAddress::NoAnswer),
            ("http://localhost:8000/?code=a", OtherAddress::NoAnswer),
            ("http://localhost:8000/?state=a", OtherAddress::NoAnswer),
            ("code=a", OtherAddress::NoAnswer),
            ("https://www.example.com/search?q=x", OtherAddress::NoAnswer),
        ] {
            let typed = understand(copied);
            assert!(matches!(typed, Typed::OtherAddress(other) if other == expected), "{copied}: {typed:?}");
        }
    }

    #[test]
    fn words_are_words() {
        for words in ["y", " otter piano \n", "yes please", "\"otter piano\""] {
            assert!(matches!(understand(words), Typed::Words), "{words}");
        }
        assert!(matches!(understand(" \n"), Typed::Nothing));
    }
}

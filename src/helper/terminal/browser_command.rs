//! Reads `BROWSER`: a list of commands, separated by colons as xdg-open has it, each in words as a shell has them, with `%s` for the
//! address. Paths with spaces are common there and often stand without quotes: what exists is taken for one word.

use std::fmt;
use std::path::Path;

/// How the system writes paths and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Backslashes escape, colons separate.
    Unix,
    /// Backslashes separate folders, a colon stands behind a drive; there are no lists.
    Windows,
}

impl Syntax {
    /// That of this system.
    #[must_use]
    pub fn of_this_system() -> Self {
        if cfg!(windows) { Self::Windows } else { Self::Unix }
    }
}

/// A quote is not closed, or a backslash is the last character.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("BROWSER holds a quote that is not closed: {0}")]
pub struct NotClosed(String);

/// One command that opens an address.
#[derive(Debug, PartialEq, Eq)]
pub struct BrowserCommand {
    program: String,
    arguments: Vec<String>,
}

impl BrowserCommand {
    /// The commands in that text, in the order in which they are tried.
    ///
    /// # Errors
    /// When a quote is not closed.
    pub fn all(text: &str, syntax: Syntax, exists: &dyn Fn(&str) -> bool) -> Result<Vec<Self>, NotClosed> {
        let commands = match syntax {
            Syntax::Unix if !exists(text.trim()) => separate(text),
            Syntax::Unix | Syntax::Windows => vec![text],
        };
        let read = commands.into_iter().map(|command| Self::read(command.trim(), syntax, exists));
        read.filter_map(Result::transpose).collect()
    }

    fn read(text: &str, syntax: Syntax, exists: &dyn Fn(&str) -> bool) -> Result<Option<Self>, NotClosed> {
        let (program, rest) = match existing(text, exists) {
            Some((program, rest)) => (Some(program.to_owned()), rest),
            None => (None, text),
        };
        let escaped = match syntax {
            Syntax::Unix => rest.to_owned(),
            Syntax::Windows => rest.replace('\\', "\\\\"),
        };
        let words = shlex::split(&escaped).ok_or_else(|| NotClosed(text.to_owned()))?;
        let mut words = program.into_iter().chain(words);
        let Some(program) = words.next() else { return Ok(None) };
        if syntax == Syntax::Unix && is_bundle(&program) {
            let arguments = ["-a".to_owned(), program].into_iter().chain(words).collect();
            return Ok(Some(Self { program: "open".to_owned(), arguments }));
        }
        Ok(Some(Self { program, arguments: words.collect() }))
    }

    /// The program and its arguments for an address.
    #[must_use]
    pub fn words(&self, address: &str) -> (&str, Vec<String>) {
        let has_place = self.arguments.iter().any(|argument| argument.contains("%s"));
        let arguments = self.arguments.iter().map(|argument| argument.replace("%s", address));
        let last = (!has_place).then(|| address.to_owned());
        (&self.program, arguments.chain(last).collect())
    }
}

impl fmt::Display for BrowserCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the program {}", self.program)?;
        if self.arguments.is_empty() { Ok(()) } else { write!(f, " with {}", self.arguments.join(" ")) }
    }
}

/// Whether that is an application of macOS: a folder, which `open` starts.
#[must_use]
pub fn is_bundle(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "app")
}

/// The longest beginning of the text that is a file, and what follows it; only for text with spaces in its path.
fn existing<'t>(text: &'t str, exists: &dyn Fn(&str) -> bool) -> Option<(&'t str, &'t str)> {
    if !text.contains(['/', '\\']) {
        return None;
    }
    let ends = text.char_indices().rev().filter(|(_, c)| *c == ' ').map(|(at, _)| at);
    let beginnings = std::iter::once(text.len()).chain(ends);
    beginnings.filter_map(|at| text.split_at_checked(at)).find(|(beginning, _)| exists(beginning))
}

/// Separates a list at its colons, except those in quotes and those of `http://`.
fn separate(text: &str) -> Vec<&str> {
    let mut quote = None;
    let mut commands = Vec::new();
    let mut rest = text;
    let mut colons = Vec::new();
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if open == c => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == ':' && !text.get(at..).is_some_and(|rest| rest.starts_with("://")) => {
                colons.push(at);
            }
            Some(_) | None => {}
        }
    }
    for at in colons.into_iter().rev() {
        if let Some((before, after)) = rest.split_at_checked(at) {
            commands.push(after.trim_start_matches(':'));
            rest = before;
        }
    }
    commands.push(rest);
    commands.reverse();
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    const FIREFOX: &str = r"C:\Program Files\Mozilla Firefox\firefox.exe";

    fn all(text: &str, syntax: Syntax) -> Vec<Vec<String>> {
        let exists = |path: &str| [CHROME, FIREFOX].contains(&path);
        let commands = BrowserCommand::all(text, syntax, &exists).unwrap();
        let words = |command: &BrowserCommand| {
            let (program, arguments) = command.words("http://x/?a");
            std::iter::once(program.to_owned()).chain(arguments).collect()
        };
        commands.iter().map(words).collect()
    }

    #[test]
    fn words_are_a_shells_and_the_address_comes_once() {
        for (text, expected) in [
            ("firefox --new-window", vec!["firefox", "--new-window", "http://x/?a"]),
            ("app --url=%s -x", vec!["app", "--url=http://x/?a", "-x"]),
            ("'/opt/my browser/run' \"a b\"", vec!["/opt/my browser/run", "a b", "http://x/?a"]),
            ("/opt/my\\ browser", vec!["/opt/my browser", "http://x/?a"]),
            ("app --proxy=http://p", vec!["app", "--proxy=http://p", "http://x/?a"]),
        ] {
            assert_eq!(all(text, Syntax::Unix), [expected], "{text}");
        }
        assert_eq!(all(" ", Syntax::Unix), Vec::<Vec<String>>::new());
        let exists = |_: &str| false;
        assert!(BrowserCommand::all("'x", Syntax::Unix, &exists).is_err());
    }

    #[test]
    fn a_path_with_spaces_is_one_word_where_it_exists_or_is_in_quotes() {
        assert_eq!(all(CHROME, Syntax::Unix), [[CHROME, "http://x/?a"]]);
        assert_eq!(
            all(&format!("{CHROME} --incognito"), Syntax::Unix),
            [[CHROME, "--incognito", "http://x/?a"]]
        );
        let bundle = ["open", "-a", "/Applications/Safari.app", "http://x/?a"];
        assert_eq!(all("/Applications/Safari.app", Syntax::Unix), [bundle]);
        assert_eq!(all(FIREFOX, Syntax::Windows), [[FIREFOX, "http://x/?a"]]);
        let quoted = r#""C:\Other Browser\x.exe" -new-window"#;
        assert_eq!(all(quoted, Syntax::Windows), [[r"C:\Other Browser\x.exe", "-new-window", "http://x/?a"]]);
        assert_eq!(all(r"C:\b.exe %s", Syntax::Windows), [[r"C:\b.exe", "http://x/?a"]]);
    }

    #[test]
    fn a_list_is_tried_in_its_order() {
        let expected = [vec!["firefox", "http://x/?a"], vec!["chromium", "-n", "http://x/?a"]];
        assert_eq!(all("firefox:chromium -n", Syntax::Unix), expected);
        assert_eq!(all("firefox::chromium -n:", Syntax::Unix), expected);
        assert_eq!(all("'/a:b':c", Syntax::Unix), [["/a:b", "http://x/?a"], ["c", "http://x/?a"]]);
    }
}

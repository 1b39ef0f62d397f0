//! A terminal session as a document has it: what stands below `<!-- terminal session: NAME -->`.

use crate::harness::world::repository;

/// What stands above each.
const MARK: &str = "<!-- terminal session: ";
/// What a person types a command behind.
const PROMPT: &str = "$ ";

/// A session of a document.
pub struct Documented {
    lines: Vec<String>,
}

impl Documented {
    /// The one of this name.
    pub fn named(name: &str) -> Self {
        let mut found = all().into_iter().filter(|(other, _)| other == name);
        let (_, session) = found.next().unwrap_or_else(|| panic!("no document has a session {name}"));
        assert!(found.next().is_none(), "two sessions are called {name}");
        session
    }

    /// From the lines of a block.
    pub fn of(text: &str) -> Self {
        Self { lines: text.lines().map(str::to_owned).collect() }
    }

    /// A script that shows and runs its commands; each of them sees the exit code of the one before it. Ctrl-C ends one of them, and not
    /// the script.
    pub fn script(&self) -> String {
        let commands = self.lines.iter().filter_map(|line| line.strip_prefix(PROMPT));
        let steps = commands.map(|command| {
            let shown = format!("{PROMPT}{command}");
            let shown = shlex::try_quote(&shown).unwrap();
            format!("code=$?; printf '%s\\n' {shown}; (exit $code)\n{command}\n")
        });
        std::iter::once("trap : INT\n".to_owned()).chain(steps).collect()
    }

    /// Compares it with what is on a screen.
    pub fn assert_is(&self, screen: &[String]) {
        let shown: Vec<String> = screen.iter().map(|line| Placeholder::in_place_of_all(line)).collect();
        let expected: Vec<String> =
            self.lines.iter().map(|line| Placeholder::in_place_of_all(line)).collect();
        let (shown, expected) = (shown.join("\n"), expected.join("\n"));
        assert_eq!(shown, expected, "the document says otherwise; on the screen is\n{shown}\n");
    }
}

/// All sessions with their names.
pub fn all() -> Vec<(String, Documented)> {
    let docs = std::fs::read_dir(repository().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let files = docs.chain([repository().join("README.md")]).filter(|path| path.is_file());
    files.flat_map(|file| sessions_of(&std::fs::read_to_string(file).unwrap())).collect()
}

fn sessions_of(document: &str) -> Vec<(String, Documented)> {
    let marked = document.split(MARK).skip(1).map(|rest| {
        let (name, rest) = rest.split_once(" -->\n").unwrap();
        let block = rest.strip_prefix("```console\n").unwrap_or_else(|| panic!("no block below {name}"));
        (name.to_owned(), Documented::of(block.split("\n```").next().unwrap()))
    });
    marked.collect()
}

/// What differs each time: between which words it stands, and what stands in the documents for it.
pub struct Placeholder {
    before: &'static str,
    is_part: fn(char) -> bool,
    shown: &'static str,
}

const ALL: [Placeholder; 8] = [
    Placeholder {
        before: "/go/", is_part: |c| c.is_ascii_alphanumeric() || "-_…".contains(c), shown: "…"
    },
    Placeholder { before: "ype: ", is_part: |c| c.is_ascii_lowercase() || c == ' ', shown: "amber canoe" },
    Placeholder {
        before: "until ",
        is_part: |c| c.is_ascii_digit() || "-:.TZ".contains(c),
        shown: "2026-12-01T09:30:00Z",
    },
    Placeholder { before: "(process ", is_part: |c| c.is_ascii_digit(), shown: "4711" },
    Placeholder { before: "localhost:8000 -p ", is_part: |c| c.is_ascii_digit(), shown: "22" },
    // The address to log in at, at the identity provider.
    Placeholder {
        before: "  http",
        is_part: |c| !c.is_whitespace(),
        shown: "s://login.example.com/authorize?…",
    },
    Placeholder { before: "| ", is_part: |c| c.is_ascii_digit() || " ms".contains(c), shown: "4m 50s " },
    // A narrow screen cuts it off sooner or later, as that time is longer or shorter.
    Placeholder { before: " left for you to log in. Ctrl-C", is_part: |_| true, shown: "" },
];

impl Placeholder {
    /// The line as the documents have it.
    pub fn in_place_of_all(line: &str) -> String {
        let turned = ["/ ", "- ", "\\ "].iter().find_map(|turn| line.strip_prefix(turn));
        let line = match turned {
            Some(rest) if rest.contains(" left") => format!("| {rest}"),
            _ => line.to_owned(),
        };
        ALL.iter().fold(line, |line, placeholder| placeholder.in_place_of(&line))
    }

    fn in_place_of(&self, line: &str) -> String {
        let Some((before, rest)) = line.split_once(self.before) else { return line.to_owned() };
        let varies: usize = rest.chars().take_while(|c| (self.is_part)(*c)).map(char::len_utf8).sum();
        if varies == 0 {
            return line.to_owned();
        }
        format!("{before}{}{}{}", self.before, self.shown, &rest[varies..])
    }
}

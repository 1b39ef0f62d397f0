//! The lines of a kubeconfig as kubectl writes it: keys at the margin, and lists of items that begin with a dash.

use std::ops::Range;

use serde_json::Value;

/// The text in lines, each with its end.
pub struct Text {
    lines: Vec<String>,
    end: &'static str,
}

impl Text {
    /// Of that text; its kind of line ends is kept.
    pub fn new(text: &str) -> Self {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { lines: text.split_inclusive('\n').map(str::to_owned).collect(), end }
    }

    /// The text again.
    pub fn into_string(self) -> String {
        self.lines.concat()
    }

    /// Adds lines at the end.
    pub fn append(&mut self, text: &str) {
        let at = self.lines.len();
        self.insert(at, text);
    }

    /// Gives a key at the margin a text for its value.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        let value = scalar(value);
        match self.key(key) {
            Some(at) => {
                let comment = self.taken_out(at);
                self.insert(at, &format!("{key}: {value}{comment}\n"));
            }
            None => self.append(&format!("{key}: {value}\n")),
        }
        true
    }

    /// Puts an item into a list that has so many: in the place of one, or behind the last. Returns false where that place is not found.
    pub fn put(&mut self, list: &str, (at, count): (Option<usize>, usize), item: &Value) -> bool {
        let Some(key) = self.key(list) else {
            if count > 0 {
                return false;
            }
            self.append(&format!("{list}:\n{}", block(item, 0)));
            return true;
        };
        if count == 0 {
            let comment = self.taken_out(key);
            self.insert(key, &format!("{list}:{comment}\n{}", block(item, 0)));
            return true;
        }
        let Some((dash, items)) = self.items(key) else { return false };
        if items.len() != count {
            return false;
        }
        let text = block(item, dash);
        match at {
            Some(at) => {
                let Some(lines) = items.get(at).cloned() else { return false };
                let start = lines.start;
                self.lines.drain(lines);
                self.insert(start, &text);
            }
            None => self.insert(items.last().map_or(key + 1, |last| last.end), &text),
        }
        true
    }

    /// Takes out the line of a key, and returns the comment behind its value.
    fn taken_out(&mut self, at: usize) -> String {
        let line: String = self.lines.drain(at..=at).collect();
        comment(&line).to_owned()
    }

    fn insert(&mut self, at: usize, text: &str) {
        let end = self.end;
        if let Some(before) = at.checked_sub(1).and_then(|at| self.lines.get_mut(at))
            && !before.ends_with('\n')
        {
            before.push_str(end);
        }
        let lines = text.lines().map(|line| format!("{line}{end}"));
        self.lines.splice(at..at, lines);
    }

    /// The line of a key at the margin.
    fn key(&self, key: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
    }

    /// How far the dashes of the list below that line are from the margin, and the lines of each item, without the comments behind it.
    fn items(&self, key: usize) -> Option<(usize, Vec<Range<usize>>)> {
        let mut dash = None;
        let mut items: Vec<Range<usize>> = Vec::new();
        for (at, line) in self.lines.iter().enumerate().skip(key + 1) {
            let text = line.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let indentation = line.len() - line.trim_start_matches(' ').len();
            let is_dash = text == "-" || text.starts_with("- ");
            match dash {
                None if is_dash => dash = Some(indentation),
                None => return None,
                Some(_) => {}
            }
            if is_dash && dash == Some(indentation) {
                items.push(at..at + 1);
            } else if indentation == 0 {
                break;
            } else if let Some(item) = items.last_mut() {
                item.end = at + 1;
            }
        }
        dash.map(|dash| (dash, items))
    }
}

/// The comment behind the value in the line of a key, with the blanks before it.
fn comment(line: &str) -> &str {
    let Some((_, value)) = line.split_once(':') else { return "" };
    let rest = behind_quotes(value);
    let begins = |at: &usize| rest.get(..*at).is_some_and(|before| before.ends_with([' ', '\t']));
    let at = rest.match_indices('#').map(|(at, _)| at).find(begins);
    let blanks = at.and_then(|at| rest.get(..at)).map(|before| before.trim_end().len());
    blanks.and_then(|from| rest.get(from..)).map_or("", str::trim_end)
}

/// What is behind a text in quotes (YAML 1.2, 7.3.1 and 7.3.2); all where there are none.
fn behind_quotes(value: &str) -> &str {
    let mut rest = value.trim_start().chars();
    let Some(quote @ ('"' | '\'')) = rest.next() else { return value };
    while let Some(c) = rest.next() {
        let is_escaped = match c {
            '\\' => quote == '"',
            '\'' => quote == '\'' && rest.as_str().starts_with('\''),
            _ => false,
        };
        if is_escaped {
            rest.next();
        } else if c == quote {
            break;
        }
    }
    rest.as_str()
}

/// An item of a list, with its dash so far from the margin.
fn block(item: &Value, dash: usize) -> String {
    let mut text = String::new();
    write(item, dash + 2, &mut text);
    let mut text: Vec<char> = text.chars().collect();
    if let Some(place) = text.get_mut(dash) {
        *place = '-';
    }
    text.into_iter().collect()
}

/// The fields of a map or the items of a list, a line each, so far from the margin.
fn write(value: &Value, indentation: usize, text: &mut String) {
    let margin = " ".repeat(indentation);
    let margin = margin.as_str();
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                text.extend([margin, scalar(name).as_str(), ":"]);
                write_behind(value, indentation, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                text.extend([margin, "-"]);
                write_behind(item, indentation, text);
            }
        }
        _ => {}
    }
}

fn write_behind(value: &Value, indentation: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            write(value, indentation + 2, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            write(value, indentation, text);
        }
        Value::String(word) => text.extend([" ", scalar(word).as_str(), "\n"]),
        // Numbers, yes and no, null, and what is empty are the same in JSON.
        other => text.extend([" ", other.to_string().as_str(), "\n"]),
    }
}

/// A text, in quotes unless no reader of YAML 1.1 or 1.2 takes it for anything else.
fn scalar(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-._/@".contains(c);
    let is_address =
        text.strip_prefix("https://").is_some_and(|rest| rest.chars().all(|c| is_word(c) || c == ':'))
            && !text.ends_with(':');
    let is_plain =
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && text.chars().all(is_word);
    let is_known = text.len() > 5 || ["name", "exec", "args", "env", "user"].contains(&text);
    if is_address || (is_plain && is_known) { text.to_owned() } else { Value::from(text).to_string() }
}

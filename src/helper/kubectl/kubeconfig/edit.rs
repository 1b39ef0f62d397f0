//! Adds entries to the text of a kubeconfig. Everything else stays byte for byte: comments, order, fields that this program does not know.
//!
//! The lists are found as kubectl and the tools of clouds write them. Then the edited text is parsed, and must hold just what was there and
//! the entries: in a text that is written in another way nothing is changed. A JSON file to which something is added is written anew as JSON.

mod lines;

use serde_json::{Map, Value, json};

use self::lines::Text;
use super::entries::{Entry, Kind, Wanted};
use super::refusal::KubeconfigRefusal;

/// Why a text is not edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotEdited {
    /// It is no kubeconfig; the line, where it is known.
    Broken(Option<u64>),
    /// It is written so that nothing can be added without changing the rest.
    Unusual,
    /// It has an entry of that name which this program has not written.
    OthersEntry(Kind, String),
}

impl NotEdited {
    /// The refusal for that file.
    #[must_use]
    pub fn of(self, path: &std::path::Path) -> KubeconfigRefusal {
        let path = path.to_owned();
        match self {
            Self::Broken(line) => {
                let at = line.map_or_else(String::new, |line| format!(" (line {line})"));
                KubeconfigRefusal::Broken { path, at }
            }
            Self::Unusual => KubeconfigRefusal::Unusual(path),
            Self::OthersEntry(kind, name) => {
                KubeconfigRefusal::OthersEntry { path, kind: kind.keys().1, name }
            }
        }
    }
}

/// The content of a kubeconfig. An empty one is an empty map.
///
/// # Errors
/// [`NotEdited::Broken`] when it is no map with lists of entries. The error repeats nothing of it: a kubeconfig may hold secrets.
pub fn parsed(text: &str) -> Result<Map<String, Value>, NotEdited> {
    let options = serde_saphyr::options! { with_snippet: false };
    let value = serde_saphyr::from_str_with_options::<Value>(text, options)
        .map_err(|error| NotEdited::Broken(error.location().map(|location| location.line())))?;
    let map = match value {
        Value::Null => Map::new(),
        Value::Object(map) => map,
        _ => return Err(NotEdited::Broken(None)),
    };
    for kind in [Kind::Cluster, Kind::User, Kind::Context] {
        let sound = match map.get(kind.keys().0) {
            None | Some(Value::Null) => true,
            Some(Value::Array(items)) => items.iter().all(Value::is_object),
            Some(_) => false,
        };
        if !sound {
            return Err(NotEdited::Broken(None));
        }
    }
    Ok(map)
}

/// Whether there is an entry of that kind and name.
#[must_use]
pub fn has(content: &Map<String, Value>, entry: &Entry) -> bool {
    position(content, entry).is_some()
}

fn position(content: &Map<String, Value>, entry: &Entry) -> Option<usize> {
    let items = content.get(entry.kind.keys().0)?.as_array()?;
    items.iter().position(|item| item.get("name").and_then(Value::as_str) == Some(&entry.name))
}

/// The text with these entries.
///
/// # Errors
/// As the variants of [`NotEdited`] say.
pub fn edited(text: &str, wanted: &Wanted) -> Result<String, NotEdited> {
    let mut content = parsed(text)?;
    let mut lines = Text::new(text);
    if content.is_empty() {
        lines.append("apiVersion: v1\nkind: Config\n");
        content.insert("apiVersion".to_owned(), json!("v1"));
        content.insert("kind".to_owned(), json!("Config"));
    }
    let mut found = true;
    for entry in &wanted.entries {
        let at = position(&content, entry);
        let (list, _) = entry.kind.keys();
        let items = content.entry(list).or_insert(Value::Null);
        if items.is_null() {
            *items = json!([]);
        }
        let Value::Array(items) = items else { return Err(NotEdited::Broken(None)) };
        let count = items.len();
        let before = at.and_then(|at| items.get(at));
        if before.is_some_and(|before| !entry.is_ours(before)) {
            return Err(NotEdited::OthersEntry(entry.kind, entry.name.clone()));
        }
        let item = entry.item(before);
        if before == Some(&item) {
            continue;
        }
        found &= lines.put(list, (at, count), &item);
        match at.and_then(|at| items.get_mut(at)) {
            Some(place) => *place = item,
            None => items.push(item),
        }
    }
    if let Some(current) = &wanted.current
        && content.get("current-context") != Some(&json!(current))
    {
        found &= lines.set("current-context", current);
        content.insert("current-context".to_owned(), json!(current));
    }
    finished(text, lines, found, content)
}

/// The edited text, if it says what it should.
fn finished(text: &str, lines: Text, found: bool, content: Map<String, Value>) -> Result<String, NotEdited> {
    if text.trim_start().starts_with('{') && serde_json::from_str::<Value>(text).is_ok() {
        if parsed(text).as_ref() == Ok(&content) {
            return Ok(text.to_owned());
        }
        let json = serde_json::to_string_pretty(&content).map_err(|_| NotEdited::Unusual)?;
        return Ok(json + "\n");
    }
    let edited = lines.into_string();
    if found && parsed(&edited) == Ok(content) { Ok(edited) } else { Err(NotEdited::Unusual) }
}

#[cfg(test)]
mod tests;

//! Words that hide the subject of a sentence, in documents and in comments of every language here.

use std::path::Path;

use crate::sources::Files;

/// In halves, so that this file has none of them.
const WORDS: [&str; 4] =
    [concat!("who", "ever"), concat!("some", "body"), concat!("no", "body"), concat!("who", "se")];

/// Every line with a comment that says one of them.
pub fn unwanted(files: &Files) -> Vec<String> {
    files.iter().flat_map(|(file, text)| unwanted_in(file, text)).collect()
}

fn unwanted_in(file: &str, text: &str) -> Vec<String> {
    let mut in_block = false;
    let lines = text.lines().enumerate().filter_map(|(number, line)| {
        let comment = comment(file, line, &mut in_block)?.to_lowercase();
        let word = comment.split(|c: char| !c.is_alphabetic()).find(|word| WORDS.contains(word))?;
        let number = number + 1;
        Some(format!(
            "{file}:{number}: \"{word}\": name the subject (the user, the process, another request)"
        ))
    });
    lines.collect()
}

/// The part of a line that is a comment; all of it in a document. Text in quotes that looks like one counts too: messages follow the same rule.
fn comment<'a>(file: &str, line: &'a str, in_block: &mut bool) -> Option<&'a str> {
    if extension(file) == Some("md") {
        return Some(line);
    }
    if !uses_slashes(file) {
        return line.split_once('#').map(|(_, comment)| comment);
    }
    if *in_block {
        *in_block = !line.contains("*/");
        return Some(line);
    }
    if let Some((_, comment)) = line.split_once("/*") {
        *in_block = !comment.contains("*/");
        return Some(comment);
    }
    // The slashes of an address come after a colon.
    let start = line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':'))?;
    Some(&line[start.0..])
}

fn uses_slashes(file: &str) -> bool {
    matches!(extension(file), Some("rs" | "mjs" | "js" | "ts" | "tsx" | "css"))
}

fn extension(file: &str) -> Option<&str> {
    Path::new(file).extension().and_then(|extension| extension.to_str())
}

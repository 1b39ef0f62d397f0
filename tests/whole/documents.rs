//! A command in a document is run by a test or by CI, or says why not.

use std::path::{Path, PathBuf};

use crate::harness::world::repository;

/// The commands that are run as they are written, and the file that runs them.
const RUN: [(&str, &str, &str); 6] = [
    ("make test", ".ci/run", "make test"),
    ("make demo HEADLESS=1", "dev/suites/suites.mjs", "['make', 'demo', 'HEADLESS=1']"),
    ("make image-quick", "dev/suites/suites.mjs", "['make', 'image-quick']"),
    ("make backstage-test", "dev/suites/suites.mjs", "['make', 'backstage-test']"),
    ("make lint", "dev/suites/test.mjs", "...LINTS, ...PLUGIN_LINTS, ...EXTENSION_LINTS]"),
    ("cargo test --lib", "dev/suites/suites.mjs", "'test', '--locked', '--lib'"),
];

/// What stands above a block that is not run.
const NOT_RUN: &str = "<!-- not run: ";

/// What stands above a block that `backstage/stock-app` runs; its test reads the same words.
const RUN_IN_STOCK_APP: &str = "<!-- run by `make stock-app` -->";

/// What stands above a block of docs/helm.md that `dev/chart` runs; it reads the same words.
const RUN_BY_CHART: &str = "<!-- run by `make chart-real` -->";

/// What stands above a block that `helper::terminal::sessions` runs, which knows every name of one.
const TERMINAL_SESSION: &str = "<!-- terminal session: ";

/// The languages of blocks that are typed into a shell.
const SHELL: [&str; 4] = ["sh", "bash", "shell", "console"];

fn documents() -> Vec<PathBuf> {
    let of = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let mut files = [of(repository()), of(&repository().join("docs"))].concat();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    files
}

/// The commands of a document's shell blocks that no marker excuses.
fn commands(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut commands = Vec::new();
    let mut fence: Option<bool> = None;
    for (at, line) in lines.iter().enumerate() {
        match (line.trim().strip_prefix("```"), fence) {
            (Some(language), None) => {
                let above = if at > 0 { lines[at - 1].trim() } else { "" };
                let excused = above.starts_with(NOT_RUN)
                    || above.starts_with(TERMINAL_SESSION)
                    || above == RUN_IN_STOCK_APP
                    || above == RUN_BY_CHART;
                fence = Some(SHELL.contains(&language) && !excused);
            }
            (Some(_), Some(_)) => fence = None,
            (None, Some(true)) if !line.trim().is_empty() => commands.push(line.trim().to_owned()),
            (None, _) => {}
        }
    }
    commands
}

fn is_run(command: &str) -> bool {
    RUN.iter().any(|(written, file, how)| {
        *written == command && std::fs::read_to_string(repository().join(file)).unwrap().contains(how)
    })
}

#[test]
fn every_command_in_a_document_is_run_or_says_why_not() {
    let mut checked = 0;
    for document in documents() {
        for command in commands(&std::fs::read_to_string(&document).unwrap()) {
            assert!(
                is_run(&command),
                "{} shows `{command}`, which nothing runs: have it run, or put `{NOT_RUN}why -->` above it",
                document.display()
            );
            checked += 1;
        }
    }
    assert!(checked >= RUN.len(), "only {checked} commands were found in the documents");
}

/// Only there: it reads no other document.
#[test]
fn what_the_stock_app_and_the_chart_are_said_to_run_is_in_the_documents_that_they_follow() {
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let is_followed = document.ends_with("docs/backstage.md");
        assert_eq!(text.contains(RUN_IN_STOCK_APP), is_followed, "{}", document.display());
        let is_tried = document.ends_with("docs/helm.md");
        assert_eq!(text.contains(RUN_BY_CHART), is_tried, "{}", document.display());
    }
}

#[test]
fn a_command_that_nothing_runs_is_noticed() {
    let text =
        "```sh\nmake coffee\n```\n<!-- not run: no beans -->\n```sh\nmake tea\n```\n```toml\nmake = 1\n```\n";
    assert_eq!(commands(text), ["make coffee"]);
    assert!(!is_run("make coffee"));
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("https://")) {
            let (path, _) = target.split_once('#').unwrap_or((target, ""));
            let file = document.parent().unwrap().join(path);
            assert!(file.exists(), "{} links to {target}, which is not there", document.display());
        }
    }
}

#[test]
fn every_link_to_a_heading_finds_it() {
    let mut checked = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("https://")) {
            let Some((path, anchor)) = target.split_once('#') else { continue };
            let file = if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
            let headings = anchors(&std::fs::read_to_string(&file).unwrap());
            assert!(
                headings.iter().any(|heading| heading == anchor),
                "{} links to {target}; the headings there are {headings:?}",
                document.display()
            );
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} links to headings were found");
}

/// The headings of a document as links name them; lines of code that look like one count, too.
fn anchors(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    let headings = lines.filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
    let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    headings
        .map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn the_first_screen_of_the_readme_has_three_ways_to_log_in_of_two_commands_at_most() {
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let screen: Vec<&str> = readme.lines().take(40).collect();
    let blocks: Vec<Vec<&str>> = screen
        .split(|line| line.starts_with("```sh"))
        .skip(1)
        .map(|block| block.iter().copied().take_while(|line| !line.starts_with("```")).collect())
        .collect();
    assert_eq!(blocks.len(), 3, "{screen:?}");
    for block in blocks {
        assert!(block.len() <= 2, "{block:?}");
        let last = block.last().unwrap();
        assert!(last.contains("--backend"), "{last} is no login");
    }
}

#[test]
fn the_map_of_the_architecture_has_a_row_for_every_folder() {
    let map = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    for room in ["src/helper", "src/backend"] {
        for entry in std::fs::read_dir(repository().join(room)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_named = map.contains(&format!("`{name}`"));
            assert!(!path.is_dir() || is_named, "ARCHITECTURE.md has no row for {room}/{name}");
        }
    }
}

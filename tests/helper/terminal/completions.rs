//! Completions: each shell that is here completes with the script that it is given.

use std::path::Path;
use std::process::Command;

use crate::harness::world::output_folder;

const NAME: &str = "backstage-oidc-helper";

/// What the program prints for a shell.
fn script(shell: &str) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_backstage-oidc-helper")).args(["completions", shell]).output();
    let out = out.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// What a shell answers; none, and said, where it is not there.
fn run(shell: &str, arguments: &[&str], code: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    if !std::env::split_paths(&path).any(|folder| folder.join(shell).is_file()) {
        eprintln!("{shell} is not here: what it completes is not seen. `make setup` installs it.");
        return None;
    }
    let file = folder().join(format!("{NAME}.{shell}"));
    std::fs::write(&file, script(shell)).unwrap();
    let mut command = Command::new(shell);
    command.args(arguments).args(["-c", code]).env("SCRIPT", &file).env("FOLDER", folder());
    let out = command.output().unwrap();
    Some(String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

fn folder() -> &'static Path {
    static FOLDER: std::sync::OnceLock<std::path::PathBuf> = std::sync::OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = output_folder().join("completions");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    })
}

fn assert_completes(shell: &str, found: Option<String>, wanted: &[&str], unwanted: &str) {
    let Some(found) = found else { return };
    for word in wanted {
        assert!(found.split_whitespace().any(|w| w == *word), "{shell} does not complete {word}: {found}");
    }
    assert!(!found.split_whitespace().any(|word| word == unwanted), "{shell} completes {unwanted}: {found}");
}

#[test]
fn bash_completes_commands_and_flags() {
    let complete = |words: &str, at: usize| {
        let code = format!(
            "source \"$SCRIPT\"; COMP_WORDS=({words}); COMP_CWORD={at}; \
             $(complete -p {NAME} | sed 's/.*-F \\([^ ]*\\).*/\\1/') {NAME} \"${{COMP_WORDS[{at}]}}\" \"${{COMP_WORDS[{before}]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            before = at - 1,
        );
        run("bash", &["--norc", "--noprofile"], &code)
    };
    assert_completes("bash", complete(&format!("{NAME} log"), 1), &["login", "logout"], "status");
    assert_completes("bash", complete(&format!("{NAME} login --b"), 2), &["--backend", "--browser"], "--all");
    assert_completes(
        "bash",
        complete(&format!("{NAME} status --output ''"), 3),
        &["text", "json"],
        "--backend",
    );
}

#[test]
fn fish_completes_commands_and_flags() {
    let complete = |line: &str| {
        run(
            "fish",
            &["--no-config"],
            &format!("source $SCRIPT; complete --do-complete '{NAME} {line}' | cut -f1"),
        )
    };
    assert_completes("fish", complete("log"), &["login", "logout"], "status");
    assert_completes("fish", complete("login --b"), &["--backend", "--browser"], "--all");
    assert_completes("fish", complete("status --output "), &["text", "json"], "--backend");
}

/// zsh completes only at a terminal: one of its own (`zsh/zpty`), in which Tab is pressed.
#[test]
fn zsh_completes_commands_and_flags() {
    let complete = |line: &str| {
        let code = format!(
            "cp \"$SCRIPT\" \"$FOLDER/_{NAME}\"; zmodload zsh/zpty; zpty z zsh -f -i; \
             zpty -w z \"fpath=($FOLDER \\$fpath); autoload -Uz compinit; compinit -u -D; setopt no_list_ambiguous no_beep; LISTMAX=0; PROMPT='RE''ADY>'\"; \
             zpty -r -m z seen '*READY>*'; zpty -w -n z $'{NAME} {line}\\t\\t'; \
             zpty -w -n z $'\\x15print do\"\"ne\\n'; zpty -r -m z seen '*done*'; print -r -- \"$seen\" | sed 's/\\x1b\\[[0-9;?]*[a-zA-Z]//g' | tr '\\r' '\\n'"
        );
        run("zsh", &["-f"], &code)
    };
    assert_completes("zsh", complete("log"), &["login", "logout"], "status");
    assert_completes("zsh", complete("login --b"), &["--backend", "--browser"], "--all");
}

/// PowerShell is not in Debian: its script is read, and never run here.
#[test]
fn the_script_for_powershell_names_every_command_and_was_never_run() {
    let script = script("powershell");
    assert!(script.contains("Register-ArgumentCompleter -Native -CommandName 'backstage-oidc-helper'"));
    for word in ["login", "logout", "status", "proxy", "--backend", "--output"] {
        assert!(script.contains(&format!("[CompletionResult]::new('{word}'")), "{word}");
    }
}

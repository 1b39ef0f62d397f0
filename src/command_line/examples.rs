//! What stands below the flags in each command's `--help`: examples, exit codes, and where to read on. A test runs the examples past clap.

/// Where to read on: packages and archives bring the program without its documents.
macro_rules! with_documents {
    ($page:literal, $documents:literal) => {
        concat!($page, "\nDocuments, at ", env!("CARGO_PKG_REPOSITORY"), ": ", $documents)
    };
}

pub const PROGRAM: &str = with_documents!(
    "\
First steps:
  backstage-oidc-helper login --backend https://backstage.example.com   your Backstage's address
  backstage-oidc-helper status                                          at the Backstage of the last login
  backstage-oidc-helper login --help                                    the flags of a command, with examples

Exit codes: 0 done, 1 refused, 2 wrong flag or setting, 3 port taken, 4 timed out, 5 backend unreachable, 130 interrupted",
    "docs/login.md shows whole sessions, docs/settings.md every setting, docs/errors.md every error with its remedy."
);

pub const LOGIN: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper login --backend https://backstage.example.com   the first time: it asks whether that is your Backstage
  backstage-oidc-helper login                                           once more, at the Backstage of the last login
  backstage-oidc-helper login --cluster prod                            one of several clusters
  backstage-oidc-helper login --no-browser                              prints the link; open it in any browser of this machine
  backstage-oidc-helper login --output json                             the result for a script, on standard output

Ctrl-C ends it, and the session in Backstage with it. Where your browser is on another machine, it says what to do.
Exit codes: 0 connected, 1 refused, 2 wrong flag or setting, 3 port taken, 4 timed out, 5 backend unreachable, 130 interrupted",
    "docs/login.md, docs/remote.md (SSH), docs/errors.md"
);

pub const STATUS: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper status                                          at the Backstage of the last login
  backstage-oidc-helper status --backend https://backstage.example.com  at another one
  backstage-oidc-helper status --output json                            for a script

Exit codes: 0 shown, 1 refused, 2 wrong flag or setting, 5 backend unreachable, 130 interrupted",
    "docs/settings.md, docs/errors.md"
);

pub const LOGOUT: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper logout                  your only login, at the Backstage of the last login
  backstage-oidc-helper logout --cluster prod   the one at this cluster
  backstage-oidc-helper logout --all --local    all of them, and what this machine remembers

Exit codes: 0 done or nothing to do, 1 refused, 2 wrong flag or setting, 5 backend unreachable, 130 interrupted",
    "docs/settings.md, docs/errors.md"
);

pub const GET_TOKEN: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper get-token --backend https://backstage.example.com   as the kubeconfig has it
  backstage-oidc-helper get-token                                           at the Backstage of the last login

It uses the sign-in that login has kept and opens one tab of your browser where there is none, however many kubectls run at once.
Exit codes: 0 printed, 1 refused or not asked, 2 wrong flag or setting, 3 ports taken, 4 not signed in in time, 5 backend unreachable,
130 interrupted",
    "docs/kubectl.md, docs/errors.md"
);

pub const IMPORT: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper import                                  the ID token; kubelogin goes on as before
  backstage-oidc-helper import --cluster prod                   one of several clusters
  backstage-oidc-helper import --take-over                      the whole login; kubelogin asks you to log in again
  backstage-oidc-helper import --token-cache-dir ~/.kube/oidc   where kubelogin's arguments name another folder

A Backstage that this machine does not know gets nothing: log in once there first. Nor does one that is neither named nor that of the
last login.
Exit codes: 0 connected, 1 refused or nothing to import, 2 wrong flag or setting, 3 ports taken, 4 not signed in in time, 5 backend
unreachable, 130 interrupted",
    "docs/import.md, docs/errors.md"
);

pub const KUBECONFIG: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper kubeconfig                                           the only cluster, at the Backstage of the last login
  backstage-oidc-helper kubeconfig --cluster prod --current                  one of several, from now on kubectl's current context
  backstage-oidc-helper kubeconfig --backend https://backstage.example.com --all --dry-run

Then: kubectl --context prod@backstage.example.com get pods
Exit codes: 0 written or printed, 1 refused, 2 wrong flag or setting, 5 backend unreachable, 130 interrupted",
    "docs/kubectl.md, docs/errors.md"
);

pub const PROXY: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper proxy --backend https://backstage.example.com   then press the button in Backstage
  backstage-oidc-helper proxy                                           at the Backstage of the last login

It logs one JSON object a line where no terminal is. Exit codes: 0 stopped, 1 refused, 2 wrong flag or setting, 3 port taken",
    "docs/proxy.md, docs/container.md, config/proxy.env"
);

pub const BACKEND: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper backend --backend http://localhost:7007         beside a Backstage on this machine
  backstage-oidc-helper backend --config clusters.toml                  for several clusters

Exit codes: 0 stopped, 1 refused, 2 wrong flag or setting",
    "docs/backstage.md, docs/settings.md, docs/providers.md, config/backend.env"
);

pub const HEALTHCHECK: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper healthcheck
  backstage-oidc-helper healthcheck --control-listen 127.0.0.1:9090

Exit codes: 0 healthy, 1 not",
    "docs/container.md, docs/compose.md"
);

pub const COMPLETIONS: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper completions bash
  backstage-oidc-helper completions zsh
  backstage-oidc-helper completions fish
  backstage-oidc-helper completions powershell
",
    "docs/settings.md (Completions)"
);

pub const CONFIG: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper config generate-key     a new first entry of TOKEN_ENCRYPTION_KEYS
  backstage-oidc-helper config check --online   what the settings mean, and whether the identity providers agree
  backstage-oidc-helper config from-kubeconfig ~/.kube/config --files secrets  settings of clusters that run kubelogin
  backstage-oidc-helper config from-kubeconfig ~/.kube/config --helm           the same as values of the chart

Exit codes: 0 good, 1 not, 2 wrong flag or setting",
    "docs/settings.md, docs/redis.md"
);

pub const ADMIN: &str = with_documents!(
    "\
Examples:
  backstage-oidc-helper admin list
  backstage-oidc-helper admin revoke --user user:default/felix

Exit codes: 0 done, 1 refused, 2 wrong flag or setting",
    "docs/offboarding.md"
);

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::command_line::Program;

    /// What a page of help shows as a command: the words before the explanation.
    fn examples(help: &str) -> Vec<Vec<String>> {
        let shown = help.lines().filter_map(|line| line.strip_prefix("  backstage-oidc-helper "));
        let words = shown.map(|line| shlex::split(line.split("  ").next().unwrap()).unwrap());
        words
            .map(|words| std::iter::once("backstage-oidc-helper".to_owned()).chain(words).collect())
            .collect()
    }

    #[test]
    fn every_example_in_the_help_is_a_command_that_there_is() {
        let mut program = Program::command();
        program.build();
        let mut pages: Vec<_> = program.get_subcommands_mut().filter(|c| c.get_name() != "help").collect();
        for command in &mut pages {
            let page = command.render_long_help().to_string();
            let found = examples(&page);
            assert!(found.len() > 1, "{} teaches nothing: {page}", command.get_name());
            for example in found {
                assert_eq!(example[1], command.get_name(), "{example:?}");
                assert!(Program::try_parse_from(&example).is_ok(), "{example:?}");
            }
        }
        assert!(pages.len() >= 9);
        assert_eq!(examples("  backstage-oidc-helper login --such a   flag\n")[0].len(), 4);
    }

    #[test]
    fn each_page_of_help_names_documents_that_there_are_and_once_where() {
        let mut program = Program::command();
        program.build();
        let program_page = program.render_long_help().to_string();
        let commands = program.get_subcommands_mut().filter(|command| command.get_name() != "help");
        let pages = commands.map(|command| command.render_long_help().to_string());
        for page in pages.chain([program_page]) {
            let page = page.as_str();
            assert_eq!(page.matches(env!("CARGO_PKG_REPOSITORY")).count(), 1, "{page}");
            let words = page.split([' ', ',', '\n', '.']).filter(|word| word.starts_with("docs/"));
            let mut named = 0;
            for name in words {
                let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("{name}.md"));
                assert!(file.exists(), "{name}");
                named += 1;
            }
            assert!(named > 0, "{page}");
        }
    }
}

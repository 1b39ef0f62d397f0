//! Which program a credential plugin is: kubelogin in one of its many ways, or another one.

use super::flags::Flags;
use super::kubeconfig::Exec;

/// A shell that is given a script.
const SHELLS: [&str; 5] = ["sh", "bash", "zsh", "dash", "ksh"];
/// kubelogin as krew, Homebrew, a package or an image calls it.
const KUBELOGIN: [&str; 4] = ["kubelogin", "kubectl-oidc_login", "kubectl-oidc-login", "oidc-login"];
/// Flags that Azure's program of the same name has, and kubelogin has not.
const AZURES: [&str; 6] = ["server-id", "tenant-id", "client-id", "login", "environment", "l"];
/// Programs of clouds, which have sentences of their own.
const OF_CLOUDS: [&str; 4] = ["aws", "aws-iam-authenticator", "gke-gcloud-auth-plugin", "gcloud"];
/// Stands in a script's words before each sign that a shell does not take as it is.
const MARK: char = '\u{1}';

/// What a credential plugin runs.
pub enum Runs {
    /// kubelogin, with these flags.
    Kubelogin(Flags),
    /// Azure's program of the same name.
    AzuresKubelogin,
    /// kubelogin in a script, in which words are not what is written, or more follows.
    Script,
    /// Another program. Without its name where the command has blanks: that may be a whole command line, with its secrets.
    Other(Option<String>),
}

impl Runs {
    /// Looks for kubelogin in the command, also behind `sh -c`, `env`, `docker run` and their like.
    pub fn of(exec: &Exec) -> Self {
        let words = words(exec);
        let at = (0..words.len()).find_map(|index| arguments_of_kubelogin(words.get(index..)?));
        let Some(arguments) = at else { return Self::Other(name_for_sentences(&exec.command)) };
        if arguments.iter().any(|word| word.contains(MARK)) {
            return Self::Script;
        }
        let flags = Flags::read(arguments);
        if !flags.has("oidc-issuer-url") && AZURES.iter().any(|name| flags.has(name)) {
            return Self::AzuresKubelogin;
        }
        Self::Kubelogin(flags)
    }
}

/// The words of the command; of a script for a shell, the words of the script with their marks.
fn words(exec: &Exec) -> Vec<String> {
    let is_shell = SHELLS.contains(&program_name(&exec.command).as_str());
    let is_script = |word: &String| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
    let script = exec.args.iter().skip_while(|word| !is_script(word)).nth(1);
    if let Some(words) = script.filter(|_| is_shell).and_then(|script| shlex::split(&marked(script))) {
        return words;
    }
    std::iter::once(&exec.command).chain(&exec.args).cloned().collect()
}

/// The script with a [`MARK`] before each variable, substitution and end of a command (POSIX, Shell Command Language, 2.2 and 2.3).
fn marked(script: &str) -> String {
    let (mut marked, mut quote, mut before) = (String::new(), None, ' ');
    let mut rest = script.trim().chars();
    while let Some(c) = rest.next() {
        let is_sign = match quote {
            None => "$`;|&()\n".contains(c),
            Some('"') => "$`".contains(c),
            Some(_) => false,
        };
        marked.extend(is_sign.then_some(MARK));
        marked.push(c);
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => marked.extend(rest.next()),
            // A comment, in which a quote is none.
            (None, '#') if before.is_whitespace() => {
                let ends = rest.by_ref().any(|c| c == '\n');
                marked.extend(ends.then_some([MARK, '\n']).into_iter().flatten());
            }
            _ => {}
        }
        before = c;
    }
    marked
}

fn name_for_sentences(command: &str) -> Option<String> {
    let name = program_name(command);
    (!command.contains(char::is_whitespace) || OF_CLOUDS.contains(&name.as_str())).then_some(name)
}

/// What follows kubelogin's name, where the words begin with it.
fn arguments_of_kubelogin(words: &[String]) -> Option<&[String]> {
    let (first, rest) = words.split_first()?;
    let name = program_name(first);
    let arguments = if name == "kubectl" {
        let (plugin, rest) = rest.split_first()?;
        matches!(plugin.as_str(), "oidc-login" | "oidc_login").then_some(rest)?
    } else {
        KUBELOGIN.contains(&name.as_str()).then_some(rest)?
    };
    // Another program may take the name for a value.
    arguments.iter().any(|word| word == "get-token").then_some(arguments)
}

/// The name of a program in a path of any system, or of an image.
fn program_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let name = name.split([':', '@']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Runs {
        let mut words = shlex::split(line).unwrap().into_iter();
        Runs::of(&Exec { command: words.next().unwrap(), args: words.collect(), env: Vec::new() })
    }

    #[test]
    fn kubelogin_is_found_by_each_of_its_names_and_behind_other_programs() {
        for line in [
            "kubectl oidc-login get-token --oidc-issuer-url=https://i",
            "/usr/local/bin/kubelogin get-token --oidc-issuer-url=https://i",
            "kubectl-oidc_login get-token --oidc-issuer-url https://i",
            r"'C:\Users\mara\.krew\bin\kubectl-oidc_login.EXE' get-token --oidc-issuer-url=https://i",
            "sh -c 'exec kubectl oidc-login get-token --oidc-issuer-url=\"https://i\"'",
            "bash -lc 'kubelogin get-token --oidc-issuer-url https://i'",
            "env KUBECACHEDIR=/tmp kubectl oidc-login get-token --oidc-issuer-url=https://i",
            "cmd /c kubelogin.exe get-token --oidc-issuer-url=https://i",
            "docker run --rm -p 8000:8000 ghcr.io/int128/kubelogin:v1.36.3 get-token --oidc-issuer-url=https://i",
            "kubelogin --oidc-issuer-url=https://i get-token",
        ] {
            let Runs::Kubelogin(mut flags) = of(line) else { panic!("{line}") };
            assert_eq!(flags.value("oidc-issuer-url").as_deref(), Some("https://i"), "{line}");
        }
    }

    #[test]
    fn other_programs_are_told_apart_azures_of_the_same_name_too() {
        for line in [
            "kubelogin get-token --login devicecode --server-id 6dae --client-id 80fa --tenant-id 5f6d",
            "kubelogin get-token -l azurecli --server-id=6dae",
        ] {
            assert!(matches!(of(line), Runs::AzuresKubelogin), "{line}");
        }
        for (line, program) in [
            ("aws eks get-token --cluster-name prod --profile kubelogin", "aws"),
            ("/opt/bin/gke-gcloud-auth-plugin", "gke-gcloud-auth-plugin"),
            ("kubectl get --raw /", "kubectl"),
            ("kubectl", "kubectl"),
            ("sh -c", "sh"),
            ("''", ""),
        ] {
            let Runs::Other(found) = of(line) else { panic!("{line}") };
            assert_eq!(found.as_deref(), Some(program), "{line}");
        }
    }
}

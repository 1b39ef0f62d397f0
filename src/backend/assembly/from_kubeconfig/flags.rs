//! The flags of kubelogin, read as its library does (Go's pflag): `--name=value`, `--name value`, switches without a value, repeated
//! flags, and lists and pairs in the form of CSV.

/// The switches of kubelogin 1.25 to 1.36 and of its log (klog): they take no word after them.
const SWITCHES: [&str; 15] = [
    "oidc-use-access-token",
    "oidc-use-pkce",
    "force-refresh",
    "skip-open-browser",
    "insecure-skip-tls-verify",
    "tls-renegotiation-once",
    "tls-renegotiation-freely",
    "logtostderr",
    "alsologtostderr",
    "legacy_stderr_threshold_behavior",
    "add_dir_header",
    "one_output",
    "skip_headers",
    "skip_log_headers",
    "help",
];

/// Its flags with a value: the next word is theirs, whatever it looks like. A secret may begin with two dashes.
const WITH_VALUE: [&str; 30] = [
    "oidc-issuer-url",
    "oidc-client-id",
    "oidc-client-secret",
    "oidc-redirect-url",
    "oidc-redirect-url-hostname",
    "oidc-redirect-url-authcode-keyboard",
    "oidc-extra-scope",
    "oidc-request-header",
    "oidc-pkce-method",
    "oidc-auth-request-extra-params",
    "token-cache-dir",
    "token-cache-storage",
    "certificate-authority",
    "certificate-authority-data",
    "grant-type",
    "listen-address",
    "listen-port",
    "browser-command",
    "authentication-timeout-sec",
    "local-server-cert",
    "local-server-key",
    "open-url-after-authentication",
    "username",
    "password",
    "v",
    "vmodule",
    "stderrthreshold",
    "log_dir",
    "log_file",
    "log_file_max_size",
];

/// A longer name of a flag is no name.
const LONGEST_NAME: usize = 40;

/// Flags, each taken by the one who carries it over: those that are left were not. Has no `Debug`: values are secrets.
pub struct Flags {
    given: Vec<(String, String)>,
    words: Vec<String>,
}

impl Flags {
    /// Reads the words after the program's name.
    pub fn read(arguments: &[String]) -> Self {
        let mut flags = Self { given: Vec::new(), words: Vec::new() };
        let mut rest = arguments.iter().peekable();
        while let Some(word) = rest.next() {
            let Some((name, value)) = named(word) else {
                if word != "get-token" && word != "--" {
                    flags.words.push(word.clone());
                }
                continue;
            };
            let value = match value {
                Some(value) => value.to_owned(),
                None if SWITCHES.contains(&name) => "true".to_owned(),
                None if WITH_VALUE.contains(&name) => rest.next().cloned().unwrap_or_default(),
                None => rest.next_if(|next| !next.starts_with("--")).cloned().unwrap_or_default(),
            };
            flags.given.push((name.to_owned(), unquoted(&value).to_owned()));
        }
        flags
    }

    /// Whether a flag is there.
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    /// All values of a flag, as they are written.
    pub fn values(&mut self, name: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.given).into_iter().partition(|(given, _)| given == name);
        self.given = left;
        Vec::into_iter(taken)
            .map(|(_, value): (String, String)| value)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// The value that counts: the last one.
    pub fn value(&mut self, name: &str) -> Option<String> {
        self.values(name).pop()
    }

    /// The entries of a list: repeated flags and commas.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        let values = self.values(name);
        let entries = values.iter().flat_map(|value| fields(value));
        entries.map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
    }

    /// Pairs; of two with one name, the later counts. What is no pair is left out.
    pub fn pairs(&mut self, name: &str) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for value in self.values(name) {
            for entry in pair_texts(&value) {
                let Some((key, value)) = entry.split_once('=') else { continue };
                pairs.retain(|(known, _)| known != key);
                pairs.push((key.trim().to_owned(), value.to_owned()));
            }
        }
        pairs
    }

    /// Whether a switch is on.
    pub fn is_on(&mut self, name: &str) -> bool {
        // As Go's strconv.ParseBool.
        self.value(name)
            .is_some_and(|value| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
    }

    /// The names of the flags that were not taken, each once, and that there are words that are no flags. What is no name may be a secret.
    pub fn left(self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.given {
            let shown = match name.as_str() {
                name if !is_name(name) => "flags of strange names".to_owned(),
                name if name.len() == 1 => format!("-{name}"),
                name => format!("--{name}"),
            };
            if !names.contains(&shown) {
                names.push(shown);
            }
        }
        if !self.words.is_empty() {
            names.push("words that are no flags".to_owned());
        }
        names
    }
}

fn is_name(name: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    name.len() <= LONGEST_NAME && name.chars().all(is_sign)
}

/// The name of a flag, and its value where it is in the same word.
fn named(word: &str) -> Option<(&str, Option<&str>)> {
    if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
        return Some(long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value))));
    }
    let short =
        word.strip_prefix('-').filter(|short| short.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let (name, value) = short.split_at_checked(1)?;
    let value = value.strip_prefix('=').unwrap_or(value);
    Some((name, (!value.is_empty()).then_some(value)))
}

/// People write quotes into YAML that a shell would have taken away.
fn unquoted(value: &str) -> &str {
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.filter(|inner| !inner.contains(['"', '\''])).unwrap_or(value)
}

/// pflag reads one pair as it stands, and several as CSV.
fn pair_texts(value: &str) -> Vec<String> {
    if value.matches('=').count() == 1 { vec![value.trim_matches('"').to_owned()] } else { fields(value) }
}

/// The fields of one line of CSV (RFC 4180).
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => push(&mut fields, '"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => push(&mut fields, c),
        }
    }
    fields
}

fn push(fields: &mut [String], c: char) {
    if let Some(field) = fields.last_mut() {
        field.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(words: &[&str]) -> Flags {
        Flags::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn each_spelling_of_a_value_is_read() {
        for words in [
            &["get-token", "--oidc-client-id=k8s"][..],
            &["get-token", "--oidc-client-id", "k8s"],
            &["--oidc-client-id", "k8s", "get-token"],
            &["--oidc-client-id=\"k8s\""],
            &["--oidc-client-id", "'k8s'"],
            &["--oidc-client-id=old", "--oidc-client-id=k8s"],
            &["-v1", "--oidc-client-id=k8s"],
            &["--oidc-use-pkce", "--oidc-client-id=k8s"],
        ] {
            assert_eq!(flags(words).value("oidc-client-id").as_deref(), Some("k8s"), "{words:?}");
        }
        assert_eq!(flags(&["--oidc-client-id"]).value("oidc-client-id"), None);
        assert_eq!(flags(&["--new-flag", "--force-refresh"]).value("new-flag"), None);
        // A secret may begin with dashes, or hold an equals sign.
        for secret in ["-s=x=", "--s=x=", "--force-refresh", "get-token"] {
            let read = flags(&["--oidc-client-secret", secret]).value("oidc-client-secret");
            assert_eq!(read.as_deref(), Some(secret));
        }
    }

    #[test]
    fn lists_and_pairs_are_repeated_or_have_commas() {
        let mut given = flags(&[
            "--oidc-extra-scope=email,profile",
            "--oidc-extra-scope",
            "groups",
            "--oidc-extra-scope=\"a,b\"",
        ]);
        assert_eq!(given.list("oidc-extra-scope"), ["email", "profile", "groups", "a", "b"]);
        let mut given = flags(&[
            "--p=organization=org_1,prompt=login",
            "--p=\"audience=https://a\"",
            "--p=prompt=consent",
            "--p=\"x=1,2\",y=3",
        ]);
        let pairs = given.pairs("p");
        let told: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(told, ["organization=org_1", "audience=https://a", "prompt=consent", "x=1,2", "y=3"]);
    }

    #[test]
    fn switches_take_no_word_and_what_was_not_taken_is_named() {
        let mut given =
            flags(&["--oidc-use-access-token", "--force-refresh=false", "-v=1", "--new-flag", "x", "y"]);
        assert!(given.is_on("oidc-use-access-token"));
        assert!(!given.is_on("force-refresh"));
        assert_eq!(given.left(), ["-v", "--new-flag", "words that are no flags"]);
    }
}

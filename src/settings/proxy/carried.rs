//! The settings that an installed proxy starts with: those of the command that installs it. They stand in a file that is no secret.

use std::io::Error;
use std::path::PathBuf;

use crate::settings::{SettingsError, Source, unusable};

/// Kept as they are.
const AS_THEY_ARE: [&str; 12] = [
    "BACKSTAGE_URL",
    "BACKSTAGE_CLIENT_ID",
    "LISTEN",
    "CONTROL_LISTEN",
    "EXCHANGE",
    "LOGIN_TIMEOUT",
    "ALLOWED_HOSTS",
    "INSECURE_HTTP_HOSTS",
    "NO_PROXY",
    "LOG_FORMAT",
    "RUST_LOG",
    // Where the helper's own files are; a manager of services may not know it.
    "XDG_STATE_HOME",
];

/// Files, which the proxy will look for from another folder.
const FILES: [&str; 3] = ["CA_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Addresses that may hold a password; then only a file may hold them.
const WITH_PASSWORDS: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "REDIS_URL"];

/// It would be a line of its own in the file of a service.
const CONTROL: &str =
    "it holds a line break or another control character, which the file of a service cannot hold";

/// Names and values, in the order in which they are written.
pub type Carried = Vec<(String, String)>;

impl Source {
    /// The settings for the installed proxy; `absolute` completes a path.
    ///
    /// # Errors
    /// When a setting holds a password or a character that no file of a service can hold, or a path cannot be completed.
    pub fn carried(
        &self,
        absolute: impl Fn(&str) -> Result<PathBuf, Error>,
    ) -> Result<Carried, SettingsError> {
        let mut carried = Vec::new();
        let mut keep = |name: &str, value: &str| carried.push((name.to_owned(), value.to_owned()));
        for name in AS_THEY_ARE {
            self.values.get(name).into_iter().for_each(|value| keep(name, value));
        }
        let path = |name: &str, value: &str| {
            let path = absolute(value).map_err(|error| unusable(name, &error.to_string()))?;
            path.into_os_string().into_string().map_err(|_| unusable(name, "its path is not Unicode"))
        };
        for name in FILES {
            let Some(value) = self.values.get(name) else { continue };
            keep(name, &path(name, value)?);
        }
        for name in WITH_PASSWORDS {
            let in_file = format!("{name}_FILE");
            match (self.values.get(&in_file), self.values.get(name)) {
                (Some(file), _) => keep(&in_file, &path(&in_file, file)?),
                // An address without one has no such sign.
                (None, Some(value)) if value.contains('@') => return Err(with_password(name)),
                (None, Some(value)) => keep(name, value),
                (None, None) => {}
            }
        }
        match carried.iter().find(|(_, value)| value.chars().any(char::is_control)) {
            Some((name, _)) => Err(unusable(name, CONTROL)),
            None => Ok(carried),
        }
    }
}

fn with_password(name: &str) -> SettingsError {
    SettingsError(format!(
        "{name} holds a password, which is not written into the file of a service: put the address into a file that your user alone can \
         read, name that with {name}_FILE instead, and run this again."
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn carried(pairs: &[(&str, &str)]) -> Result<Carried, SettingsError> {
        let source = Source::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        source.carried(|path| Ok(Path::new("/here").join(path)))
    }

    #[test]
    fn what_the_proxy_needs_is_kept_and_nothing_else_of_the_environment() {
        let kept = carried(&[
            ("BACKSTAGE_URL", "https://b.example"),
            ("BACKSTAGE_TOKEN", "secret"),
            ("CA_FILE", "ca.pem"),
            ("SSL_CERT_DIR", "/etc/certs"),
            ("HOLD_CALLBACK_PORT", "true"),
            ("PATH", "/bin"),
            ("https_proxy", "http://proxy.example:3128"),
            ("LOGIN_TIMEOUT", "10m"),
        ]);
        let kept = kept.unwrap();
        let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [
            ("BACKSTAGE_URL", "https://b.example"),
            ("LOGIN_TIMEOUT", "10m"),
            ("CA_FILE", "/here/ca.pem"),
            ("SSL_CERT_DIR", "/etc/certs"),
            ("HTTPS_PROXY", "http://proxy.example:3128"),
        ];
        assert_eq!(kept, expected);
    }

    #[test]
    fn no_setting_begins_a_line_of_its_own() {
        for name in AS_THEY_ARE.iter().chain(&FILES).chain(&WITH_PASSWORDS) {
            for odd in ["a\nExecStartPre=hush", "a\rhush", "a\thush", "a\u{85}hush"] {
                let refusal = carried(&[(name, odd)]).unwrap_err().to_string();
                assert!(refusal.starts_with(&format!("{name} cannot be used: ")), "{refusal}");
                assert!(refusal.contains("line break") && !refusal.contains("hush"), "{refusal}");
            }
        }
    }

    #[test]
    fn a_password_stays_in_its_own_file() {
        for name in WITH_PASSWORDS {
            let refusal = carried(&[(name, "http://user:hush@proxy.example")]).unwrap_err().to_string();
            assert!(refusal.contains(&format!("{name}_FILE")) && !refusal.contains("hush"), "{refusal}");
            let file = format!("{name}_FILE");
            let kept = carried(&[(&file, "secrets/proxy"), (name, "http://user:hush@proxy.example")]);
            assert_eq!(kept.unwrap(), [(file, "/here/secrets/proxy".to_owned())]);
        }
    }
}

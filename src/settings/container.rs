//! Defaults in a container (`IN_CONTAINER`, which the image sets): its loopback cannot be reached from outside.

use super::Source;
use super::yes_no::says_no;

/// For a helper in a container, of either role: its callback port is published and stays open.
pub const HELPER: [(&str, &str); 3] =
    [("LISTEN", "0.0.0.0:8000"), ("CONTROL_LISTEN", "0.0.0.0:8888"), ("HOLD_CALLBACK_PORT", "true")];

/// For a backend in a container: its API and its control port.
pub const BACKEND: [(&str, &str); 2] = [("LISTEN", "0.0.0.0:7008"), ("CONTROL_LISTEN", "0.0.0.0:9090")];

impl Source {
    /// Whether the image says that this is a container: `IN_CONTAINER` is set, and not to `false`, `0`, `no` or `off`.
    #[must_use]
    pub fn is_in_container(&self) -> bool {
        self.values.get("IN_CONTAINER").is_some_and(|value| !says_no(value))
    }

    /// In a container, these defaults replace the role's own.
    #[must_use]
    pub fn with_container_defaults(mut self, defaults: &[(&str, &str)]) -> Self {
        if self.is_in_container() {
            for (name, value) in defaults {
                self.values.entry((*name).to_owned()).or_insert_with(|| (*value).to_owned());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::backend::BackendSettings;
    use crate::settings::login::LoginSettings;

    fn source(more: &[(&str, &str)]) -> Source {
        let base = [
            ("OIDC_ISSUER_URL", "https://idp.example/"),
            ("OIDC_CLIENT_ID", "kubernetes"),
            ("KUBERNETES_API_URL", "https://kubernetes.example"),
        ];
        Source::new(base.iter().chain(more).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    fn backend_listens(more: &[(&str, &str)]) -> [String; 2] {
        let settings = BackendSettings::read(&source(more).with_container_defaults(&BACKEND)).unwrap();
        [settings.listen.to_string(), settings.control_listen.to_string()]
    }

    #[test]
    fn only_in_a_container_do_the_roles_listen_beyond_loopback() {
        assert_eq!(backend_listens(&[("IN_CONTAINER", "true")]), ["0.0.0.0:7008", "0.0.0.0:9090"]);
        for elsewhere in
            [&[][..], &[("IN_CONTAINER", "")], &[("IN_CONTAINER", "false")], &[("IN_CONTAINER", "No")]]
        {
            assert_eq!(backend_listens(elsewhere), ["127.0.0.1:7008", "127.0.0.1:9090"]);
        }
        let helper = source(&[("IN_CONTAINER", "true")]).with_container_defaults(&HELPER);
        assert_eq!(LoginSettings::read(&helper).unwrap().listen, ["0.0.0.0:8000".parse().unwrap()]);
    }

    #[test]
    fn what_is_set_counts_in_a_container_too() {
        let set = [("IN_CONTAINER", "true"), ("LISTEN", "127.0.0.1:1")];
        assert_eq!(backend_listens(&set), ["127.0.0.1:1", "0.0.0.0:9090"]);
    }
}

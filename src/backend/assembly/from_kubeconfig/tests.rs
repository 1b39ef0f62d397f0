//! Kubeconfigs as people have them: `tests/backend/from_kubeconfig`.

mod chart;
mod hidden;

use super::*;
use crate::settings::Source;
use crate::settings::backend::BackendSettings;

/// What the fixtures hold and no output may.
const HIDDEN: &str = "must-not-be-shown";

struct Made {
    result: Result<(), FromKubeconfigError>,
    text: String,
    said: Vec<String>,
    folder: tempfile::TempDir,
}

impl Made {
    fn sentence(&self, part: &str) -> bool {
        self.said.iter().any(|sentence| sentence.contains(part))
    }

    /// Lines of the environment, in the form of `CONFIG_FILE` where that is what was written.
    fn has(&self, lines: &[&str]) {
        for line in lines {
            let as_toml = line.split_once('=').filter(|_| self.is_config_file() && !line.starts_with('#'));
            let line = as_toml.map_or_else(
                || (*line).to_owned(),
                |(name, value)| format!("{} = \"{value}\"", name.to_lowercase()),
            );
            assert!(self.text.lines().any(|one| one == line), "{line} is missing in {}", self.text);
        }
    }

    fn is_config_file(&self) -> bool {
        self.text.contains("[[clusters]]")
    }

    /// Reads the settings as the backend does.
    fn settings(&self) -> BackendSettings {
        let source = if self.is_config_file() {
            let file = self.folder.path().join("clusters.toml");
            std::fs::write(&file, &self.text).unwrap();
            Source::new([("CONFIG_FILE".to_owned(), file.to_str().unwrap().to_owned())])
        } else {
            let lines = self.text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
            let pairs = lines.map(|line| line.split_once('=').unwrap());
            Source::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        BackendSettings::read(&source.with_secret_files().unwrap()).unwrap()
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/backend/from_kubeconfig").join(format!("{name}.yaml"))
}

fn made_of(file: PathBuf, contexts: &[&str], folder: tempfile::TempDir) -> Made {
    made_for(Purpose::Program, file, contexts, folder)
}

fn made_for(purpose: Purpose, file: PathBuf, contexts: &[&str], folder: tempfile::TempDir) -> Made {
    let request = Request {
        purpose,
        file,
        contexts: contexts.iter().map(|name| (*name).to_owned()).collect(),
        folder: folder.path().join("files"),
        insecure_http_hosts: Vec::new(),
        home: None,
    };
    let (mut out, mut said) = (Vec::new(), Vec::new());
    let result = run(&request, &mut out, &mut |sentence| said.push(sentence.to_owned()));
    let text = String::from_utf8(out).unwrap();
    let error = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
    assert!(!format!("{text}{said:?}{error}").contains(HIDDEN), "{text}{said:?}{error}");
    Made { result, text, said, folder }
}

fn made(name: &str, contexts: &[&str]) -> Made {
    made_of(fixture(name), contexts, tempfile::tempdir().unwrap())
}

fn made_of_text(text: &str) -> Made {
    made_of_bytes(text.as_bytes())
}

fn made_of_bytes(content: &[u8]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, content).unwrap();
    made_of(file, &[], folder)
}

/// One cluster, with these flags of kubelogin, too.
fn with_flags(flags: &[&str]) -> Made {
    let arguments = ["get-token", "--oidc-issuer-url=https://i.example/", "--oidc-client-id=k"];
    let args: Vec<_> = arguments.iter().chain(flags).collect();
    made_of_text(&format!(
        r#"{{"contexts": [{{"name": "x", "context": {{"cluster": "c", "user": "u"}}}}],
        "clusters": [{{"name": "c", "cluster": {{"server": "https://c.example"}}}}],
        "users": [{{"name": "u", "user": {{"exec": {{"command": "kubelogin", "args": {args:?}}}}}}}]}}"#
    ))
}

#[test]
fn the_kubeconfig_of_the_first_users_becomes_one_cluster() {
    let made = made("rackspace-spot", &[]);
    made.result.as_ref().unwrap();
    made.has(&[
        "CLUSTER_NAME=acme-prod",
        "# --oidc-issuer-url of the user \"oidc\"",
        "OIDC_ISSUER_URL=https://login.spot.rackspace.com/",
        "OIDC_CLIENT_ID=mwG3lUMV8KyeMqHe4fJ5Bb3nM1vBvRNa",
        "OIDC_ORGANIZATION_ID=org_zOuCBHiyF1yG8d1D",
        "# what kubelogin asks for by default, without a slash at the end",
        "OIDC_REDIRECT_URI=http://localhost:8000",
        "# server of the cluster \"acme-prod\"",
        "KUBERNETES_API_URL=https://hcp-4f1c0e9a.spot.example.com/",
    ]);
    assert!(!made.text.contains("OIDC_SCOPES"), "the default has them all: {}", made.text);
    assert!(made.sentence("\"acme-prod-ngpc-user\" is left out: its user \"ngpc-user\" has a fixed token"));
    assert!(made.sentence("--token-cache-dir are for kubelogin on a person's machine"));
    assert_eq!(made.said.len(), 2, "{:?}", made.said);
    let settings = made.settings();
    let api = settings.clusters["acme-prod"].kubernetes.as_ref().unwrap();
    let ca = std::fs::read_to_string(api.ca_file.as_ref().unwrap()).unwrap();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn clusters_without_such_a_login_get_a_sentence_and_no_settings() {
    for (name, said) in [
        ("eks", "runs aws: the cluster takes credentials of AWS IAM"),
        ("gke", "runs gke-gcloud-auth-plugin, with an application of Google's own"),
        ("azure", "runs Azure's kubelogin, another program of that name"),
        ("rancher", "\"local\" has a fixed token"),
        ("k3s", "\"default\" has a client certificate"),
    ] {
        let made = made(name, &[]);
        assert!(made.sentence(said), "{name}: {:?}", made.said);
        let error = made.result.unwrap_err();
        assert!(matches!(error, FromKubeconfigError::Nothing(_)), "{name}: {error}");
        assert_eq!((made.text.as_str(), error.exit_code()), ("", 1), "{name}");
        assert!(!made.folder.path().join("files").exists(), "{name}");
    }
}

#[test]
fn several_clusters_are_blocks_with_names_of_their_own() {
    let made = made("dex", &[]);
    made.result.as_ref().unwrap();
    let settings = made.settings();
    let names: Vec<_> = settings.clusters.keys().map(String::as_str).collect();
    assert_eq!(names, ["prod", "prod-2"], "{}", made.text);
    let first = &settings.clusters["prod"];
    assert_eq!(first.title, "Prod");
    assert_eq!(
        first.oidc.scopes.join(" "),
        "openid profile email offline_access groups audience:server:client_id:kubernetes"
    );
    assert_eq!(first.oidc.redirect_uri, "http://localhost:8000");
    assert!(made.sentence("\"Prod\": proxy-url is not carried over"), "{:?}", made.said);
    assert!(made.sentence("\"prod\": tls-server-name is not carried over"), "{:?}", made.said);
    assert!(made.sentence("\"admin@old\" is left out: its redirect URI http://localhost:18000 has another"));
    assert!(made.sentence("CA_FILE is a setting of the whole backend: set CA_FILE="), "{:?}", made.said);
}

#[cfg(unix)]
#[test]
fn a_client_secret_goes_to_a_file_of_the_users_own_and_no_file_is_replaced() {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    let first = made("dex", &["dex@prod"]);
    let secret = first.folder.path().join("files/prod-client-secret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let settings = first.settings();
    let read = settings.clusters["prod"].oidc.client_secret().unwrap().expose_secret().to_owned();
    assert_eq!(read, format!("a-secret-that-{HIDDEN}"));

    let again = |folder| made_of(fixture("dex"), &["dex@prod"], folder);
    let second = again(first.folder);
    second.result.as_ref().unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
    let third = again(second.folder);
    assert!(third.result.unwrap_err().to_string().contains("other users may read it"));
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&secret, "of another client").unwrap();
    let fourth = again(third.folder);
    assert!(fourth.result.unwrap_err().to_string().contains("holds something else"));
    assert_eq!(fourth.text, "");
    assert_eq!(std::fs::read_to_string(secret).unwrap(), "of another client");
}

#[test]
fn the_auth_provider_of_kubectl_before_126_is_read_too() {
    let made = made("keycloak-auth-provider", &[]);
    made.result.as_ref().unwrap();
    made.has(&[
        "# idp-issuer-url of the user \"mara@example.com\"",
        "OIDC_ISSUER_URL=https://keycloak.example.com/realms/acme",
        "OIDC_SCOPES=openid profile email offline_access groups",
    ]);
    assert!(made.text.contains("oidc_client_secret_file = "), "{}", made.text);
    assert!(made.sentence("the tokens in the file are not carried over"));
    assert!(made.sentence("names \"ca.crt\", which cannot be read here"), "{:?}", made.said);
    assert!(made.sentence("set CA_FILE."), "{:?}", made.said);
    made.settings();
}

#[test]
fn windows_paths_line_ends_and_quotes_are_read() {
    let made = made("windows", &[]);
    made.result.as_ref().unwrap();
    made.has(&[
        "CLUSTER_NAME=dev-windows",
        "CLUSTER_TITLE=dev (Windows)",
        "OIDC_ISSUER_URL=https://login.example.com/",
        "OIDC_CLIENT_ID=kubernetes-dev",
        "OIDC_EXTRA_PARAMS=prompt=login&acr_values=urn%3Amfa",
        "OIDC_TOKEN_ORIGIN=true",
        "OIDC_REDIRECT_URI=http://localhost:8000/callback",
    ]);
    assert!(
        made.sentence("--browser-command, --authentication-timeout-sec are for kubelogin"),
        "{:?}",
        made.said
    );
    assert!(made.sentence("the variables HTTPS_PROXY are set for kubelogin"), "{:?}", made.said);
    assert!(made.sentence("the extra parameter nonce is not carried over"), "{:?}", made.said);
    assert!(
        made.sentence(r#"names "C:\\Users\\mara\\.kube\\ca.crt", which cannot be read"#),
        "{:?}",
        made.said
    );
    made.settings();
}

#[test]
fn what_cannot_be_carried_over_is_said() {
    let made = made("docker", &[]);
    made.result.as_ref().unwrap();
    made.has(&["CLUSTER_NAME=lab", "KUBERNETES_TOKEN=access_token"]);
    for said in [
        "\"insecure\" is left out: its cluster \"insecure\" has insecure-skip-tls-verify",
        "\"half\" is left out: it names the user \"gone\", which is not there",
        "--grant-type=device-code is not carried over",
        "--oidc-pkce-method=no is not carried over",
        "set KUBERNETES_TOKEN_AUDIENCE",
        "--a-flag-of-tomorrow are not known here",
        "The user \"robot\" runs kubelogin and is in no context",
    ] {
        assert!(made.sentence(said), "{said}: {:?}", made.said);
    }
    made.settings();
}

#[test]
fn flags_that_decide_whether_there_is_a_login() {
    for (flags, said) in [
        (&["--insecure-skip-tls-verify"][..], "has --insecure-skip-tls-verify"),
        (&["--grant-type", "client-credentials"], "logs in as a machine"),
        (&["--oidc-redirect-url=https://localhost:8000/"], "no plain http address of a person's own machine"),
        (&["--oidc-issuer-url=http://i.example/"], "OIDC_ISSUER_URL"),
        (&["--oidc-client-id=a\nb"], "control character"),
    ] {
        let made = with_flags(flags);
        assert!(made.result.is_err() && made.sentence(said), "{flags:?}: {:?}", made.said);
    }
}

#[test]
fn flags_that_are_carried_over() {
    for (flags, line) in [
        (
            &["--listen-address=127.0.0.1:18000,127.0.0.1:28000"][..],
            "OIDC_REDIRECT_URI=http://localhost:18000",
        ),
        (&["--listen-port", "12345"], "OIDC_REDIRECT_URI=http://localhost:12345"),
        (
            &["--oidc-extra-scope=groups offline_access", "--oidc-extra-scope", "roles,groups"],
            "OIDC_SCOPES=openid profile email offline_access groups roles",
        ),
        (&["--oidc-redirect-url-hostname=127.0.0.1"], "OIDC_REDIRECT_URI=http://127.0.0.1:8000"),
        (&["--grant-type=authcode-keyboard"], "OIDC_REDIRECT_URI=http://localhost:8000"),
        (&["--insecure-skip-tls-verify=false"], "OIDC_CLIENT_ID=k"),
        (&["--oidc-auth-request-extra-params=audience=https://a"], "OIDC_AUDIENCE=https://a"),
        (
            &["--oidc-use-access-token", "--oidc-auth-request-extra-params=audience=https://a"],
            "KUBERNETES_TOKEN_AUDIENCE=https://a",
        ),
    ] {
        let made = with_flags(flags);
        made.result.as_ref().unwrap();
        made.has(&[line]);
        made.settings();
    }
    let other = with_flags(&["--listen-address=127.0.0.1:18000"]);
    assert!(other.sentence("People's helpers have to wait at http://localhost:18000"), "{:?}", other.said);
    let named = with_flags(&["--oidc-auth-request-extra-params=organization=acme"]);
    assert!(!named.text.contains("acme") && named.sentence("set OIDC_ORGANIZATION_ID"), "{:?}", named.said);
}

/// As docs/backstage.md loads them.
#[cfg(unix)]
#[test]
fn a_shell_that_loads_the_lines_gets_each_value_and_runs_nothing() {
    for client in [
        "k",
        "a.b-c_d",
        "$(touch pwned)",
        "`touch pwned`",
        "k;touch pwned",
        "k&touch pwned",
        "~",
        "'k",
        "k #",
    ] {
        let made = with_flags(&["--oidc-extra-scope=groups", &format!("--oidc-client-id={client}")]);
        made.result.as_ref().unwrap();
        let settings = made.settings();
        let cluster = settings.clusters.values().next().unwrap();
        assert_eq!(cluster.oidc.client_id.as_str(), client, "{}", made.text);
        assert!(made.is_config_file(), "{client}: several scopes: {}", made.text);
        let made = with_flags(&[&format!("--oidc-client-id={client}")]);
        if made.is_config_file() {
            assert_ne!(client, "k");
            continue;
        }
        let folder = made.folder.path();
        std::fs::write(folder.join("backend.env"), &made.text).unwrap();
        let mut sh = std::process::Command::new("sh");
        sh.current_dir(folder).args(["-euc", "set -a; . ./backend.env; env"]);
        let ended = sh.output().unwrap();
        assert!(ended.status.success() && !folder.join("pwned").exists(), "{client}: {ended:?}");
        let loaded = String::from_utf8(ended.stdout).unwrap();
        for line in made.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(loaded.lines().any(|one| one == line), "{line} is not in {loaded}");
        }
    }
}

#[test]
fn twenty_contexts_of_five_issuers_become_twenty_clusters() {
    let one = |number: usize| {
        let issuer = number % 5;
        (
            format!(r#"{{"name": "c{number}", "context": {{"cluster": "c{number}", "user": "u{issuer}"}}}}"#),
            format!(r#"{{"name": "c{number}", "cluster": {{"server": "https://c{number}.example"}}}}"#),
        )
    };
    let user = |issuer: usize| {
        let args =
            format!(r#"["get-token", "--oidc-issuer-url=https://i{issuer}.example", "--oidc-client-id=k"]"#);
        format!(r#"{{"name": "u{issuer}", "user": {{"exec": {{"command": "kubelogin", "args": {args}}}}}}}"#)
    };
    let (contexts, clusters): (Vec<_>, Vec<_>) = (0..20).map(one).unzip();
    let users: Vec<_> = (0..5).map(user).collect();
    let [contexts, clusters, users] = [contexts, clusters, users].map(|list| list.join(", "));
    let text = format!(r#"{{"contexts": [{contexts}], "clusters": [{clusters}], "users": [{users}]}}"#);
    let made = made_of_text(&text);
    made.result.as_ref().unwrap();
    assert_eq!(made.said, [""; 0]);
    let settings = made.settings();
    assert_eq!(settings.clusters.len(), 20);
    for (number, cluster) in (0..20).map(|number| (number, &settings.clusters[&format!("c{number}")])) {
        assert!(cluster.oidc.issuer.as_str().starts_with(&format!("https://i{}.example", number % 5)));
    }
}

#[test]
fn what_a_person_left_empty_is_read_as_empty_and_a_mark_at_the_start_does_not_matter() {
    let provider = made_of_text(
        "\u{feff}contexts:\r\n- name: x\r\n  context: {cluster: c, user: u}\r\nclusters:\r\n- name: c\r\n  cluster:\r\n    server: https://c.example\r\n    certificate-authority:\r\nusers:\r\n- name: u\r\n  user:\r\n    exec:\r\n    auth-provider:\r\n      name: oidc\r\n      config:\r\n        idp-issuer-url: https://i.example\r\n        client-id: k\r\n        client-secret:\r\n        refresh-token: ~\r\n",
    );
    provider.result.as_ref().unwrap();
    provider.has(&["OIDC_ISSUER_URL=https://i.example", "OIDC_CLIENT_ID=k"]);
    assert!(!provider.text.contains("SECRET"), "{}", provider.text);
    assert_eq!(provider.said, [""; 0]);
    provider.settings();
}

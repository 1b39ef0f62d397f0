//! Secrets at places where none is expected: none of them is in a sentence, and none is misread.

use serde_json::{Value, json};

use super::*;

/// One cluster, with this command.
fn with_exec(command: &str, args: &[&str]) -> Made {
    of_contexts(&[("x", "c")], |_| json!({"exec": {"command": command, "args": args}}))
}

/// Contexts with their clusters, each with a user of its own.
fn of_contexts(contexts: &[(&str, &str)], user: impl Fn(&str) -> Value) -> Made {
    let list = |entry: &dyn Fn(&str, &str) -> Value| -> Vec<Value> {
        contexts.iter().map(|(name, cluster)| entry(name, cluster)).collect()
    };
    made_of_text(
        &json!({
            "contexts": list(&|name, cluster| json!({"name": name, "context": {"cluster": cluster, "user": name}})),
            "clusters": list(&|_, cluster| json!({"name": cluster, "cluster": {"server": "https://c.example"}})),
            "users": list(&|name, _| json!({"name": name, "user": user(name)})),
        })
        .to_string(),
    )
}

/// Arguments of a login.
fn login(more: &[&str]) -> Vec<String> {
    let arguments = ["get-token", "--oidc-issuer-url=https://i.example/", "--oidc-client-id=k"];
    arguments.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

fn secret_of(made: &Made) -> String {
    made.result.as_ref().unwrap();
    std::fs::read_to_string(made.folder.path().join("files/c-client-secret")).unwrap()
}

#[test]
fn a_secret_that_looks_like_a_flag_is_the_secret() {
    let secret = format!("--Zx{HIDDEN}");
    let made = with_flags(&["--oidc-client-secret", &secret, "--oidc-extra-scope", "groups"]);
    assert_eq!(secret_of(&made).trim_end(), secret);
    assert!(made.text.contains("groups"), "{}", made.text);
}

#[test]
fn a_flag_or_header_of_a_strange_name_is_said_without_it() {
    let long = format!("--{}", "z".repeat(41));
    let made = with_flags(&["-c=1", "--Zx81MUST-not", "--a-flag-of-tomorrow", &long]);
    made.result.as_ref().unwrap();
    assert!(
        made.sentence("-c, flags of strange names, --a-flag-of-tomorrow are not known"),
        "{:?}",
        made.said
    );
    let header = format!("--oidc-request-header=Authorization: Basic {HIDDEN}==");
    let made = with_flags(&[&header, "--oidc-request-header=X-Team=a"]);
    made.result.as_ref().unwrap();
    assert!(made.sentence("--oidc-request-header is not carried over"), "{:?}", made.said);
    assert!(made.sentence("--oidc-request-header \"X-Team\" is not carried over"), "{:?}", made.said);
}

#[test]
fn a_whole_command_line_for_a_command_is_not_repeated() {
    for command in [
        format!("kubelogin get-token --oidc-issuer-url=https://i/realms/x --oidc-client-secret={HIDDEN}"),
        format!("kubelogin get-token --oidc-client-secret=a/{HIDDEN}"),
        format!(r"kubelogin.exe get-token --oidc-client-secret=a\{HIDDEN}"),
    ] {
        let made = with_exec(&command, &[]);
        assert!(made.result.is_err() && made.sentence("a whole command line"), "{:?}", made.said);
    }
    let aws = with_exec(r"C:\Program Files\Amazon\AWSCLIV2\aws.exe", &["eks", "get-token"]);
    assert!(aws.sentence("runs aws: the cluster takes credentials of AWS IAM"), "{:?}", aws.said);
    let other = with_exec("/opt/bin/own-login", &["get-token"]);
    assert!(other.sentence("runs \"own-login\", which is not kubelogin"), "{:?}", other.said);
}

#[test]
fn what_a_script_makes_of_its_words_is_not_taken_for_what_is_written() {
    let line = |more: &str| format!("kubelogin {} {more}", login(&[]).join(" "));
    for script in [
        line("--oidc-client-secret=$SECRET"),
        line("--oidc-client-secret=\"$SECRET\""),
        line("--oidc-client-secret=`cat secret`"),
        line("--oidc-client-secret=$(cat secret)"),
        line("--oidc-client-secret=s; echo done"),
        line("--oidc-client-secret=s&& echo done"),
        line("--oidc-client-secret=s | jq ."),
        line("--oidc-client-secret=s\necho done"),
        line("# it's a comment\n--oidc-client-secret=$SECRET"),
    ] {
        let made = with_exec("sh", &["-c", &script]);
        assert!(
            made.result.is_err() && made.sentence("runs kubelogin in a script"),
            "{script}: {:?}",
            made.said
        );
        assert!(!made.folder.path().join("files").exists(), "{script}");
    }
    for (script, secret) in [
        (line(r"--oidc-client-secret='$a;b'"), "$a;b"),
        (line(r#"--oidc-client-secret="a;\$b""#), "a;$b"),
        (line(r"--oidc-client-secret=\$a\;b"), "$a;b"),
        (format!("cd \"$HOME\" && exec {}\n", line("\\\n  --oidc-client-secret=s")), "s"),
        (format!("# don't\n{}", line("--oidc-client-secret=s # of the team")), "s"),
    ] {
        let made = with_exec("bash", &["-c", &script]);
        assert_eq!(secret_of(&made).trim_end(), secret, "{script}");
    }
    let literal = with_exec(
        "kubelogin",
        &[&login(&[])[..], &["--oidc-client-secret=$a".to_owned()]]
            .concat()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    assert_eq!(secret_of(&literal).trim_end(), "$a");
}

#[test]
fn a_context_that_is_refused_decides_nothing_for_the_others() {
    for bad in ["--oidc-issuer-url=http://i.example/", "--oidc-client-id=a\nb"] {
        let made = of_contexts(&[("bad", "prod"), ("good", "Prod")], |context| {
            let own = if context == "bad" { &["--listen-address=127.0.0.1:18000", bad][..] } else { &[] };
            json!({"exec": {"command": "kubelogin", "args": login(own)}})
        });
        made.result.as_ref().unwrap_or_else(|error| panic!("{error}: {:?}", made.said));
        made.has(&["CLUSTER_NAME=prod", "OIDC_REDIRECT_URI=http://localhost:8000"]);
        assert_eq!(made.said.len(), 1, "{:?}", made.said);
        assert!(made.sentence("The context \"bad\" is left out"), "{:?}", made.said);
    }
}

#[test]
fn a_file_that_is_no_kubeconfig_is_refused_without_its_text() {
    let broken = format!("users:\n- name: felix\n  user: {{token: [{HIDDEN}\n");
    let lines = format!("contexts: {HIDDEN}\n");
    for text in [broken.as_str(), lines.as_str(), "- a\n", "42"] {
        let error = made_of_text(text).result.unwrap_err();
        assert!(matches!(error, FromKubeconfigError::NotAKubeconfig { .. }), "{text}: {error}");
        assert_eq!(error.exit_code(), 2);
    }
    for text in ["", "\n# nothing\n"] {
        let error = made_of_text(text).result.unwrap_err();
        assert!(matches!(error, FromKubeconfigError::Empty(_)), "{text}: {error}");
    }
    // As Windows PowerShell writes it.
    let utf16: Vec<u8> = "\u{feff}contexts: []\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = made_of_bytes(&utf16).result.unwrap_err();
    assert!(matches!(error, FromKubeconfigError::NotText(_)), "{error}");
    assert!(matches!(made("empty", &[]).result, Err(FromKubeconfigError::Empty(_))));
    assert!(matches!(made("gone", &[]).result, Err(FromKubeconfigError::Unreadable(..))));
    assert!(matches!(made("dex", &["nope"]).result, Err(FromKubeconfigError::NoSuchContext { .. })));
}

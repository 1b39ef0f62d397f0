use std::path::Path;

use super::*;
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::kubectl::kubeconfig::entries::Entries;

const BACKEND: &str = "https://b.example";

/// As kubectl writes it, with what people and clouds add.
const KUBECTLS: &str = r#"# mine
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0t
    server: https://1.2.3.4   # the old one
    x-unknown: {a: [1, 2], b: yes}
  name: old
# between
contexts:
- context:
    cluster: old
    namespace: "yes"
    user: old
  name: old
current-context: old
kind: Config
preferences: {}
users:
- name: old
  user:
    token: 0123
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --x
      command: aws
x-mine:
- a
"#;

fn wanted(clusters: &[&str], current: Option<&str>) -> Wanted {
    let backend = BackendName::new(BACKEND, "backstage-oidc-helper").unwrap();
    let entries = Entries {
        backend: &backend,
        address: BACKEND,
        command: "/usr/local/bin/backstage-oidc-helper",
        certificate_authority: Some(Path::new("/etc/a ca.pem")),
        tls_server_name: None,
    };
    let clusters: Vec<String> = clusters.iter().map(|cluster| (*cluster).to_owned()).collect();
    entries.wanted(&clusters, current)
}

/// All lines of the one are in the other, in their order.
fn assert_kept(before: &str, after: &str) {
    let mut lines = after.lines();
    for line in before.lines() {
        assert!(lines.any(|other| other == line), "{line:?} is gone from: {after}");
    }
}

#[test]
fn a_new_file_is_what_kubectl_reads() {
    let text = edited("", &wanted(&["dev"], Some("dev@b.example"))).unwrap();
    let expected = r#"apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: "/etc/a ca.pem"
    server: https://b.example/api/cluster-auth/clusters/dev/proxy
  name: dev@b.example
users:
- name: backstage@b.example
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args:
      - get-token
      - "--backend"
      - https://b.example
      - "--client-id"
      - backstage-oidc-helper
      - "--ca-file"
      - "/etc/a ca.pem"
      command: /usr/local/bin/backstage-oidc-helper
"#;
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("      interactiveMode: IfAvailable\n      provideClusterInfo: false\n"), "{text}");
    assert!(text.ends_with("current-context: dev@b.example\n"), "{text}");
}

#[test]
fn what_is_there_stays_byte_for_byte_and_twice_is_once() {
    let deeper = |line: &str| {
        let nested = line.starts_with([' ', '-']);
        [if nested { "    " } else { "" }, line, "\n"].concat()
    };
    let indented: String = KUBECTLS.lines().map(deeper).collect();
    let windows = KUBECTLS.replace('\n', "\r\n");
    let without_end = KUBECTLS.trim_end().to_owned();
    for before in [KUBECTLS, &indented, &windows, &without_end] {
        let once = edited(before, &wanted(&["dev", "prod"], None)).unwrap();
        assert_kept(before, &once);
        let windows = once.matches("\r\n").count();
        assert_eq!(windows, if before.contains("\r\n") { once.matches('\n').count() } else { 0 });
        assert_eq!(edited(&once, &wanted(&["dev", "prod"], None)).unwrap(), once);
        assert_eq!(edited(&once, &wanted(&["dev"], None)).unwrap(), once);
        let content = parsed(&once).unwrap();
        assert_eq!(content["clusters"].as_array().unwrap().len(), 3);
        assert_eq!(content["current-context"], "old");
        let current = edited(&once, &wanted(&["dev"], Some("dev@b.example"))).unwrap();
        assert_eq!(parsed(&current).unwrap()["current-context"], "dev@b.example");
    }
}

#[test]
fn empty_lists_of_every_spelling_are_filled() {
    for empty in ["[]", "null", "~", "", "[] # none"] {
        let before = format!(
            "---\napiVersion: v1\nclusters: {empty}\nkind: Config\nusers: {empty}\ncontexts: {empty}\n"
        );
        let after = edited(&before, &wanted(&["dev"], None)).unwrap();
        assert_eq!(parsed(&after).unwrap()["contexts"][0]["name"], "dev@b.example", "{after}");
    }
    for nothing in ["", "\n", "# only a comment\n", "---\n"] {
        assert!(edited(nothing, &wanted(&["dev"], None)).unwrap().contains("kind: Config"), "{nothing:?}");
    }
}

#[test]
fn comments_behind_what_is_written_stay() {
    let before = "apiVersion: v1\nclusters: []  # none yet\ncontexts: # mine\ncurrent-context: \"a #b\"\t# 'mine' too\n";
    let after = edited(before, &wanted(&["dev"], Some("dev@b.example"))).unwrap();
    assert!(after.contains("\nclusters:  # none yet\n- cluster:\n"), "{after}");
    assert!(after.contains("\ncontexts: # mine\n- context:\n"), "{after}");
    assert!(after.contains("\ncurrent-context: dev@b.example\t# 'mine' too\n"), "{after}");
    for (value, kept) in
        [("'it''s # x' # y", " # y"), ("it's# x # y", " # y"), ("'a'", ""), ("# y", " # y"), ("x", "")]
    {
        let after = edited(&format!("current-context: {value}\n"), &wanted(&["dev"], Some("dev@b.example")));
        let line = format!("current-context: dev@b.example{kept}");
        let after = after.unwrap();
        assert_eq!(after.lines().next(), Some(line.as_str()), "{value}");
    }
}

#[test]
fn what_a_user_has_added_to_our_entries_stays_when_they_are_written_anew() {
    let once = edited(KUBECTLS, &wanted(&["dev"], None)).unwrap();
    let mine = once
        .replace(
            "  name: dev@b.example\n# between",
            "    proxy-url: http://p:1\n  name: dev@b.example\n# between",
        )
        .replace("    cluster: dev@b.example\n", "    cluster: dev@b.example\n    namespace: \"on\"\n")
        .replace(
            "interactiveMode: IfAvailable",
            "env:\n      - {name: BROWSER, value: none}\n      interactiveMode: Never",
        )
        .replace("/usr/local/bin/backstage", "/old/place/backstage");
    let again = edited(&mine, &wanted(&["dev"], None)).unwrap();
    assert_kept(KUBECTLS, &again);
    let content = parsed(&again).unwrap();
    let exec = &content["users"][1]["user"]["exec"];
    assert_eq!(exec["command"], "/usr/local/bin/backstage-oidc-helper");
    assert_eq!((&exec["env"][0]["value"], &exec["interactiveMode"]), (&json!("none"), &json!("Never")));
    assert_eq!(content["contexts"][1]["context"]["namespace"], "on");
    assert!(again.contains("namespace: \"on\""), "{again}");
    assert_eq!(content["clusters"][1]["cluster"]["proxy-url"], "http://p:1");
}

#[test]
fn json_stays_json() {
    let before = r#"{"apiVersion":"v1","kind":"Config","clusters":[],"x":{"a":1}}"#;
    let after = edited(before, &wanted(&["dev"], None)).unwrap();
    let value: Value = serde_json::from_str(&after).unwrap();
    assert_eq!((&value["x"]["a"], &value["contexts"][0]["name"]), (&json!(1), &json!("dev@b.example")));
    let compact = value.to_string();
    assert_eq!(edited(&compact, &wanted(&["dev"], None)).unwrap(), compact, "nothing is to be added");
}

#[test]
fn another_entry_of_that_name_is_not_touched() {
    for (before, kind) in [
        ("clusters:\n- cluster: {server: https://other}\n  name: dev@b.example\n", Kind::Cluster),
        ("users:\n- name: backstage@b.example\n  user: {token: x}\n", Kind::User),
        ("contexts:\n- name: dev@b.example\n  context: {cluster: x, user: y}\n", Kind::Context),
    ] {
        let refused = edited(before, &wanted(&["dev"], None)).unwrap_err();
        assert!(matches!(refused, NotEdited::OthersEntry(of, _) if of == kind), "{refused:?}");
    }
}

#[test]
fn a_broken_file_is_named_with_the_line_and_without_its_secrets() {
    for (broken, line) in [
        ("users:\n- name: a\n  user: {token: a-secret\n", None),
        ("clusters: 1\n", None),
        ("users: [a-secret]\n", None),
        ("a-secret", None),
        ("- a\n", None),
        ("a: 1\na: a-secret\n", Some(2)),
        ("a: 1\n---\nb: a-secret\n", None),
    ] {
        let refused = edited(broken, &wanted(&["dev"], None)).unwrap_err();
        let NotEdited::Broken(at) = refused.clone() else { panic!("{broken}: {refused:?}") };
        assert!(line.is_none() || at == line, "{broken}: {at:?}");
        let sentence = refused.of(Path::new("/home/config")).to_string();
        assert!(
            sentence.starts_with("/home/config is no kubeconfig") && !sentence.contains("a-secret"),
            "{sentence}"
        );
    }
}

#[test]
fn what_is_written_in_another_way_is_left_as_it_is() {
    for unusual in [
        "apiVersion: v1\nclusters: [{name: a, cluster: {server: https://x}}]\n",
        "apiVersion: v1\n\"clusters\":\n- name: a\n  cluster: {server: https://x}\n",
        "{apiVersion: v1, kind: Config}\n",
    ] {
        let refused = edited(unusual, &wanted(&["dev"], None)).unwrap_err();
        assert_eq!(refused, NotEdited::Unusual, "{unusual}");
    }
}

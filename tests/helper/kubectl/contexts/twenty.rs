//! Twenty clusters of one backend: a context for each, and one user for all.

use super::{Portal, content, have_confirmed, text};

#[test]
fn a_kubeconfig_of_twenty_contexts_serves_each_cluster_with_one_sign_in() {
    let clusters: Vec<String> = (0..20).map(|number| format!("c{number}")).collect();
    let clusters: Vec<&str> = clusters.iter().map(String::as_str).collect();
    let portal = Portal::of_clusters("kubectl_twenty", &clusters);
    portal.log_in_to("c19");
    have_confirmed(portal.world(), &[&portal.far.url]);

    let which = portal.kubeconfig(portal.plan());
    assert_eq!(which.code, Some(2), "{}", which.err);
    assert!(clusters.iter().all(|cluster| which.err.contains(&format!(" {cluster}"))), "{}", which.err);
    let all = portal.kubeconfig(portal.plan().argument("--all"));
    assert_eq!(all.code, Some(0), "{}", all.err);
    let written = std::fs::read(&portal.file).unwrap();
    let kubeconfig = content(&portal.file);
    let count = |list: &str| kubeconfig[list].as_array().unwrap().len();
    assert_eq!((count("contexts"), count("clusters"), count("users")), (20, 20, 1));
    let again = portal.kubeconfig(portal.plan().argument("--all"));
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert!(std::fs::read(&portal.file).unwrap() == written, "the second run has changed something");

    portal.keep_sign_in();
    for cluster in ["c0", "c19"] {
        let context = format!("{cluster}@10.66.0.1");
        let pods = portal.kubectl_at(&context, &["get", "pods", "-n", "team-a", "-o", "name"]);
        assert!(pods.status.success() && !pods.stdout.is_empty(), "{cluster}: {}", text(&pods.stderr));
    }
    // Where he has no login, he reads what to do there, also of the first thing that kubectl asks a cluster, and no other's pods.
    let without = portal.kubectl_at("c7@10.66.0.1", &["get", "pods", "-n", "team-a"]);
    let said = text(&without.stderr);
    assert!(
        !without.status.success() && without.stdout.is_empty() && said.contains("log in with "),
        "{said}"
    );
}

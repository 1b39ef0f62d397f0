//! Names of clusters that can stand in addresses: a-z, 0-9 and `-`, at most 63, each once.

use std::collections::BTreeSet;

use super::settings_of::ClusterSettings;

const LONGEST: usize = 63;

/// Gives each cluster its name: the kubeconfig's; the context's where one cluster has several logins; with a number where two names
/// become one.
pub fn give(clusters: Vec<ClusterSettings>) -> Vec<ClusterSettings> {
    let original: Vec<String> = clusters.iter().map(|cluster| cluster.cluster_name.clone()).collect();
    let mut taken = BTreeSet::new();
    let named = clusters.into_iter().map(|mut cluster| {
        let shared = original.iter().filter(|name| **name == cluster.cluster_name).count() > 1;
        let from = if shared { &cluster.context } else { &cluster.cluster_name };
        let name = free(&valid(from), &taken);
        taken.insert(name.clone());
        let from = from.clone();
        cluster.name(name, &from);
        cluster
    });
    named.collect()
}

fn valid(name: &str) -> String {
    let mut valid = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => valid.push(c),
            _ if !valid.is_empty() && !valid.ends_with('-') => valid.push('-'),
            _ => {}
        }
    }
    let valid = shortened(&valid, LONGEST);
    if valid.is_empty() { "cluster".to_owned() } else { valid }
}

fn shortened(name: &str, most: usize) -> String {
    name.chars().take(most).collect::<String>().trim_end_matches('-').to_owned()
}

fn free(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = |number: usize| {
        let end = format!("-{number}");
        format!("{}{end}", shortened(name, LONGEST.saturating_sub(end.len())))
    };
    let mut names = std::iter::once(name.to_owned()).chain((2..).map(numbered));
    names.find(|name| !taken.contains(name)).unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_kinds_become_names_in_addresses() {
        for (name, is) in [
            ("prod", "prod"),
            (
                "arn:aws:eks:eu-west-1:123456789012:cluster/Prod_1",
                "arn-aws-eks-eu-west-1-123456789012-cluster-prod-1",
            ),
            ("gke_my-project_europe-west3_main", "gke-my-project-europe-west3-main"),
            ("felix@prod.example.com:6443", "felix-prod-example-com-6443"),
            ("--x--", "x"),
            ("Bäckerei", "b-ckerei"),
            ("日本", "cluster"),
            ("", "cluster"),
        ] {
            assert_eq!(valid(name), is, "{name}");
        }
        assert_eq!(valid(&"a".repeat(70)).len(), 63);
        assert_eq!(valid(&format!("{}-b", "a".repeat(62))), "a".repeat(62));
    }

    #[test]
    fn names_that_become_one_are_told_apart() {
        let mut taken = BTreeSet::new();
        let long = "a".repeat(63);
        for (name, is) in [("a", "a".to_owned()), ("a", "a-2".to_owned()), ("a", "a-3".to_owned())] {
            assert_eq!(free(name, &taken), is);
            taken.insert(is);
        }
        taken.insert(long.clone());
        assert_eq!(free(&long, &taken), format!("{}-2", "a".repeat(61)));
    }
}

//! Which cluster is meant, where a backend has several: the sentences that list them.

use crate::helper::backend_client::displayable;
use crate::protocol::{ClusterInfo, Info};
use crate::settings::SettingsError;

/// Whether it is known which cluster a login is for.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    /// The named one, or the only one, which needs no name.
    Made(Option<String>),
    /// One of several; the user has to name it.
    Open,
}

/// The choice that the settings have made, by the backend's answer to `GET /info`.
///
/// # Errors
/// When no cluster has that name.
pub fn choose(info: &Info, named: Option<&str>, address: &str) -> Result<Choice, SettingsError> {
    match (named, info.clusters.as_slice()) {
        (Some(name), clusters) => {
            check(name, names(clusters), address)?;
            Ok(Choice::Made(Some(name.to_owned())))
        }
        (None, [] | [_]) => Ok(Choice::Made(None)),
        (None, _) => Ok(Choice::Open),
    }
}

/// The refusal of a login without a name where there are several.
#[must_use]
pub fn unnamed(info: &Info, address: &str) -> SettingsError {
    SettingsError(format!(
        "There are several clusters at {address}, so name one with --cluster or CLUSTER: {}.",
        list(names(&info.clusters))
    ))
}

/// A cluster's name and title.
type Names<'n> = (&'n str, &'n str);

/// The names of clusters.
pub fn names(clusters: &[ClusterInfo]) -> impl Iterator<Item = Names<'_>> + Clone {
    clusters.iter().map(|cluster| (&*cluster.name, &*cluster.title))
}

/// The clusters, for a sentence.
pub fn list<'n>(clusters: impl Iterator<Item = Names<'n>>) -> String {
    clusters.map(shown).collect::<Vec<_>>().join(", ")
}

/// One cluster, as a person sees it: its title too, unless that only repeats the name.
#[must_use]
pub fn shown((name, title): Names<'_>) -> String {
    displayable(&if name == title { name.to_owned() } else { format!("{name} ({title})") })
}

/// Refuses a name that no cluster has.
///
/// # Errors
/// The sentence with the list.
pub fn check<'n>(
    name: &str,
    clusters: impl Iterator<Item = Names<'n>> + Clone,
    address: &str,
) -> Result<(), SettingsError> {
    if clusters.clone().any(|(known, _)| known == name) {
        return Ok(());
    }
    Err(SettingsError(format!(
        "There is no cluster {} at {address}, so name another one with --cluster or CLUSTER: {}.",
        displayable(name),
        list(clusters)
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn info(names: &[&str]) -> Info {
        let cluster =
            |name: &&str| json!({ "name": name, "title": "Dev\u{1b}", "issuer": "https://idp.example" });
        let clusters: Vec<_> = names.iter().map(cluster).collect();
        let info = json!({ "version": "1", "backstageUrl": "", "appUrl": "", "redirectUri": "", "clusters": clusters });
        serde_json::from_value(info).unwrap()
    }

    #[test]
    fn only_several_without_a_name_leave_it_open() {
        let choose = |names: &[&str], named| choose(&info(names), named, "https://b.example");
        assert_eq!(choose(&["dev"], None).unwrap(), Choice::Made(None));
        assert_eq!(choose(&["dev", "prod"], None).unwrap(), Choice::Open);
        let named = Choice::Made(Some("prod".to_owned()));
        assert_eq!(choose(&["dev", "prod"], Some("prod")).unwrap(), named);
        assert_eq!(choose(&[], None).unwrap(), Choice::Made(None));
    }

    #[test]
    fn the_sentences_list_the_clusters_without_what_controls_a_terminal() {
        let unknown = choose(&info(&["dev", "prod"]), Some("sta\u{1b}ge"), "https://b.example").unwrap_err();
        let expected = "There is no cluster stage at https://b.example, so name another one with --cluster or CLUSTER: \
                        dev (Dev), prod (Dev).";
        assert_eq!(unknown.to_string(), expected);
        let unnamed = unnamed(&info(&["dev", "prod"]), "https://b.example").to_string();
        assert!(unnamed.ends_with("name one with --cluster or CLUSTER: dev (Dev), prod (Dev)."), "{unnamed}");
    }
}

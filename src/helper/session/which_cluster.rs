//! Which cluster is meant, where a backend has several: the sentences that list them.

use crate::helper::backend_client::displayable;
use crate::settings::SettingsError;

/// A cluster's name and title.
type Names<'n> = (&'n str, &'n str);

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

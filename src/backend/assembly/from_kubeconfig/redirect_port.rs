//! One host and port for the redirect URIs of all clusters: a helper waits at one.

use super::notes::Notes;
use super::settings_of::ClusterSettings;
use crate::protocol::{REDIRECT_URI, RedirectUri};

/// Gives each cluster the first of its redirect URIs that has the host and port of the first cluster's; one that has none is left out.
pub fn one(clusters: Vec<ClusterSettings>, notes: &mut Notes) -> Vec<ClusterSettings> {
    let mut first: Option<RedirectUri> = None;
    let kept: Vec<_> = clusters
        .into_iter()
        .filter_map(|mut cluster| {
            let mut usable = cluster.redirect_uris.iter().filter_map(|uri| RedirectUri::parse(uri).ok());
            let fits =
                |uri: &RedirectUri| first.as_ref().is_none_or(|first| uri.shares_host_and_port_with(first));
            let Some(found) = usable.find(fits) else {
                notes.add(left_out(&cluster, first.as_ref()));
                return None;
            };
            cluster.redirect_uri(found.text());
            first.get_or_insert(found);
            Some(cluster)
        })
        .collect();
    if let Some(note) = first.as_ref().and_then(other_port) {
        notes.add(note);
    }
    kept
}

fn left_out(cluster: &ClusterSettings, first: Option<&RedirectUri>) -> String {
    let context = &cluster.context;
    let uri = cluster.redirect_uris.first().map_or("none", String::as_str);
    match first {
        Some(first) if RedirectUri::parse(uri).is_ok() => format!(
            "The context {context:?} is left out: its redirect URI {uri} has another host or port than {} of the cluster before it, and a helper waits at one. Have the identity provider know that one, too, or give it a backend of its own (--context).",
            first.text()
        ),
        _ => format!(
            "The context {context:?} is left out: its redirect URI {uri} is no plain http address of a person's own machine. Have the identity provider know {REDIRECT_URI} for this client."
        ),
    }
}

fn other_port(uri: &RedirectUri) -> Option<String> {
    let ours = RedirectUri::parse(REDIRECT_URI).ok()?;
    (!uri.shares_host_and_port_with(&ours)).then(|| {
        format!(
            "People's helpers have to wait at {}, where kubelogin did: set LISTEN for login and proxy.",
            uri.origin()
        )
    })
}

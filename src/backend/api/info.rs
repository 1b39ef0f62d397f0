//! `GET /info`: what anyone may know.

use actix_web::web;
use url::Url;

use crate::protocol::{ClusterInfo, Info, REDIRECT_URI};
use crate::settings::backend::BackendSettings;

/// Version, addresses and clusters; nothing secret, and no address that only the backend uses.
#[utoipa::path(get, path = "/info", responses((status = 200, body = Info)))]
pub async fn info(info: web::Data<Info>) -> web::Json<Info> {
    web::Json(info.as_ref().clone())
}

/// What the settings say of that.
#[must_use]
pub fn of(settings: &BackendSettings) -> Info {
    let clusters = settings.clusters.values();
    let redirect_uri = clusters.clone().next().map_or(REDIRECT_URI, |cluster| &cluster.oidc.redirect_uri);
    Info {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backstage_url: told(settings.public_address.url()),
        app_url: told(settings.told_app_url.as_ref()),
        redirect_uri: redirect_uri.to_owned(),
        clusters: clusters
            .map(|cluster| ClusterInfo {
                name: cluster.name.clone(),
                title: cluster.title.clone(),
                issuer: cluster.oidc.issuer.clone(),
                redirect_uri: Some(cluster.oidc.redirect_uri.clone()),
            })
            .collect(),
    }
}

/// Helpers of each version read text there: what is not known is empty.
fn told(url: Option<&Url>) -> String {
    url.map_or("", Url::as_str).trim_end_matches('/').to_owned()
}

//! `GET /info`: what anyone may know.

use actix_web::web;
use url::Url;

use crate::backend::assembly::App;
use crate::protocol::{ClusterInfo, Info, REDIRECT_URI};

/// Version, addresses and clusters; nothing secret, and no address that only the backend uses.
#[utoipa::path(get, path = "/info", responses((status = 200, body = Info)))]
pub async fn info(app: web::Data<App>) -> web::Json<Info> {
    let settings = &app.settings;
    let clusters = settings.clusters.values();
    let redirect_uri = clusters.clone().next().map_or(REDIRECT_URI, |cluster| &cluster.oidc.redirect_uri);
    web::Json(Info {
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
    })
}

/// Helpers of each version read text there: what is not known is empty.
fn told(url: Option<&Url>) -> String {
    url.map_or("", Url::as_str).trim_end_matches('/').to_owned()
}

//! The part of a login that may be shown.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Session;
use super::auth_url::AuthUrl;
use crate::backstage_names::UserRef;
use crate::helper::HelperError;
use crate::helper::backend_client::{BackendApi, displayable};
use crate::protocol::Info;

/// What pages and the terminal show of a login. Holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginFacts {
    /// The user to whom the login will belong.
    pub user: String,
    /// The cluster as people call it.
    pub cluster: String,
    /// The Backstage that the login will be linked to.
    pub backend: String,
    /// The identity provider's host.
    pub idp_host: String,
    /// Where in Backstage the browser may go afterwards.
    pub back_link: Option<String>,
}

impl LoginFacts {
    /// From the backend's answers, made safe for a terminal and a page.
    ///
    /// # Errors
    /// When the backend names no user.
    pub fn of(
        session: &Session,
        info: &Info,
        auth_url: &AuthUrl,
        api: &BackendApi,
    ) -> Result<Self, HelperError> {
        let user: UserRef = session.user.parse().map_err(|_| {
            HelperError::refused(None, "The backend names no Backstage user for this login: tell its admin.")
        })?;
        let title = info.clusters.iter().find(|cluster| cluster.name == session.cluster).map(|c| &c.title);
        Ok(Self {
            user: user.to_string(),
            cluster: displayable(title.unwrap_or(&session.cluster)),
            backend: api.address().to_owned(),
            idp_host: auth_url.host().to_owned(),
            back_link: back_link(&info.app_url, session.return_to.as_deref()),
        })
    }
}

/// Where the browser may go afterwards; always within Backstage, whatever `return_to` is.
fn back_link(app_url: &str, return_to: Option<&str>) -> Option<String> {
    let app = Url::parse(app_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let back = return_to.and_then(|to| app.join(to).ok()).filter(|url| url.origin() == app.origin());
    Some(back.unwrap_or(app).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_within_backstage() {
        let back = |to| back_link("https://backstage.example/app", to).unwrap();
        assert_eq!(back(Some("/catalog?x=1")), "https://backstage.example/catalog?x=1");
        assert_eq!(back(Some("https://backstage.example/k8s")), "https://backstage.example/k8s");
        for outside in
            ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http://backstage.example/"]
        {
            assert_eq!(back(Some(outside)), "https://backstage.example/app", "{outside}");
        }
        assert_eq!(back(None), "https://backstage.example/app");
        assert_eq!(back_link("javascript:alert(1)", None), None);
    }
}

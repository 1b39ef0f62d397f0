//! A user's login at one cluster, as the store keeps it: sealed, and bound to that user and cluster.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::app::App;
use super::stubborn;
use crate::problem::Problem;
use crate::protocol::WireSecret;
use crate::store::sealing::Kind;
use crate::user::UserRef;

/// How long a login is kept that nobody uses.
const KEPT_UNUSED: Duration = Duration::from_hours(24 * 30);

/// The tokens of a login and what they must match.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginRecord {
    /// `iss` of the ID token.
    pub issuer: String,
    /// `aud` of the ID token.
    pub audience: String,
    /// `sub` of the ID token.
    pub subject: String,
    /// `org_id` of the ID token.
    pub organization: Option<String>,
    /// The user's address in the catalog when the login began, where the identity rule asked for it.
    pub catalog_email: Option<String>,
    /// What Kubernetes gets.
    pub id_token: WireSecret,
    /// When it expires.
    #[serde(with = "time::serde::timestamp")]
    pub id_token_expires_at: OffsetDateTime,
    /// The access token.
    pub access_token: WireSecret,
    /// When it expires, where the identity provider said so.
    #[serde(with = "time::serde::timestamp::option")]
    pub access_token_expires_at: Option<OffsetDateTime>,
    /// The refresh token, where the identity provider gave one.
    pub refresh_token: Option<WireSecret>,
}

/// All keys of one user and cluster share a Redis hash tag.
fn key(user: &UserRef, cluster: &str) -> String {
    format!("login:{{{user}|{cluster}}}")
}

/// Keeps a login; it replaces the one before. Its tokens exist only here by now, so a store that does not answer is asked
/// again for as long as `keep_trying`.
///
/// # Errors
/// `store_unavailable`.
pub async fn keep(
    app: &App,
    user: &UserRef,
    cluster: &str,
    record: &LoginRecord,
    keep_trying: Duration,
) -> Result<(), Problem> {
    let subject = [&user.to_string(), cluster];
    let sealed = app.keyring.seal_json(app.random.as_ref(), Kind::Tokens, &subject, record)?;
    let key = key(user, cluster);
    Ok(stubborn::write(keep_trying, || app.store.put(&key, &sealed, KEPT_UNUSED)).await?)
}

/// Reads a login.
///
/// # Errors
/// `store_unavailable`; `record_unreadable`, and the record stays where it is.
pub async fn find(app: &App, user: &UserRef, cluster: &str) -> Result<Option<LoginRecord>, Problem> {
    let Some(sealed) = app.store.get(&key(user, cluster)).await? else { return Ok(None) };
    Ok(Some(app.keyring.open_json(Kind::Tokens, &[&user.to_string(), cluster], &sealed)?))
}

//! `config check`: what the settings say, and with `--online` what each identity provider says to them. It sends nothing but the
//! requests for discovery documents and keys.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use futures_util::future::join_all;

use super::client_tls::ClientTls;
use super::server_tls::ServerTls;
use super::{AssemblyError, Foundations, StoreUse, clusters};
use crate::backend::oidc::clusters::KnownCluster;
use crate::backend::oidc::discovery::Metadata;
use crate::backend::oidc::provider_error::ProviderError;
use crate::clock::SystemClock;
use crate::outbound::UnusableRoots;
use crate::outbound::system_roots::system_roots;
use crate::settings::backend::BackendSettings;
use crate::settings::cluster::{
    ClientAuthentication, Cluster, ClusterToken, EmailClaim, IdentityRule, MissingVerified, SecretPlace,
    Userinfo,
};

/// Whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Only the settings are read.
    Settings,
    /// The identity providers are asked, too.
    Online,
}

/// Why the check did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The settings are of no use.
    #[error("{0}.")]
    Assembly(#[from] AssemblyError),
    /// Some of them do not fit.
    #[error("{0} to mend, see above.")]
    NotFitting(usize),
    /// The output is not read.
    #[error("The output could not be written ({0}): run this again.")]
    Output(#[from] std::io::Error),
}

impl From<UnusableRoots> for CheckError {
    fn from(error: UnusableRoots) -> Self {
        Self::Assembly(error.into())
    }
}

/// Writes what the settings of each cluster say, and what does not fit.
///
/// # Errors
/// As the variants of [`CheckError`] say.
pub async fn run(settings: &BackendSettings, reach: Reach, out: &mut dyn Write) -> Result<(), CheckError> {
    let on = Foundations::new(settings, StoreUse::Check)?;
    // Warns of what cannot be read, which the backend would do with its first request.
    drop(system_roots());
    let http = ClientTls::load(settings, &on.files)?.http(settings);
    let clusters = clusters(settings, &on, &http);
    // All at once: of twenty clusters one provider may not answer, and that takes its whole time.
    let mut answers = match reach {
        Reach::Settings => Vec::new(),
        Reach::Online => join_all(clusters.iter().map(|known| examined(known))).await,
    }
    .into_iter();
    listens(settings, out)?;
    let mut unfit = 0_usize;
    for known in clusters.iter() {
        writeln!(out, "{} ({})", known.settings.name, known.settings.title)?;
        for (what, line) in said(&known.settings) {
            writeln!(out, "  {what:<10} {line}")?;
        }
        if let Some(answer) = answers.next() {
            unfit = unfit.saturating_add(online(answer, out)?);
        }
    }
    if unfit == 0 { Ok(()) } else { Err(CheckError::NotFitting(unfit)) }
}

/// How the API is reached, where it speaks TLS.
fn listens(settings: &BackendSettings, out: &mut dyn Write) -> Result<(), CheckError> {
    let Some(files) = &settings.tls else { return Ok(()) };
    let tls = ServerTls::load(files, Arc::new(SystemClock)).map_err(AssemblyError::from)?;
    let until = tls.valid_until().map(|end| format!(", valid until {end}")).unwrap_or_default();
    writeln!(
        out,
        "https on {} with the certificate of {}{until}",
        settings.listen,
        files.certificates.display()
    )?;
    for warning in tls.warnings() {
        writeln!(out, "  {:<10} {warning}", "note")?;
    }
    Ok(())
}

/// What the program will do with these settings.
fn said(cluster: &Cluster) -> Vec<(&'static str, String)> {
    let oidc = &cluster.oidc;
    let mut lines = vec![
        ("issuer", oidc.issuer.clone()),
        ("discovery", oidc.discovery_url()),
        ("client", format!("{}, {}", oidc.client_id, shown(&oidc.authentication))),
        ("asks for", format!("{}; the browser comes back to {}", oidc.scopes.join(" "), oidc.redirect_uri)),
        ("belongs to", belongs_to(cluster)),
        ("cluster", taken(cluster)),
    ];
    if matches!(cluster.identity, IdentityRule::Catalog(_) | IdentityRule::Annotation(_)) {
        let note = "who may write User entities of the catalog may claim to be anyone: let only your directory's import write them";
        lines.push(("note", note.to_owned()));
    }
    lines
}

fn shown(authentication: &ClientAuthentication) -> String {
    match authentication {
        ClientAuthentication::None => "a public client".to_owned(),
        ClientAuthentication::Secret { place: SecretPlace::Announced, .. } => {
            "with a secret, where discovery says".to_owned()
        }
        ClientAuthentication::Secret { place: SecretPlace::Header, .. } => "client_secret_basic".to_owned(),
        ClientAuthentication::Secret { place: SecretPlace::Body, .. } => "client_secret_post".to_owned(),
        ClientAuthentication::PrivateKeyJwt(key) => format!("private_key_jwt ({:?})", key.algorithm),
    }
}

fn belongs_to(cluster: &Cluster) -> String {
    let address = |claim: &EmailClaim| {
        let missing = match claim.missing_verified {
            MissingVerified::Refuse => "has to be true",
            MissingVerified::Trust => "may be missing",
        };
        let userinfo = match cluster.oidc.userinfo {
            Userinfo::Off => "",
            Userinfo::WhenMissing => ", from userinfo where the ID token lacks it",
        };
        format!("claim {}, email_verified {missing}{userinfo}", claim.name)
    };
    match &cluster.identity {
        IdentityRule::Catalog(claim) => {
            format!("the user with that spec.profile.email in the catalog ({})", address(claim))
        }
        IdentityRule::Email(claim, domains) => {
            format!("the user of that name at {} ({})", domains.join(", "), address(claim))
        }
        IdentityRule::Annotation(rule) => {
            format!("the user with the claim {} as annotation {} in the catalog", rule.claim, rule.annotation)
        }
        IdentityRule::Template(template) => format!("{template}, filled with claims"),
        IdentityRule::Any => "the user who began it, with any login (IDENTITY_RULE=any)".to_owned(),
    }
}

fn taken(cluster: &Cluster) -> String {
    let mut line = match &cluster.kubernetes {
        Some(api) => format!("{} gets ", api.url),
        None => "no KUBERNETES_API_URL; GET /token gives ".to_owned(),
    };
    let _ = match &cluster.token {
        ClusterToken::Id => write!(line, "the ID token"),
        ClusterToken::Access { audience: Some(audience) } => {
            write!(line, "the access token, if it is opaque or its aud is {audience}")
        }
        ClusterToken::Access { audience: None } => write!(line, "the access token, if it is opaque"),
    };
    line
}

/// Says what the identity provider says; the number of what does not fit.
fn online(
    answer: Result<(String, Vec<String>), ProviderError>,
    out: &mut dyn Write,
) -> Result<usize, CheckError> {
    let unfit = match answer {
        Ok((found, unfit)) => {
            writeln!(out, "  {:<10} {found}", "found")?;
            unfit
        }
        Err(error) => vec![error.to_string()],
    };
    for sentence in &unfit {
        writeln!(out, "  {:<10} {sentence}", "mend")?;
    }
    Ok(unfit.len())
}

/// What its documents say, and what in them does not fit.
async fn examined(known: &KnownCluster) -> Result<(String, Vec<String>), ProviderError> {
    let metadata = known.provider.metadata().await?;
    let keys = known.provider.key_algorithms(&metadata).await?;
    let accepted = known.provider.algorithms(&metadata);
    let yes_or_no = |has: &str, offers| if offers { has.to_owned() } else { format!("no {has}") };
    let found = format!(
        "its discovery document, keys for {keys:?}, {}, {}",
        yes_or_no("revocation", metadata.revokes()),
        yes_or_no("userinfo", metadata.has_userinfo()),
    );
    let mut unfit = unfit(&known.settings, &metadata);
    if !keys.iter().any(|algorithm| accepted.contains(algorithm)) {
        unfit.push(format!(
            "no published key fits what its ID tokens may be signed with, {accepted:?} (OIDC_ALGORITHMS): have the identity provider sign with a key pair."
        ));
    }
    Ok((found, unfit))
}

fn unfit(cluster: &Cluster, metadata: &Metadata) -> Vec<String> {
    let oidc = &cluster.oidc;
    // `offline_access` is left out where it is not known.
    let unknown = |scope: &&str| *scope != "offline_access" && !metadata.knows_scope(scope);
    let scopes: Vec<&str> = oidc.scopes.iter().map(String::as_str).filter(unknown).collect();
    let method = match &oidc.authentication {
        ClientAuthentication::Secret { place: SecretPlace::Header, .. } => Some("client_secret_basic"),
        ClientAuthentication::Secret { place: SecretPlace::Body, .. } => Some("client_secret_post"),
        ClientAuthentication::PrivateKeyJwt(_) => Some("private_key_jwt"),
        // Many providers take public clients without saying so.
        ClientAuthentication::Secret { .. } | ClientAuthentication::None => None,
    };
    let method = method.filter(|method| !metadata.takes_method(method));
    let userinfo_missing = oidc.userinfo == Userinfo::WhenMissing && !metadata.has_userinfo();
    [
        (!metadata.gives_codes()).then(|| "it does not announce the authorization code flow.".to_owned()),
        (!metadata.takes_s256()).then(|| "it does not announce PKCE with S256.".to_owned()),
        (!scopes.is_empty())
            .then(|| format!("it does not know the scopes {} (OIDC_SCOPES).", scopes.join(", "))),
        method
            .map(|method| format!("its token endpoint does not announce {method} (OIDC_TOKEN_AUTH_METHOD).")),
        userinfo_missing.then(|| "it has no userinfo_endpoint (OIDC_USERINFO).".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

//! The files that settings name: client secrets, which only the user may read, and certificates.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::settings_of::{ClusterSettings, Origin};

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum UnwritableFile {
    /// The system refuses it.
    #[error("{0:?} cannot be written ({1}): name another folder with --files.")]
    Refused(PathBuf, std::io::Error),
    /// It is there, and has another content.
    #[error(
        "{0:?} is there already and holds something else: move it away, or name another folder with --files."
    )]
    Other(PathBuf),
    /// It holds a secret, and others may read it.
    #[error(
        "{0:?} is there already and other users may read it: remove it, or name another folder with --files."
    )]
    Readable(PathBuf),
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    All,
}

/// A client secret in a file of its own.
pub struct SecretFile {
    /// The cluster's name.
    pub cluster: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Writes the client secrets alone.
///
/// # Errors
/// When one of them cannot be written.
pub fn write_secrets(clusters: &[ClusterSettings], folder: &Path) -> Result<Vec<SecretFile>, UnwritableFile> {
    let folder = whole(folder);
    let files = clusters.iter().filter_map(|cluster| secret_file(cluster, &folder).transpose());
    files.collect()
}

/// The client secret of a cluster in its file, where it has one.
fn secret_file(cluster: &ClusterSettings, folder: &Path) -> Result<Option<SecretFile>, UnwritableFile> {
    let Some(secret) = &cluster.client_secret else { return Ok(None) };
    let path = folder.join(format!("{}-client-secret", cluster.name_of()));
    create(&path, secret.expose_secret().as_bytes(), Readers::Owner)?;
    Ok(Some(SecretFile { cluster: cluster.name_of().to_owned(), path }))
}

fn whole(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// Writes the files of all clusters and adds the settings that name them. A file that is there with the same content stays.
///
/// # Errors
/// When one of them cannot be written.
pub fn write(clusters: Vec<ClusterSettings>, folder: &Path) -> Result<Vec<ClusterSettings>, UnwritableFile> {
    let idp_ca: Vec<u8> = unique(clusters.iter().filter_map(|cluster| cluster.idp_ca.as_ref())).concat();
    let folder = whole(folder);
    let wants_idp_ca = !idp_ca.is_empty();
    let idp_ca_file = folder.join("identity-providers-ca.pem");
    if wants_idp_ca {
        create(&idp_ca_file, &idp_ca, Readers::All)?;
    }
    clusters
        .into_iter()
        .map(|mut cluster| {
            let ca_file = folder.join(format!("{}-ca.pem", cluster.name_of()));
            if let Some(SecretFile { path, .. }) = secret_file(&cluster, &folder)? {
                cluster.set("OIDC_CLIENT_SECRET_FILE", &shown(&path), Origin::User("oidc-client-secret"));
            }
            if let Some(ca) = &cluster.cluster_ca {
                create(&ca_file, ca, Readers::All)?;
                cluster.set("KUBERNETES_CA_FILE", &shown(&ca_file), Origin::Cluster("certificate-authority"));
            }
            cluster.idp_ca_file = (wants_idp_ca && cluster.idp_ca.is_some()).then(|| shown(&idp_ca_file));
            Ok(cluster)
        })
        .collect()
}

fn unique<'c>(contents: impl Iterator<Item = &'c Vec<u8>>) -> Vec<Vec<u8>> {
    let mut unique: Vec<Vec<u8>> = Vec::new();
    for content in contents {
        if !unique.contains(content) {
            unique.push(content.clone());
        }
    }
    unique
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Whole or not at all, and never over another file.
fn create(path: &Path, content: &[u8], readers: Readers) -> Result<(), UnwritableFile> {
    let refused = |error| UnwritableFile::Refused(path.to_owned(), error);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(refused)?;
    let mut file = builder(readers).tempfile_in(folder).map_err(refused)?;
    file.write_all(content).map_err(refused)?;
    file.as_file().sync_all().map_err(refused)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => same(path, content, readers),
        Err(error) => Err(refused(error.error)),
    }
}

#[cfg(unix)]
fn builder(readers: Readers) -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;

    let mode = if readers == Readers::Owner { 0o600 } else { 0o644 };
    let mut builder = tempfile::Builder::new();
    builder.permissions(std::fs::Permissions::from_mode(mode));
    builder
}

/// Elsewhere a new file has the rights of its folder.
#[cfg(not(unix))]
fn builder(_: Readers) -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}

fn same(path: &Path, content: &[u8], readers: Readers) -> Result<(), UnwritableFile> {
    let there = std::fs::read(path).map_err(|error| UnwritableFile::Refused(path.to_owned(), error))?;
    if there != content {
        return Err(UnwritableFile::Other(path.to_owned()));
    }
    if readers == Readers::Owner && others_may_read(path) {
        return Err(UnwritableFile::Readable(path.to_owned()));
    }
    Ok(())
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}

//! Where the cache is, as kubelogin itself finds it (`pkg/cmd/tokencache.go`, `pkg/cmd/homedir.go`).

use std::path::{Path, PathBuf};

/// The folder below kubectl's cache.
const FOLDER: &str = "oidc-login";

/// Where Azure's program of the same name has its tokens: another program, with another format.
const AZURES_FOLDER: &str = "kubelogin";

/// kubelogin's folder of a user. `kube_cache_dir` is `$KUBECACHEDIR`, which counts where it is set at all; a `~` at the beginning is the
/// home.
#[must_use]
pub fn default_folder(kube_cache_dir: Option<&str>, home: &Path) -> PathBuf {
    match kube_cache_dir {
        Some(folder) => expanded(folder, home).join(FOLDER),
        None => home.join(".kube").join("cache").join(FOLDER),
    }
}

/// A folder as `--token-cache-dir` names it.
#[must_use]
pub fn expanded(folder: &str, home: &Path) -> PathBuf {
    match folder.strip_prefix('~') {
        Some(below) => home.join(below.trim_start_matches(['/', std::path::MAIN_SEPARATOR])),
        None => PathBuf::from(folder),
    }
}

/// Whether Azure's kubelogin has kept something beside that folder, or is what the folder itself belongs to.
#[must_use]
pub fn is_azures(folder: &Path) -> bool {
    let is_its = |folder: &Path| {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        // Its token files are `<environment>-<server>-<client>-<tenant>.json`, and `auth.json`.
        files.take(1_000).any(|file| file.path().extension().is_some_and(|end| end == "json"))
    };
    is_its(folder) || folder.parent().is_some_and(|cache| is_its(&cache.join(AZURES_FOLDER)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_where_kubelogin_looks() {
        let home = Path::new("/home/felix");
        let at = |variable| default_folder(variable, home);
        assert_eq!(at(None), Path::new("/home/felix/.kube/cache/oidc-login"));
        assert_eq!(at(Some("/var/kube")), Path::new("/var/kube/oidc-login"));
        assert_eq!(at(Some("~/kube")), Path::new("/home/felix/kube/oidc-login"));
        assert_eq!(at(Some("")), Path::new("oidc-login"));
        assert_eq!(expanded("~", home), home);
        assert_eq!(expanded("cache/~", home), Path::new("cache/~"));
    }

    #[test]
    fn azures_program_of_the_same_name_is_told_apart() {
        let cache = tempfile::tempdir().unwrap();
        let (ours, azures) = (cache.path().join("oidc-login"), cache.path().join("kubelogin"));
        assert!(!is_azures(&ours));
        std::fs::create_dir(&ours).unwrap();
        std::fs::create_dir(&azures).unwrap();
        std::fs::write(ours.join("a".repeat(64)), "{}").unwrap();
        assert!(!is_azures(&ours));
        std::fs::write(azures.join("AzurePublicCloud-server-client-tenant.json"), "{}").unwrap();
        assert!(is_azures(&ours) && is_azures(&azures));
    }
}

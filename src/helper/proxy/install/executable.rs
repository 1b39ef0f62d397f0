//! The path by which a service starts this program: one that is still there tomorrow.

use std::io::Error;
use std::path::{Path, PathBuf};

use super::refusal::InstallRefusal;

/// Folders that runners of packages make for one run, by the beginning of their names: npx, pnpm and yarn dlx, bunx, `AppImage`, and what
/// macOS does with a downloaded program.
const OF_ONE_RUN: [&str; 5] = ["_npx", "dlx", "bunx-", ".mount_", "AppTranslocation"];

/// What holds nothing for long.
const TEMPORARY: [&str; 4] = ["/tmp", "/var/tmp", "/dev/shm", "/private/tmp"];

/// The path for the service: where `PATH` leads to the same file by a name that stays when a package manager upgrades it, that one.
///
/// # Errors
/// When the file is gone, or will be.
pub fn lasting_path(
    found: &Result<PathBuf, Error>,
    search: &[PathBuf],
    temporary: &Path,
) -> Result<String, InstallRefusal> {
    let found = found.as_ref().map_err(|error| InstallRefusal::NoExecutable(error.to_string()))?;
    let real = found.canonicalize().map_err(|error| InstallRefusal::NoExecutable(error.to_string()))?;
    let folders = TEMPORARY.iter().map(Path::new).chain([temporary]);
    let named: Option<&Path> = folders.into_iter().find(|folder| is_below(&real, folder));
    if named.is_some() || real.iter().any(|name| OF_ONE_RUN.iter().any(|run| starts_with(name, run))) {
        return Err(InstallRefusal::Temporary(real.display().to_string()));
    }
    let name = found.file_name().unwrap_or_default();
    let mut in_search = search.iter().filter(|folder| folder.is_absolute()).map(|folder| folder.join(name));
    let same = |path: &PathBuf| path.canonicalize().is_ok_and(|other| other == real);
    let lasting = in_search.find(same).unwrap_or_else(|| found.clone());
    match lasting.to_str() {
        Some(path) if !path.chars().any(char::is_control) => Ok(path.to_owned()),
        _ => Err(InstallRefusal::Unwritable(lasting.display().to_string())),
    }
}

fn is_below(path: &Path, folder: &Path) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    path.starts_with(folder)
}

fn starts_with(name: &std::ffi::OsStr, beginning: &str) -> bool {
    name.to_string_lossy().starts_with(beginning)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Below the build's own folder, since the system's temporary one does not count.
    fn scene() -> tempfile::TempDir {
        tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR").to_owned() + "/target").unwrap()
    }

    fn program(folder: &Path) -> PathBuf {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join("helper");
        std::fs::write(&path, "").unwrap();
        path
    }

    fn choose(found: &Path, search: &[PathBuf]) -> Result<String, InstallRefusal> {
        lasting_path(&Ok(found.to_owned()), search, Path::new("/nowhere"))
    }

    #[test]
    fn the_name_in_the_path_is_taken_where_it_leads_to_this_very_file() {
        let scene = scene();
        let (cellar, bin, other) =
            (scene.path().join("cellar/1.0 %"), scene.path().join("bin"), scene.path().join("other"));
        let found = program(&cellar);
        program(&other);
        std::fs::create_dir(&bin).unwrap();
        symlink(&found, bin.join("helper")).unwrap();
        let search = [other, PathBuf::from("relative"), bin.clone()];
        assert_eq!(choose(&found, &search).unwrap(), bin.join("helper").to_str().unwrap());
        assert_eq!(choose(&found, &[]).unwrap(), found.to_str().unwrap());
    }

    #[test]
    fn what_is_there_only_for_a_time_is_refused_with_what_to_do() {
        let scene = scene();
        for folder in
            ["_npx/0123/node_modules/x/bin", "pnpm/dlx/x", "xfs-1/dlx-7/x", "bunx-0-x", ".mount_helper1"]
        {
            let refusal = choose(&program(&scene.path().join(folder)), &[]).unwrap_err();
            assert!(matches!(refusal, InstallRefusal::Temporary(_)), "{folder}: {refusal}");
            assert!(refusal.to_string().contains("npm install -g"), "{refusal}");
            assert_eq!(refusal.exit_code(), 2);
        }
        let found = program(&scene.path().join("mine"));
        let refusal = lasting_path(&Ok(found), &[], scene.path()).unwrap_err();
        assert!(matches!(refusal, InstallRefusal::Temporary(_)), "{refusal}");
    }

    #[test]
    fn a_file_that_an_upgrade_has_replaced_and_a_name_of_two_lines_are_refused() {
        let scene = scene();
        let gone = choose(&scene.path().join("helper (deleted)"), &[]).unwrap_err();
        assert!(matches!(gone, InstallRefusal::NoExecutable(_)), "{gone}");
        let odd = choose(&program(&scene.path().join("two\nlines")), &[]).unwrap_err();
        assert!(matches!(odd, InstallRefusal::Unwritable(_)), "{odd}");
    }
}

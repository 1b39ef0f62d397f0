use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::kubectl::kubeconfig::entries::Entries;

fn wanted(current: Option<&str>) -> Wanted {
    let backend = BackendName::new("https://b.example", "backstage-oidc-helper").unwrap();
    let entries = Entries {
        backend: &backend,
        address: "https://b.example",
        command: "/usr/local/bin/backstage-oidc-helper",
        certificate_authority: None,
        tls_server_name: None,
    };
    entries.wanted(&["dev".to_owned()], current)
}

fn paths(files: &Files) -> Vec<&str> {
    files.0.iter().map(|file| file.to_str().unwrap()).collect()
}

fn names(path: &Path) -> Vec<String> {
    let content = parsed(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut names = Vec::new();
    for list in ["clusters", "contexts", "users"] {
        for item in content.get(list).and_then(Value::as_array).into_iter().flatten() {
            names.push(format!("{list}/{}", item["name"].as_str().unwrap()));
        }
    }
    names
}

#[test]
fn the_files_are_found_as_kubectl_finds_them() {
    let find = |named: Option<&str>, variable: Option<&str>, home: Option<&str>| {
        Files::find(named.map(PathBuf::from), variable.map(OsStr::new), home.map(Path::new))
    };
    let home = Some("/home/felix");
    assert_eq!(paths(&find(Some("x"), Some("a:b"), home).unwrap()), ["x"]);
    assert_eq!(paths(&find(None, Some("a::b:a"), home).unwrap()), ["a", "b"]);
    for unset in [None, Some(""), Some(":")] {
        assert_eq!(paths(&find(None, unset, home).unwrap()), ["/home/felix/.kube/config"]);
    }
    assert!(matches!(find(None, None, None), Err(KubeconfigRefusal::NoHome)));
}

#[actix_web::test]
async fn entries_go_where_they_are_and_new_ones_to_the_first_file_that_exists() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    let files = Files(vec![file("absent"), file("first"), file("second")]);
    std::fs::write(file("first"), "apiVersion: v1\n").unwrap();
    let user = "users:\n- name: backstage@b.example\n  user:\n    exec:\n      args: [get-token, --backend, https://b.example]\n      command: old\n";
    std::fs::write(file("second"), user).unwrap();
    let current = wanted(Some("dev@b.example"));
    assert_eq!(files.would_change(&current).unwrap(), [file("first"), file("second")]);
    let written = files.merge(&current).await.unwrap();
    assert_eq!(written, [file("first"), file("second")]);
    assert_eq!(names(&file("first")), ["clusters/dev@b.example", "contexts/dev@b.example"]);
    assert_eq!(names(&file("second")), ["users/backstage@b.example"]);
    assert!(std::fs::read_to_string(file("first")).unwrap().contains("current-context: dev@b.example"));
    assert!(!file("absent").exists());
    assert!(files.would_change(&wanted(None)).unwrap().is_empty());
    assert!(files.merge(&wanted(None)).await.unwrap().is_empty());

    // Where none exists, the last one, with its folder.
    let new = Files(vec![file("none"), file("made/for/it")]);
    assert_eq!(new.merge(&wanted(None)).await.unwrap(), [file("made/for/it")]);
    assert_eq!(std::fs::metadata(file("made/for/it")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[actix_web::test]
async fn a_link_stays_a_link_and_the_file_becomes_its_owners_alone() {
    let home = tempfile::tempdir().unwrap();
    let (link, target) = (home.path().join("config"), home.path().join("dotfiles-config"));
    symlink("dotfiles-config", &link).unwrap();
    for _ in 0..2 {
        Files(vec![link.clone()]).merge(&wanted(None)).await.unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&target, "apiVersion: v1\n").unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let left: Vec<_> =
        std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[actix_web::test]
async fn a_lock_of_kubectls_is_waited_for_and_a_left_one_named() {
    let home = tempfile::tempdir().unwrap();
    let (path, lock) = (home.path().join("config"), home.path().join("config.lock"));
    File::create(&lock).unwrap();
    let files = Files(vec![path.clone()]);
    let refused = files.merge(&wanted(None)).await.unwrap_err().to_string();
    assert!(refused.starts_with(lock.to_str().unwrap()) && refused.contains("remove that file"), "{refused}");
    assert!(!path.exists() && lock.exists());
    let wanted = wanted(None);
    let mut waiting = Box::pin(files.merge(&wanted));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    std::fs::remove_file(&lock).unwrap();
    assert_eq!(waiting.await.unwrap(), [path]);
    assert!(!lock.exists());
}

#[actix_web::test]
async fn a_broken_file_and_another_users_are_not_touched() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    let broken = "users: {\n";
    std::fs::write(&path, broken).unwrap();
    let files = Files(vec![path.clone()]);
    assert!(matches!(files.merge(&wanted(None)).await, Err(KubeconfigRefusal::Broken { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
    std::fs::write(&path, "apiVersion: v1\n").unwrap();
    // Only root can give a file away.
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        assert!(matches!(files.merge(&wanted(None)).await, Err(KubeconfigRefusal::OthersFile(_))));
        assert_eq!(std::fs::metadata(&path).unwrap().uid(), 65_534);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "apiVersion: v1\n");
    }
    assert!(!home.path().join("config.lock").exists());
}

#[actix_web::test]
async fn where_one_file_is_refused_no_file_is_written() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    let files = Files(vec![file("first"), file("second")]);
    std::fs::write(file("first"), "apiVersion: v1\n").unwrap();
    std::fs::write(file("second"), "users:\n- name: backstage@b.example\n  user: {token: x}\n").unwrap();
    let refused = files.merge(&wanted(None)).await.unwrap_err();
    assert!(matches!(refused, KubeconfigRefusal::OthersEntry { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(file("first")).unwrap(), "apiVersion: v1\n");
}

#[actix_web::test]
async fn what_was_written_before_a_lock_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    let files = Files(vec![file("first"), file("second")]);
    std::fs::write(file("first"), "apiVersion: v1\n").unwrap();
    let user = "users:\n- name: backstage@b.example\n  user:\n    exec:\n      args: [get-token, --backend, https://b.example]\n";
    std::fs::write(file("second"), user).unwrap();
    std::fs::write(file("second.lock"), "").unwrap();
    let refused = files.merge(&wanted(None)).await.unwrap_err().to_string();
    let (first, lock) = (file("first"), file("second.lock"));
    let begins = format!("{} is written, and the rest is not: {} is there", first.display(), lock.display());
    assert!(refused.starts_with(&begins), "{refused}");
    assert_eq!(names(&first), ["clusters/dev@b.example", "contexts/dev@b.example"]);
}

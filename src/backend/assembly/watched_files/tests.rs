#![cfg(unix)]

use std::path::Path;

use tempfile::TempDir;

use super::*;

/// A mounted secret: `key` leads to `..data/key`, and `..data` to the folder of one state.
struct Mounted {
    folder: TempDir,
    states: std::cell::Cell<u32>,
}

impl Mounted {
    fn new(content: &str) -> Self {
        let mounted = Self { folder: tempfile::tempdir().unwrap(), states: std::cell::Cell::new(0) };
        mounted.replace(content);
        link("..data/key", &mounted.key());
        mounted
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// As the kubelet does it: a new folder, and one rename of the link to it.
    fn replace(&self, content: &str) {
        let number = self.states.get() + 1;
        self.states.set(number);
        let (state, new_link) = (format!("..{number}"), self.folder.path().join("..data_tmp"));
        std::fs::create_dir(self.folder.path().join(&state)).unwrap();
        std::fs::write(self.folder.path().join(&state).join("key"), content).unwrap();
        link(&state, &new_link);
        std::fs::rename(new_link, self.folder.path().join("..data")).unwrap();
    }
}

fn link(to: &str, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

/// A watched file, of which everything is used that is not bad; and what was used.
fn watching(paths: Vec<PathBuf>) -> (Arc<WatchedFile>, Arc<Mutex<Vec<String>>>, Arc<BackendMetrics>) {
    let (metrics, taken) = (BackendMetrics::new().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let (path, log) = (paths[0].clone(), Arc::clone(&taken));
    let of = Of { setting: "OIDC_CLIENT_SECRET_FILE", cluster: Some("dev") };
    let file = WatchedFiles::new(Arc::clone(&metrics)).watch(of, paths, move || {
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        if text.starts_with("bad") {
            return Err("it is bad".to_owned());
        }
        held(&log).push(text);
        Ok(None)
    });
    (file, taken, metrics)
}

fn counted(metrics: &BackendMetrics) -> (u64, u64, i64) {
    let labels = ["OIDC_CLIENT_SECRET_FILE", "dev"];
    let changes =
        |outcome| metrics.renewals.file_changes.with_label_values(&[labels[0], labels[1], outcome]).get();
    (changes("taken"), changes("refused"), metrics.renewals.files_refused.with_label_values(&labels).get())
}

#[test]
fn a_content_is_used_once_and_the_first_is_no_change() {
    let mounted = Mounted::new("one");
    let (file, taken, metrics) = watching(vec![mounted.key()]);
    file.look();
    file.look();
    assert_eq!((held(&taken).as_slice(), counted(&metrics)), (&["one".to_owned()][..], (0, 0, 0)));
    mounted.replace("two");
    file.look();
    file.look();
    assert_eq!(held(&taken).as_slice(), ["one", "two"]);
    assert_eq!(counted(&metrics), (1, 0, 0));
}

/// Also in the moment before the first look.
#[test]
fn what_changes_before_the_first_look_has_changed() {
    let mounted = Mounted::new("one");
    let (file, taken, metrics) = watching(vec![mounted.key()]);
    mounted.replace("two");
    file.look();
    assert_eq!((held(&taken).as_slice(), counted(&metrics)), (&["two".to_owned()][..], (1, 0, 0)));
}

#[test]
fn a_bad_content_is_told_once_and_a_good_one_that_comes_later_is_used() {
    let mounted = Mounted::new("one");
    let (file, taken, metrics) = watching(vec![mounted.key()]);
    file.look();
    mounted.replace("bad");
    file.look();
    file.look();
    assert_eq!(counted(&metrics), (0, 1, 1));
    mounted.replace("bad in another way");
    file.look();
    assert_eq!(counted(&metrics), (0, 2, 1));
    std::fs::remove_file(mounted.key()).unwrap();
    file.look();
    assert_eq!(counted(&metrics), (0, 3, 1));
    link("..data/key", &mounted.key());
    mounted.replace("two");
    file.look();
    assert_eq!(held(&taken).as_slice(), ["one", "two"]);
    assert_eq!(counted(&metrics), (1, 3, 0));
}

#[test]
fn what_is_used_already_comes_back() {
    let mounted = Mounted::new("one");
    let (file, taken, metrics) = watching(vec![mounted.key()]);
    file.look();
    mounted.replace("bad");
    file.look();
    mounted.replace("one");
    file.look();
    assert_eq!((held(&taken).len(), counted(&metrics)), (1, (0, 1, 0)));
    mounted.replace("bad");
    file.look();
    assert_eq!(counted(&metrics), (0, 2, 1), "the second time is a change, too");
}

#[test]
fn a_change_of_any_file_is_one_of_all() {
    let (one, other) = (Mounted::new("one"), Mounted::new("other"));
    let (file, taken, _) = watching(vec![one.key(), other.key()]);
    file.look();
    other.replace("another");
    file.look();
    assert_eq!(held(&taken).len(), 2);
}

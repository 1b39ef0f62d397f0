use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::Instant;

use tempfile::TempDir;

use super::tidying::TIDIED;
use super::*;
use crate::store::contract::ChosenClock;
use crate::store::entry::Carried;

const TTL: Duration = Duration::from_mins(10);

struct Scene {
    clock: Arc<ChosenClock>,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { clock: Arc::default(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store/logins.db")
    }

    fn try_open(&self) -> Result<StoreFile, UnusableFile> {
        StoreFile::open(&self.path(), Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    /// Also where a program that another test is starting has the lock: between fork and exec it has all files of this process.
    fn open(&self) -> Result<StoreFile, UnusableFile> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.try_open() {
                Err(UnusableFile::InUse) if Instant::now() < deadline => std::thread::yield_now(),
                opened => return opened,
            }
        }
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path().with_file_name(name)).unwrap().mode() & 0o777
    }

    /// What is refused stays as it is.
    fn refused(&self, content: &[u8]) -> UnusableFile {
        fs::write(self.path(), content).unwrap();
        let error = self.open().err().unwrap();
        assert!(fs::read(self.path()).unwrap() == content, "it was changed");
        error
    }
}

#[actix_web::test]
async fn everything_is_there_when_it_is_opened_again() {
    let scene = Scene::new();
    let at = OffsetDateTime::UNIX_EPOCH + time::Duration::microseconds(5);
    {
        let store = scene.open().unwrap();
        store.put("record", b"value", TTL).await.unwrap();
        store.put("endless", b"value", Duration::MAX).await.unwrap();
        assert_eq!(store.enter("set", "one", TTL, 1).await.unwrap(), Swap::Done);
        store.note("index", "member", at).await.unwrap();
    }
    scene.clock.advance(TTL.checked_sub(Duration::from_micros(1)).unwrap());
    let store = scene.open().unwrap();
    for key in ["record", "endless"] {
        assert_eq!(store.get(key).await.unwrap().as_deref(), Some(&b"value"[..]), "{key}");
    }
    assert_eq!(store.enter("set", "two", TTL, 1).await.unwrap(), Swap::Conflict);
    assert_eq!(store.noted_at("index", "member").await.unwrap(), Some(at));
    scene.clock.advance(Duration::from_micros(1));
    assert_eq!(store.get("record").await.unwrap(), None);
    assert_eq!(store.enter("set", "two", TTL, 1).await.unwrap(), Swap::Done);
}

#[actix_web::test]
async fn what_has_expired_goes_with_later_writes() {
    let scene = Scene::new();
    let store = scene.open().unwrap();
    for number in 0..TIDIED {
        store.put(&format!("record-{number}"), b"value", TTL).await.unwrap();
        store.enter("set", &format!("member-{number}"), TTL, 1_000).await.unwrap();
    }
    scene.clock.advance(TTL);
    store.put("lasting", b"value", TTL).await.unwrap();
    let rows = "SELECT (SELECT count(*) FROM records) + (SELECT count(*) FROM members)";
    let left: i64 = store.read(move |file| file.query_row(rows, [], |row| row.get(0))).await.unwrap();
    assert_eq!(left, 1);
}

#[actix_web::test]
async fn only_one_may_have_it_open() {
    let scene = Scene::new();
    let store = scene.open().unwrap();
    assert!(matches!(scene.try_open(), Err(UnusableFile::InUse)));
    store.put("record", b"value", TTL).await.unwrap();
    drop(store);
    assert!(scene.open().unwrap().get("record").await.unwrap().is_some());
}

#[actix_web::test]
async fn it_is_for_this_user_alone_also_after_others_were_let_in() {
    let scene = Scene::new();
    drop(scene.open().unwrap());
    assert_eq!(
        (scene.mode("."), scene.mode("logins.db"), scene.mode("logins.db.lock")),
        (0o700, 0o600, 0o600)
    );
    // As a process leaves them that is killed.
    for name in ["logins.db-wal", "logins.db-journal"] {
        fs::write(scene.path().with_file_name(name), "").unwrap();
    }
    // As Kubernetes does for a pod's group when it mounts a volume.
    for (name, mode) in
        [(".", 0o2770), ("logins.db", 0o660), ("logins.db.lock", 0o660), ("logins.db-wal", 0o660)]
    {
        fs::set_permissions(scene.path().with_file_name(name), Permissions::from_mode(mode)).unwrap();
    }
    let store = scene.open().unwrap();
    store.put("record", b"value", TTL).await.unwrap();
    for (name, mode) in
        [(".", 0o700), ("logins.db", 0o600), ("logins.db.lock", 0o600), ("logins.db-wal", 0o600)]
    {
        assert_eq!(scene.mode(name), mode, "{name}");
    }
}

#[test]
fn a_folder_that_has_other_files_is_not_closed_to_others() {
    let scene = Scene::new();
    let folder = scene.folder.path().join("store");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("anothers"), "").unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(scene.open(), Err(UnusableFile::Folder(_))));
    assert_eq!(scene.mode("."), 0o755);
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    assert!(scene.open().is_ok());
}

#[test]
fn what_is_no_file_of_this_programs_is_refused_and_stays() {
    let scene = Scene::new();
    drop(scene.open().unwrap());
    let ours = fs::read(scene.path()).unwrap();
    assert!(matches!(scene.refused(b"a letter, say, that is kept here"), UnusableFile::Unreadable(_)));
    assert!(matches!(scene.refused(&ours[..ours.len() / 2]), UnusableFile::Unreadable(_)));
    let mut later = ours.clone();
    // Where SQLite keeps `user_version`.
    later[63] = 2;
    assert!(matches!(scene.refused(&later), UnusableFile::Unreadable(_)));
    let elsewhere = scene.folder.path().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    fs::remove_file(scene.path()).unwrap();
    symlink(&elsewhere, scene.path()).unwrap();
    assert!(matches!(scene.open(), Err(UnusableFile::NoFile(_))));
    fs::remove_file(scene.path()).unwrap();
    let log = scene.path().with_file_name("logins.db-wal");
    symlink(&elsewhere, &log).unwrap();
    assert!(matches!(scene.open(), Err(UnusableFile::NoFile(path)) if path == log));
    assert!(fs::read(&elsewhere).unwrap().is_empty());
}

#[test]
fn a_file_of_another_programs_sqlite_is_refused_and_stays() {
    let scene = Scene::new();
    drop(scene.open().unwrap());
    let elsewhere = scene.folder.path().join("elsewhere");
    let other = Connection::open(&elsewhere).unwrap();
    other.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    drop(other);
    assert!(matches!(scene.refused(&fs::read(&elsewhere).unwrap()), UnusableFile::Unreadable(_)));
}

/// A page of the records is overwritten: what is on it is an error, not gone.
#[actix_web::test]
async fn damage_is_said_where_it_is_met() {
    let scene = Scene::new();
    {
        let store = scene.open().unwrap();
        for number in 0..200 {
            store.put(&format!("record-{number}"), &[7; 3_000], TTL).await.unwrap();
        }
    }
    let mut content = fs::read(scene.path()).unwrap();
    let middle = content.len() / 2 / 4_096 * 4_096;
    content[middle..middle + 20 * 4_096].fill(0xff);
    fs::write(scene.path(), &content).unwrap();
    let store = scene.open().unwrap();
    let mut told = 0;
    for number in 0..200 {
        match store.get(&format!("record-{number}")).await {
            Ok(found) => assert_eq!(found.as_deref(), Some(&[7; 3_000][..]), "record-{number}"),
            Err(error) => {
                assert!(error.to_string().contains("damaged"), "{error}");
                told += 1;
            }
        }
    }
    assert!(told > 0);
    store.put("another", b"value", 2 * TTL).await.unwrap();
    // What has expired there cannot be removed: that is met once, and not with each write.
    scene.clock.advance(TTL);
    assert!(store.put("one more", b"value", TTL).await.unwrap_err().to_string().contains("damaged"));
    store.put("one more", b"value", TTL).await.unwrap();
    assert!(store.get("another").await.unwrap().is_some());
}

#[test]
fn network_file_systems_are_told_by_their_numbers() {
    assert!([0x6969, 0xff53_4d42, 0xfe53_4d42].into_iter().all(place::is_network));
    // ext4, tmpfs, overlay and XFS.
    assert!(![0xef53, 0x0102_1994, 0x794c_7630, 0x5846_5342].into_iter().any(place::is_network));
}

/// A hundred thousand logins would keep the backend from writing for as long as they are read.
#[actix_web::test]
async fn who_asks_for_locks_reads_no_other_records() {
    let scene = Scene::new();
    let store = scene.open().unwrap();
    let plan = format!("EXPLAIN QUERY PLAN {}", moving::LOCKED);
    let steps: Vec<String> = store
        .read(move |file| {
            file.prepare(&plan)?.query_map(params![0, "login-lock:"], |row| row.get(3))?.collect()
        })
        .await
        .unwrap();
    assert!(steps.iter().any(|step| step.contains("(key>? AND key<?)")), "{steps:?}");
    for (key, is_moved) in [("login:1", true), ("login-lock;", true), ("login-lock:{ü|dev}", false)] {
        store.put(key, b"owner", TTL).await.unwrap();
        assert_eq!(store.move_away("login-lock:").await.unwrap(), is_moved, "{key}");
        store.come_back().await.unwrap();
    }
}

/// Every kind of entry, more than a page of them, in another store; a second time there is nothing left to carry.
#[actix_web::test]
async fn all_that_it_keeps_is_carried_to_another_store() {
    let (from, to) = (Scene::new(), Scene::new());
    let (file, there) = (from.open().unwrap(), to.open().unwrap());
    let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
    for number in 0..600 {
        file.put(&format!("login:{number}"), &[0, 159, 146, 150], TTL).await.unwrap();
        file.note("logins", &format!("member-{number}"), at).await.unwrap();
    }
    file.put("endless", b"value", Duration::MAX).await.unwrap();
    file.enter("set", "one", TTL, 5).await.unwrap();
    file.put("login-lock:1", b"owner", TTL / 2).await.unwrap();
    assert!(!file.move_away("login-lock:").await.unwrap(), "a refresh is under way");
    file.put("login:0", &[0, 159, 146, 150], TTL).await.unwrap();
    from.clock.advance(TTL / 2);
    to.clock.advance(TTL / 2);
    assert!(file.move_away("login-lock:").await.unwrap() && file.move_away("login-lock:").await.unwrap());
    assert!(file.put("login:1", b"new", TTL).await.unwrap_err().to_string().contains("moved away"));
    for expected in [Carried::New, Carried::Known] {
        let mut entries = Vec::new();
        let mut take = |entry| {
            entries.push(entry);
            Ok::<_, StoreError>(())
        };
        let count = file.entries(&mut take).await.unwrap();
        assert_eq!((count, entries.len()), (1_202, 1_202));
        for entry in entries {
            let line = serde_json::to_string(&entry).unwrap();
            let read: Entry = serde_json::from_str(&line).unwrap();
            let kept = read.keep_in(&there, to.clock.now()).await.unwrap();
            // Who is in a set enters again.
            let is_member = matches!(read, Entry::Member { .. });
            assert_eq!(kept, if is_member { Carried::New } else { expected }, "{line}");
        }
    }
    assert_eq!(there.get("login:599").await.unwrap().as_deref(), Some(&[0, 159, 146, 150][..]));
    assert_eq!(there.noted_at("logins", "member-599").await.unwrap(), Some(at));
    assert_eq!(there.members("set").await.unwrap(), ["one"]);
    to.clock.advance(TTL / 2);
    assert_eq!(there.get("login:599").await.unwrap(), None, "it has another end there");
    assert!(there.get("endless").await.unwrap().is_some());
    drop(file);
    assert!(matches!(from.open(), Err(UnusableFile::Moved(_))));
    let beside = StoreFile::open_beside(&from.path(), Arc::clone(&from.clock) as Arc<dyn Clock>).unwrap();
    beside.come_back().await.unwrap();
    drop(beside);
    from.open().unwrap().put("login:1", b"new", TTL).await.unwrap();
}

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

const CLIENT: Client<'static> = Client { issuer: "https://idp.example/", id: "kubernetes" };

fn jwt_of(typ: &str, claims: &Value) -> String {
    let part = |json: String| URL_SAFE_NO_PAD.encode(json);
    let header = json!({ "alg": "RS256", "typ": typ });
    format!("{}.{}.c2ln", part(header.to_string()), part(claims.to_string()))
}

fn claims(change: &Value) -> Value {
    let mut claims = json!({ "iss": CLIENT.issuer, "aud": "kubernetes", "sub": "felix", "exp": 1_000 });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn entry(change: &Value) -> String {
    json!({ "id_token": jwt_of("JWT", &claims(change)), "refresh_token": "rt" }).to_string()
}

/// A cache with these files, named by their number.
fn cache(entries: &[String]) -> (tempfile::TempDir, KubeloginCache) {
    let folder = tempfile::tempdir().unwrap();
    for (number, entry) in entries.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number:064x}")), entry).unwrap();
    }
    let cache = KubeloginCache::new(folder.path());
    (folder, cache)
}

fn search(cache: &KubeloginCache) -> Search {
    cache.search(CLIENT, OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(100)).unwrap()
}

fn name(number: u8) -> EntryName {
    EntryName(format!("{number:064x}"))
}

#[test]
fn the_clients_own_tokens_are_found_and_the_one_that_lasts_longest_comes_first() {
    let (_folder, cache) = cache(&[
        entry(&json!({ "exp": 500 })),
        entry(&json!({ "exp": 900.5, "aud": ["other", "kubernetes"], "azp": "kubernetes" })),
        entry(&json!({ "exp": 700 })),
        entry(&json!({ "exp": 100 })),
        entry(&json!({ "iss": "https://idp.example" })),
        entry(&json!({ "aud": "other" })),
        entry(&json!({ "aud": ["kubernetes", "other"], "azp": "other" })),
        entry(&json!({ "iss": null })),
    ]);
    let found = search(&cache);
    let logins: Vec<_> = found.logins.iter().map(|login| &login.name).collect();
    assert_eq!(logins, [&name(1), &name(2), &name(0)]);
    assert_eq!(found.logins[0].expires_at.unix_timestamp(), 900);
    assert_eq!(found.logins[0].refresh_token.as_ref().unwrap().expose(), "rt");
    assert_eq!((found.expired.len(), &found.expired[0].0, found.foreign), (1, &name(3), 4));
}

#[test]
fn an_access_token_in_the_place_of_the_id_token_is_seen() {
    let of = |typ: &str, change: &Value| json!({ "id_token": jwt_of(typ, &claims(change)) }).to_string();
    let (_folder, cache) = cache(&[
        of("at+jwt", &json!({ "aud": "api", "client_id": "kubernetes" })),
        of("application/at+jwt", &json!({})),
        of("JWT", &json!({ "aud": "account", "azp": "kubernetes", "typ": "Bearer" })),
        of("JWT", &json!({ "aud": ["https://api", "https://idp.example/userinfo"], "azp": "kubernetes" })),
        of("JWT", &json!({ "aud": "api", "azp": "other" })),
    ]);
    let found = search(&cache);
    assert_eq!((found.access_tokens, found.foreign, found.logins.len()), (4, 1, 0));
}

#[test]
fn what_is_broken_is_said_of_that_file_and_spoils_no_other() {
    let whole = entry(&json!({}));
    let (folder, cache) = cache(&[
        whole.clone(),
        whole[..whole.len() / 2].to_owned(),
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        json!({ "id_token": "opaque" }).to_string(),
        json!({ "id_token": "a.b.c" }).to_string(),
        entry(&json!({ "exp": null })),
        entry(&json!({ "exp": 1e300 })),
        " ".repeat(1024 * 1024 + 1),
    ]);
    for other in ["notes.txt", "A".repeat(64).as_str(), "g".repeat(64).as_str(), "a".repeat(63).as_str()] {
        std::fs::write(folder.path().join(other), &whole).unwrap();
    }
    std::fs::create_dir(folder.path().join(&name(100).0)).unwrap();
    let found = search(&cache);
    assert_eq!((found.logins.len(), found.foreign), (1, 0));
    let unread: Vec<_> = found.unread.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(unread, [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map(name));
    let said = |number: u8| {
        let (_, why) = found.unread.iter().find(|(unread, _)| *unread == name(number)).unwrap();
        why.to_string()
    };
    assert!(said(1).contains("no tokens that kubelogin has written"), "{}", said(1));
    assert!(said(9).contains("larger than 1024 KiB") && said(100).contains("no file"), "{}", said(100));
}

#[test]
fn a_folder_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| KubeloginCache::new(&folder.path().join(name));
    let now = OffsetDateTime::UNIX_EPOCH;
    assert!(matches!(at("none").search(CLIENT, now), Err(NoCache::Missing)));
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(at("file").search(CLIENT, now), Err(NoCache::BySystem(_))));
    std::fs::create_dir(folder.path().join("many")).unwrap();
    for number in 0..=MOST_FILES {
        std::fs::write(folder.path().join(format!("many/{number}")), "").unwrap();
    }
    assert!(matches!(at("many").search(CLIENT, now), Err(NoCache::Crowded)));
}

#[test]
fn a_lock_alone_is_the_mark_of_the_keyring() {
    let (folder, cache) = cache(&[entry(&json!({}))]);
    for number in [0, 7] {
        std::fs::write(folder.path().join(format!("{number:064x}.lock")), "").unwrap();
    }
    let found = search(&cache);
    assert_eq!(found.locks_alone, [name(7)]);
    assert_eq!(found.unsettled().collect::<Vec<_>>(), [&name(7)]);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_other_users_files_are_not_read() {
    let whole = entry(&json!({}));
    let (folder, cache) = cache(std::slice::from_ref(&whole));
    let at = |number: u8| folder.path().join(&name(number).0);
    std::os::unix::fs::symlink(at(0), at(1)).unwrap();
    // Opening it would wait for a writer.
    assert!(std::process::Command::new("mkfifo").arg(at(2)).status().unwrap().success());
    let found = search(&cache);
    assert_eq!(found.logins.len(), 1);
    let unread: Vec<_> = found.unread.iter().map(|(name, why)| (name.clone(), why.to_string())).collect();
    assert_eq!(unread, [1, 2].map(|number| (name(number), "it is a link, or no file".to_owned())));
    let link = KubeloginCache::new(folder.path()).lock_path(&name(0));
    std::os::unix::fs::symlink(at(3), &link).unwrap();
    assert!(!cache.is_locked(&name(0)) && !at(3).exists());
}

#[actix_web::test]
async fn a_lock_is_kubelogins_or_ours_and_its_file_stays() {
    let (_folder, cache) = cache(&[entry(&json!({}))]);
    let patience = std::time::Duration::from_millis(1);
    let ours = cache.lock(&name(0), patience, || panic!("it is free")).await.unwrap();
    assert!(cache.is_locked(&name(0)) && !cache.is_locked(&name(1)));
    let mut waited = false;
    let second = cache.lock(&name(0), patience, || waited = true).await;
    assert!(matches!(second, Err(lock::NotLocked::Held)) && waited);
    assert!(!cache.settled(&[name(0)], patience).await);
    cache.check_removable().unwrap();
    cache.remove(&ours).unwrap();
    cache.remove(&ours).unwrap();
    drop(ours);
    assert!(cache.settled(&[name(0)], patience).await);
    let found = search(&cache);
    assert_eq!((found.logins.len(), found.locks_alone.len()), (0, 1));
    let again = cache.lock(&name(0), patience, || panic!("it is free")).await;
    assert!(again.is_ok());
}

/// Before anything is sent that could not be completed.
#[cfg(target_os = "linux")]
#[actix_web::test]
async fn where_no_entry_can_be_locked_or_removed_the_system_says_why() {
    let nowhere = KubeloginCache::new(std::path::Path::new("/proc"));
    nowhere.check_removable().unwrap_err();
    let patience = std::time::Duration::from_millis(1);
    let locked = nowhere.lock(&name(0), patience, || panic!("there is nothing to wait for")).await;
    assert!(matches!(locked, Err(lock::NotLocked::BySystem(_))));
    let (folder, cache) = cache(&[]);
    std::fs::create_dir(folder.path().join(&name(0).0)).unwrap();
    let ours = cache.lock(&name(0), patience, || panic!("it is free")).await.unwrap();
    cache.remove(&ours).unwrap_err();
}

/// A lock file that `kubelogin clean` has removed while we waited for it locks nothing.
#[cfg(unix)]
#[actix_web::test]
async fn a_lock_on_a_file_that_was_replaced_does_not_count() {
    let (_folder, cache) = cache(&[]);
    let path = cache.lock_path(&name(0));
    let old = std::fs::File::create(&path).unwrap();
    old.lock().unwrap();
    let release = || {
        std::fs::remove_file(&path).unwrap();
        old.unlock().unwrap();
    };
    let ours = cache.lock(&name(0), std::time::Duration::from_secs(10), release).await.unwrap();
    assert!(cache.is_locked(&name(0)));
    drop(ours);
}

use std::sync::Arc;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::random::SystemRandom;
use crate::store::memory::Memory;

const FIRST_PAUSE: Duration = Duration::from_secs(20);

struct Place {
    store: Arc<Memory>,
    keyring: Arc<Keyring>,
    now: OffsetDateTime,
}

impl Place {
    fn new() -> Self {
        let clock = Arc::new(SystemClock);
        // Records hold whole seconds.
        let now = clock.now().replace_nanosecond(0).unwrap();
        let keyring = Arc::new(Keyring::random(&SystemRandom).unwrap());
        Self { now, store: Arc::new(Memory::new(clock)), keyring }
    }

    fn outbox(&self) -> Outbox {
        let (store, keyring) = (Arc::clone(&self.store), Arc::clone(&self.keyring));
        Outbox { store, keyring, random: Arc::new(SystemRandom) }
    }

    /// Writes down what is due after the first pause.
    async fn keep(&self, login: &LoginKey, token: &str) -> RevocationKey {
        let revocation = revocation(token).begin(self.now, FIRST_PAUSE);
        let key = RevocationKey::new(login, &revocation);
        self.outbox().keep(&key, &revocation, self.now, Duration::ZERO).await.unwrap();
        key
    }

    async fn take(&self, key: &RevocationKey, at: OffsetDateTime) -> Option<Revocation> {
        self.outbox().take(key, at, FIRST_PAUSE).await.unwrap()
    }
}

fn revocation(token: &str) -> Revocation {
    let (issuer, client_id) = ("https://idp.example/".to_owned(), "kubernetes".to_owned());
    Revocation::new((token.into(), TokenKind::Refresh), issuer, client_id, None)
}

fn login(user: &str) -> LoginKey {
    LoginKey::new(&user.parse().unwrap(), "dev")
}

#[actix_web::test]
async fn what_is_due_is_found_and_taken_by_one() {
    let place = Place::new();
    let felix = login("user:default/felix");
    let key = place.keep(&felix, "a token").await;
    let due = place.now + FIRST_PAUSE;
    let early = due - Duration::from_millis(1);
    assert!(place.outbox().due(early, 9).await.unwrap().is_empty());
    assert!(place.take(&key, early).await.is_none(), "the replica that wrote it down still tries");
    assert_eq!(place.outbox().due(due, 9).await.unwrap(), std::slice::from_ref(&key));
    let taken = place.take(&key, due).await.unwrap();
    assert_eq!((taken.token.expose(), taken.kind), ("a token", TokenKind::Refresh));
    // Another replica, which looked at the same moment.
    assert!(place.take(&key, due).await.is_none());
    assert!(place.outbox().due(due + FIRST_PAUSE / 2, 9).await.unwrap().is_empty());
    // The replica that took it has died.
    let later = due + 3 * FIRST_PAUSE;
    assert_eq!(place.outbox().due(later, 9).await.unwrap(), std::slice::from_ref(&key));
    assert!(place.take(&key, later).await.is_some());
}

#[actix_web::test]
async fn what_is_crossed_out_leaves_nothing_and_takes_nothing_along() {
    let place = Place::new();
    let (felix, mara) = (login("user:default/felix"), login("user:default/mara"));
    let (one, other) = (place.keep(&felix, "one").await, place.keep(&felix, "other").await);
    let outstanding = async |login| place.outbox().is_outstanding(login, place.now).await.unwrap();
    assert!(outstanding(&felix).await && !outstanding(&mara).await);
    place.outbox().complete(&one).await.unwrap();
    assert!(outstanding(&felix).await);
    let due = place.now + FIRST_PAUSE;
    assert!(place.take(&one, due).await.is_none());
    assert_eq!(place.outbox().due(due, 9).await.unwrap(), std::slice::from_ref(&other));
    place.outbox().complete(&other).await.unwrap();
    assert!(!outstanding(&felix).await);
    assert!(place.outbox().due(due, 9).await.unwrap().is_empty());
    assert_eq!(place.store.get(&other.record()).await.unwrap(), None);
}

#[actix_web::test]
async fn a_name_without_a_record_is_cleared_away() {
    let place = Place::new();
    let felix = login("user:default/felix");
    let key = place.keep(&felix, "a token").await;
    place.store.delete(&key.record()).await.unwrap();
    let due = place.now + FIRST_PAUSE;
    assert!(place.take(&key, due).await.is_none());
    assert!(place.outbox().due(due, 9).await.unwrap().is_empty());
    assert!(!place.outbox().is_outstanding(&felix, place.now).await.unwrap());
}

#[actix_web::test]
async fn what_does_not_open_is_kept_and_looked_at_again_in_an_hour() {
    let place = Place::new();
    let key = place.keep(&login("user:default/felix"), "a token").await;
    let keyring = Arc::new(Keyring::random(&SystemRandom).unwrap());
    let others = Outbox { keyring, ..place.outbox() };
    let due = place.now + FIRST_PAUSE;
    assert!(matches!(others.take(&key, due, FIRST_PAUSE).await, Err(RecordError::Unreadable(_))));
    assert!(others.due(due + FIRST_PAUSE, 9).await.unwrap().is_empty());
    let later = due + LONGEST_PAUSE;
    assert_eq!(others.due(later, 9).await.unwrap(), std::slice::from_ref(&key));
    assert!(place.take(&key, later).await.is_some(), "with its key back, it is taken");
}

#[actix_web::test]
async fn a_record_does_not_open_in_another_users_place() {
    let place = Place::new();
    let key = place.keep(&login("user:default/felix"), "a token").await;
    let moved = RevocationKey { login: login("user:default/mara"), id: key.id.clone() };
    let record = place.store.get(&key.record()).await.unwrap().unwrap();
    place.store.put(&moved.record(), &record, Duration::from_hours(1)).await.unwrap();
    let due = place.now + FIRST_PAUSE;
    let taken = place.outbox().take(&moved, due, FIRST_PAUSE).await;
    assert!(matches!(taken, Err(RecordError::Unreadable(_))));
}

#[test]
fn it_is_tried_later_and_later_for_seven_days() {
    let begun = OffsetDateTime::UNIX_EPOCH;
    let (mut now, mut tries) = (begun, 0_u32);
    let mut outstanding = Some(revocation("a token").begin(begun, FIRST_PAUSE));
    while let Some(revocation) = outstanding {
        assert_eq!(revocation.is_first_try(), tries == 0);
        now = revocation.not_before;
        tries += 1;
        outstanding = revocation.put_off(now, FIRST_PAUSE);
        let pause = outstanding.as_ref().map(|later| later.not_before - now);
        let least = (FIRST_PAUSE * 2_u32.saturating_pow(tries - 1)).min(LONGEST_PAUSE);
        assert!(pause.is_none_or(|pause| pause >= least && pause <= 2 * least), "{pause:?} after {tries}");
    }
    let tried_for = now - begun;
    assert!(tried_for >= TRIED_FOR && tried_for < STORED, "{tried_for}");
    assert!((84..=200).contains(&tries), "{tries}");
}

#[test]
fn a_key_is_read_as_it_was_written() {
    let key = RevocationKey::new(&login("user:default/felix.m"), &revocation("a token"));
    assert_eq!(RevocationKey::from_member(&key.member()), Some(key));
    assert_eq!(RevocationKey::from_member("id|nobody|dev"), None);
}

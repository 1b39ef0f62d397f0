//! Time is chosen; the publisher answers when it is told to.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use prometheus::HistogramOpts;
use tokio::sync::oneshot;

use super::*;
use crate::store::contract::ChosenClock;

type Said = Result<u32, String>;

impl From<Interrupted> for String {
    fn from(interrupted: Interrupted) -> Self {
        interrupted.to_string()
    }
}

/// A publisher, and the copy of what it publishes.
struct Publisher {
    clock: Arc<ChosenClock>,
    published: Arc<Published<u32, String>>,
    asked: Rc<Cell<u32>>,
    answers: Rc<RefCell<Vec<oneshot::Sender<Said>>>>,
}

impl Publisher {
    fn new() -> Self {
        let clock = Arc::new(ChosenClock::default());
        let seconds = Histogram::with_opts(HistogramOpts::new("seconds", "x")).unwrap();
        let published = Published::new("a number", Arc::clone(&clock) as _, seconds);
        Self { clock, published: Arc::new(published), asked: Rc::default(), answers: Rc::default() }
    }

    fn ask(&self) -> impl Future<Output = Said> + 'static {
        let (sender, answer) = oneshot::channel();
        self.answers.borrow_mut().push(sender);
        self.asked.set(self.asked.get() + 1);
        async { answer.await.unwrap() }
    }

    /// What a request is given.
    async fn current(&self) -> Said {
        self.published.current(|| self.ask()).await.map(|copy| *copy.content)
    }

    /// What a request is given while the publisher does not answer; none while it has to wait.
    async fn at_once(&self) -> Option<Said> {
        tokio::select! {
            biased;
            said = self.current() => Some(said),
            () = tokio::task::yield_now() => None,
        }
    }

    /// Says so to the fetch under way, and lets it land.
    async fn say(&self, said: Said) {
        self.answers.borrow_mut().pop().unwrap().send(said).unwrap();
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time.try_into().unwrap());
    }

    /// Has this copy.
    async fn with(said: u32) -> Self {
        let publisher = Self::new();
        assert_eq!(publisher.at_once().await, None);
        publisher.say(Ok(said)).await;
        assert_eq!(publisher.at_once().await, Some(Ok(said)));
        publisher
    }
}

#[actix_web::test]
async fn an_old_copy_is_served_while_a_new_one_is_fetched() {
    let publisher = Publisher::with(1).await;
    publisher.pass(FRESH);
    assert_eq!(publisher.at_once().await, Some(Ok(1)));
    assert_eq!(publisher.at_once().await, Some(Ok(1)));
    assert_eq!(publisher.asked.get(), 2, "one fetch at a time");
    publisher.say(Ok(2)).await;
    assert_eq!(publisher.at_once().await, Some(Ok(2)));
    assert_eq!(publisher.asked.get(), 2);
}

#[actix_web::test]
async fn a_copy_that_is_too_old_is_waited_for() {
    let publisher = Publisher::with(1).await;
    publisher.pass(COUNTS);
    assert_eq!(publisher.at_once().await, None);
    publisher.say(Ok(2)).await;
    assert_eq!(publisher.at_once().await, Some(Ok(2)));
}

#[actix_web::test]
async fn a_copy_counts_for_a_day_while_its_publisher_does_not_answer() {
    let publisher = Publisher::with(1).await;
    publisher.pass(COUNTS);
    assert_eq!(publisher.at_once().await, None);
    publisher.say(Err("away".to_owned())).await;
    assert_eq!(publisher.at_once().await, Some(Ok(1)));
    assert_eq!(publisher.asked.get(), 2, "the failure is remembered");
    publisher.pass(Duration::SECOND);
    // The next fetch hangs: no request waits for it.
    assert_eq!(publisher.at_once().await, Some(Ok(1)));
    assert_eq!(publisher.asked.get(), 3);
    publisher.pass(COUNTS_IN_TROUBLE);
    assert_eq!(publisher.at_once().await, None);
}

#[actix_web::test]
async fn all_who_wait_share_a_failure_which_is_remembered_for_a_second() {
    let publisher = Publisher::new();
    let away = Err("away".to_owned());
    let said = async {
        tokio::task::yield_now().await;
        publisher.say(away.clone()).await;
    };
    let waiting = async { tokio::join!(publisher.current(), publisher.current(), said) };
    let waited = tokio::time::timeout(FAILURE * 30, waiting).await;
    let (first, second, ()) = waited.expect("one of them waits for a fetch of its own");
    assert_eq!((&first, &second, publisher.asked.get()), (&away, &away, 1));
    assert_eq!(publisher.at_once().await, Some(away.clone()));
    publisher.pass(Duration::SECOND);
    assert_eq!(publisher.at_once().await, None);
    publisher.say(Ok(1)).await;
    assert_eq!(publisher.at_once().await, Some(Ok(1)));
}

#[actix_web::test]
async fn after_a_failure_no_request_waits_longer_than_a_second() {
    let publisher = Publisher::new();
    let away = Err("away".to_owned());
    assert_eq!(publisher.at_once().await, None);
    publisher.say(away.clone()).await;
    publisher.pass(Duration::SECOND);
    // Real time passes here, since the publisher hangs; the test's own patience is another's.
    let hangs = tokio::time::timeout(FAILURE * 30, publisher.current()).await;
    assert_eq!((hangs.unwrap(), publisher.asked.get()), (away, 2));
}

#[actix_web::test]
async fn a_fetch_that_panics_is_a_failure_like_others() {
    let publisher = Publisher::new();
    let faulty = || {
        publisher.asked.set(publisher.asked.get() + 1);
        async { panic!("planted") }
    };
    let died = Err(String::from(Interrupted));
    let said = publisher.published.current(faulty).await.map(|copy| *copy.content);
    assert_eq!((&said, publisher.asked.get()), (&died, 1), "begun again and again");
    assert_eq!((publisher.at_once().await, publisher.asked.get()), (Some(died), 1));
    publisher.pass(Duration::SECOND);
    assert_eq!(publisher.at_once().await, None);
    publisher.say(Ok(1)).await;
    assert_eq!(publisher.at_once().await, Some(Ok(1)));
}

#[actix_web::test]
async fn a_fetch_that_died_with_its_worker_is_begun_again() {
    let publisher = Publisher::new();
    let published = Arc::clone(&publisher.published);
    let worker = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let asking = published.current(std::future::pending::<Said>);
            assert!(timeout(FAILURE / 100, asking).await.is_err());
        });
    });
    worker.join().unwrap();
    assert_eq!((publisher.at_once().await, publisher.asked.get()), (None, 1));
    publisher.say(Ok(1)).await;
    assert_eq!(publisher.at_once().await, Some(Ok(1)));
}

#[actix_web::test]
async fn what_a_copy_lacks_is_looked_for_five_times_and_then_less_often() {
    let publisher = Publisher::with(0).await;
    let mut seen = publisher.published.current(|| publisher.ask()).await.unwrap_or_else(|_| panic!());
    for number in 1..=5 {
        let looked = async {
            tokio::task::yield_now().await;
            publisher.say(Ok(number)).await;
        };
        let (newer, ()) = tokio::join!(publisher.published.newer_than(&seen, || publisher.ask()), looked);
        seen = newer.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(*seen.content, number);
    }
    let same = tokio::select! {
        biased;
        same = publisher.published.newer_than(&seen, || publisher.ask()) => Some(same.map(|copy| *copy.content)),
        () = tokio::task::yield_now() => None,
    };
    assert_eq!(same, Some(Ok(5)), "a sixth fetch is waited for");
    assert_eq!(publisher.asked.get(), 6);
}

#[actix_web::test]
async fn a_clock_that_is_set_back_makes_no_copy_stay_fresh() {
    let publisher = Publisher::with(1).await;
    let right = publisher.clock.now();
    publisher.clock.set_back(std::time::Duration::from_hours(1));
    assert_eq!(publisher.at_once().await, Some(Ok(1)), "there is one that counts");
    let ahead = publisher.published.current(|| publisher.ask()).await.unwrap();
    let (begun, now) = (publisher.clock.now(), publisher.clock.now());
    assert!(!ahead.is_of(begun..=now) && ahead.is_of(begun..=right), "it is of another time");
    assert_eq!(publisher.asked.get(), 2, "one fetch at a time");
    publisher.say(Ok(2)).await;
    assert_eq!(publisher.at_once().await, Some(Ok(2)));
    assert_eq!(publisher.asked.get(), 2);
}

#[test]
fn a_clock_that_is_set_back_makes_no_failure_last() {
    let at = OffsetDateTime::UNIX_EPOCH + Duration::hours(1);
    assert!(is_just_before(at, at));
    assert!(!is_just_before(at, at + FAILURE));
    assert!(!is_just_before(at, at - Duration::minutes(10)));
}

//! The same in a file: how soon a backend listens, how much room a login takes, and all of it carried to Redis and to another file.

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstage_oidc_helper::clock::SystemClock;
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::store::Store;
use backstage_oidc_helper::store::file::StoreFile;
use backstage_oidc_helper::store::sealing::{Keyring, Kind};
use futures_util::future::try_join_all;
use nix::sys::signal::Signal;
use time::OffsetDateTime;

use crate::harness::deployment::OnRedis;
use crate::harness::programs::backend::{BackendPlan, SEALING_KEY};
use crate::logins::{KEPT, left, record, user};
use crate::measured::Measured;
use crate::reseal;

/// How many are written at a time.
const AT_A_TIME: usize = 500;

/// A restart with so many logins is not to be noticed.
const SOON: Duration = Duration::from_secs(1);

/// Fills a file, starts on it, and moves it.
pub fn moved(here: &OnRedis, logins: usize) -> String {
    let plan = here.plan.clone().without("REDIS_URL").with_store_file(&here.world);
    let path = here.world.file("store/logins.db");
    let began = Instant::now();
    fill(&StoreFile::open(&path, Arc::new(SystemClock)).unwrap(), &here.idp.issuer, logins);
    let filled = began.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(&path).unwrap().len() / logins as u64;
    let listens = starts(&plan);
    let exported = Measured::of(&here.world, &mut plan.command(&["admin", "export"]));
    let dump = here.world.file("export.jsonl");
    std::fs::rename(here.world.file("command.out"), &dump).unwrap();
    here.redis.cli(&["FLUSHALL"]);
    let to_redis = imports(&here.plan, &dump);
    assert_eq!(left(&here.redis.url), logins);
    let other = plan.with("STORE_FILE", here.world.file("other/logins.db").to_str().unwrap());
    let to_file = imports(&other, &dump);
    let listed = Measured::of(&here.world, &mut other.command(&["admin", "list", "--json"]));
    assert_eq!(listed.lines(), logins);
    let resealed = reseal(here, &other, logins);
    let told = format!(
        "{logins} in a file: {bytes} bytes each, written in {filled:.1} s, a backend listens {} ms after a clean end and {} ms after a kill; \
         admin export {exported}, import to Redis {to_redis:.1} s and to a file {to_file:.1} s; {resealed}",
        listens[0].as_millis(),
        listens[1].as_millis(),
    );
    println!("✓ {told}");
    told
}

/// After a clean end, and after a kill in the middle of use.
fn starts(plan: &BackendPlan) -> [Duration; 2] {
    let start = || {
        let began = Instant::now();
        let backend = plan.start();
        assert!(began.elapsed() < SOON, "it listens after {:?}", began.elapsed());
        (began.elapsed(), backend)
    };
    let (_, mut backend) = start();
    backend.process.signal(Signal::SIGTERM);
    assert!(backend.process.wait().success());
    let (after_end, mut backend) = start();
    backend.process.kill();
    let (after_kill, _backend) = start();
    [after_end, after_kill]
}

fn imports(plan: &BackendPlan, dump: &std::path::Path) -> f64 {
    let began = Instant::now();
    let mut command: Command = plan.command(&["admin", "import"]);
    let ended = command.stdin(File::open(dump).unwrap()).stdout(Stdio::null()).status().unwrap();
    assert!(ended.success());
    began.elapsed().as_secs_f64()
}

fn fill(file: &StoreFile, issuer: &str, logins: usize) {
    let keyring = Keyring::parse(SEALING_KEY).unwrap();
    let now = OffsetDateTime::now_utc();
    let numbers: Vec<usize> = (0..logins).collect();
    let keep = async |number: usize| {
        let (user, record) = (user(number), record(issuer, number).to_string());
        let sealed = keyring.seal(&SystemRandom, Kind::Tokens, &[&user, "dev"], record.as_bytes()).unwrap();
        let member = format!("{user}|dev");
        file.put(&format!("login:{{{member}}}"), &sealed, KEPT).await?;
        file.note("logins-by-user", &member, OffsetDateTime::UNIX_EPOCH).await?;
        file.note("logins", &member, now).await
    };
    actix_rt::System::new().block_on(async {
        for chunk in numbers.chunks(AT_A_TIME) {
            try_join_all(chunk.iter().map(|number| keep(*number))).await.unwrap();
        }
    });
}

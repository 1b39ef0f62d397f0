//! What a file may hold after a mistake: what it held before is used, and that is said once and counted.

use super::*;

pub(super) const REFUSED: &str =
    "a file has changed, and what it holds now is of no use: what it held before is used";

/// Where it is said; the certificate and its key are one.
const WATCHED: [&str; 5] = [KEYS, REDIS, SECRET, CLUSTER_CA, CERTIFICATE];

/// A setting and what its file holds; nothing where there is no file.
type File<'f> = (&'f str, Option<&'f [u8]>);

/// Half of a text, in the middle of a line.
pub(super) fn half(text: &str) -> &[u8] {
    &text.as_bytes()[..text.len() / 2 - 1]
}

pub(super) fn is_refused(backend: &Backend, setting: &str) -> u64 {
    backend.metric(&format!(
        "cluster_auth_files_refused{{cluster=\"{}\",setting=\"{setting}\"}}",
        cluster_of(setting)
    ))
}

/// How often a backend has said that.
fn refusals(backend: &Backend) -> usize {
    backend.process.printed().matches(REFUSED).count()
}

#[test]
fn bad_content_is_kept_out_and_said_once_and_good_content_that_comes_later_is_used() {
    let (first, second) = (certificate(), certificate());
    let both = format!("{}{}", first.0, second.0);
    let (parts, mut mounted) = Parts::start("renewals_refused", &first, &both);
    let (plain, tls) = (parts.plan.start(), parts.plan_with_tls.start());
    let api = parts.here.api(&plain);
    let ca = std::fs::read_to_string(&parts.here.cluster.ca_file).unwrap();
    let wrong_password = redis_url(&parts.here.redis, "no-password-of-it");
    let bad: [[File<'_>; 6]; 4] = [
        SETTINGS.map(|setting| (setting, Some(&b""[..]))),
        SETTINGS.map(|setting| (setting, None)),
        [
            (KEYS, Some(half(KEY_A))),
            (REDIS, Some(b"redis")),
            (SECRET, Some(b"\0\xff\xfe")),
            (CLUSTER_CA, Some(half(&ca))),
            (CERTIFICATE, Some(half(&first.0))),
            (PRIVATE_KEY, Some(half(&first.1))),
        ],
        [
            (KEYS, Some(KEY_B.as_bytes())),
            (REDIS, Some(wrong_password.as_bytes())),
            (SECRET, Some(b"two\nlines")),
            (CLUSTER_CA, Some(first.1.as_bytes())),
            (CERTIFICATE, Some(second.0.as_bytes())),
            (PRIVATE_KEY, Some(first.1.as_bytes())),
        ],
    ];
    for (contents, times) in bad.iter().zip(1_usize..) {
        mounted.replace_bytes(contents.iter().copied());
        for setting in WATCHED {
            wait_for_said(&tls, REFUSED, setting, times);
            assert_eq!(
                (counted(&tls, setting, "refused"), is_refused(&tls, setting)),
                (times as u64, 1),
                "{setting}"
            );
        }
        for setting in &WATCHED[..4] {
            wait_for_said(&plain, REFUSED, setting, times);
        }
        api.log_in(&parts.here.idp, "felix");
        assert_eq!(api.get(PODS).status, 200);
        run(async { assert_eq!(get_over_http1(&tls, &parts.trusted, "/info").await.status(), 200) });
    }
    parts.here.redis.cli(&["ACL", "SETUSER", "backend", ">second-password"]);
    parts.accept_secrets(&[SECOND_SECRET]);
    let url = redis_url(&parts.here.redis, "second-password");
    mounted.replace(&[
        (KEYS, &format!("{KEY_B},{KEY_A}")),
        (REDIS, &url),
        (SECRET, SECOND_SECRET),
        (CLUSTER_CA, &format!("{ca}{}", second.0)),
        (CERTIFICATE, &second.0),
        (PRIVATE_KEY, &second.1),
    ]);
    for setting in WATCHED {
        wait_for_said(&tls, TAKEN, setting, 1);
        assert_eq!((counted(&tls, setting, "taken"), is_refused(&tls, setting)), (1, 0), "{setting}");
    }
    for setting in &WATCHED[..4] {
        wait_for_said(&plain, TAKEN, setting, 1);
    }
    assert_eq!((refusals(&tls), refusals(&plain)), (5 * bad.len(), 4 * bad.len()));
    api.log_in(&parts.here.idp, "felix");
    assert_eq!(api.get(PODS).status, 200);
}

/// What has no mistake in it, and is another cluster's.
#[test]
fn roots_that_are_corrected_are_used_without_a_restart() {
    let other = certificate();
    let here = Deployment::with_hostile_idp("renewals_roots").with_cluster();
    let mut mounted = Mounted::new(&here.world, &[(CLUSTER_CA, &other.0)]);
    let (backend, api) = here.start_as(&here.plan.clone().with(CLUSTER_CA, &mounted.path(CLUSTER_CA)));
    api.log_in(&here.idp, "felix");
    api.get(PODS).assert_status_object(502, "cluster_unreachable");
    mounted.replace(&[(CLUSTER_CA, &std::fs::read_to_string(&here.cluster.ca_file).unwrap())]);
    wait_for_said(&backend, TAKEN, CLUSTER_CA, 1);
    assert_eq!(api.get(PODS).status, 200);
}

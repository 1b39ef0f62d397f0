//! The program has its random numbers from the operating system (SECURITY.md, "Randomness").

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

/// Symbols of AWS-LC: its reading of the system's source, and its measuring of the processor's jitter.
const NAMES: [&str; 2] = ["CRYPTO_sysrand", "jent_read_entropy"];

#[test]
fn the_program_is_built_without_jitter_entropy() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_backstage-oidc-helper")).unwrap();
    let names = AhoCorasick::new(NAMES).unwrap();
    let found: BTreeSet<&str> =
        names.find_iter(&program).map(|name| NAMES[name.pattern().as_usize()]).collect();
    let setting = "AWS_LC_SYS_NO_JITTER_ENTROPY in .cargo/config.toml";
    assert_eq!(found, BTreeSet::from(["CRYPTO_sysrand"]), "{setting}");
}

use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};

use super::*;
use crate::store::contract::ChosenClock;

/// A pair in files, made for the time at which the clock stands.
struct Files {
    folder: tempfile::TempDir,
    clock: Arc<ChosenClock>,
}

impl Files {
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap(), clock: Arc::default() };
        // Certificates have no dates before 1970.
        files.clock.advance(Duration::from_hours(24 * 20_000));
        files.write(|_| {});
        files
    }

    fn place(&self) -> TlsFiles {
        let file = |name: &str| -> PathBuf { self.folder.path().join(name) };
        TlsFiles { certificates: file("tls.crt"), key: file("tls.key") }
    }

    /// Writes a new pair; the certificate is changed like this.
    fn write(&self, change: impl Fn(&mut CertificateParams)) {
        let key = KeyPair::generate().unwrap();
        std::fs::write(self.place().key, key.serialize_pem()).unwrap();
        self.write_certificate(&key, change);
    }

    fn write_certificate(&self, key: &KeyPair, change: impl Fn(&mut CertificateParams)) {
        let mut params = CertificateParams::new(["backend.example".to_owned()]).unwrap();
        let now = self.clock.now();
        params.not_before = now - time::Duration::days(30);
        params.not_after = now + time::Duration::days(30);
        change(&mut params);
        std::fs::write(self.place().certificates, params.self_signed(key).unwrap().pem()).unwrap();
    }

    fn load(&self) -> Result<ServerTls, UnusableCertificate> {
        ServerTls::load(&self.place(), Arc::clone(&self.clock) as _)
    }

    fn refusal(&self) -> String {
        self.load().err().expect("the files are taken").to_string()
    }
}

#[test]
fn a_pair_is_taken_for_as_long_as_it_is_valid() {
    let files = Files::new();
    let end = files.load().unwrap().valid_until().unwrap();
    assert_eq!((end - files.clock.now()).whole_days(), 30);
    // What `openssl req -x509` makes calls itself a CA; Go's clients take that.
    files.write(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let config = files.load().unwrap().config().unwrap();
    assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn what_clients_would_refuse_is_refused_with_what_to_do() {
    let files = Files::new();
    let day = time::Duration::DAY;
    let now = files.clock.now();
    files.write(|params| (params.not_before, params.not_after) = (now - day * 2, now - day));
    assert!(files.refusal().contains(&format!("expired at {}", now - day)), "{}", files.refusal());
    files.write(|params| params.not_before = now + day);
    assert!(files.refusal().contains("is not valid before"), "{}", files.refusal());
    files.write(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    assert!(files.refusal().contains("is not for servers"), "{}", files.refusal());
    files.write(|_| {});
    files.write_certificate(&KeyPair::generate().unwrap(), |_| {});
    assert!(files.refusal().starts_with("TLS_KEY_FILE is not the key of"), "{}", files.refusal());
}

#[test]
fn a_file_that_holds_something_else_is_named() {
    let files = Files::new();
    let (certificates, key) = (files.place().certificates, files.place().key);
    std::fs::copy(&certificates, &key).unwrap();
    assert!(files.refusal().starts_with("TLS_KEY_FILE holds no private key"), "{}", files.refusal());
    files.write(|_| {});
    for nothing in ["", "no PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&certificates, nothing).unwrap();
        assert!(files.refusal().starts_with("TLS_CERT_FILE holds no certificate"), "{}", files.refusal());
    }
    std::fs::write(&certificates, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(files.refusal().contains("cannot be used"), "{}", files.refusal());
    files.write(|_| {});
    std::fs::remove_file(&key).unwrap();
    assert!(files.refusal().starts_with("TLS_KEY_FILE cannot be read"), "{}", files.refusal());
}

#[test]
fn a_certificate_that_ends_soon_is_warned_about() {
    let files = Files::new();
    let key = files.place().key;
    only_mine(&key);
    assert!(files.load().unwrap().warnings().is_empty());
    let soon = files.clock.now() + time::Duration::days(6);
    files.write(|params| params.not_after = soon);
    only_mine(&key);
    let warnings = files.load().unwrap().warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("expires at"), "{warnings:?}");
}

#[cfg(unix)]
#[test]
fn a_key_that_everybody_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let files = Files::new();
    for (mode, warned) in [(0o644, true), (0o640, false), (0o600, false)] {
        std::fs::set_permissions(files.place().key, std::fs::Permissions::from_mode(mode)).unwrap();
        let warnings = files.load().unwrap().warnings();
        assert_eq!(warnings.iter().any(|warning| warning.contains("TLS_KEY_FILE")), warned, "{mode:o}");
    }
}

#[test]
fn a_renewed_pair_is_taken_and_a_broken_one_is_not() {
    let files = Files::new();
    let tls = files.load().unwrap();
    let shown = || tls.certificate.current().certified;
    let first = shown();
    files.write(|_| {});
    tls.certificate.take().unwrap();
    let second = shown();
    assert_ne!(first.cert, second.cert);
    // In the middle of a renewal, or after a wrong one.
    files.write_certificate(&KeyPair::generate().unwrap(), |_| {});
    assert!(tls.certificate.take().is_err());
    assert!(Arc::ptr_eq(&second, &shown()));
    files.write(|_| {});
    assert!(tls.certificate.take().unwrap().starts_with("valid until "));
    assert_ne!(second.cert, shown().cert);
}

#[cfg(unix)]
fn only_mine(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn only_mine(_: &std::path::Path) {}

//! The system's root certificates, read when a server's certificate is first checked, and once a process.

use std::sync::{Arc, OnceLock};

use rustls::RootCertStore;
use rustls_native_certs::CertificateResult;

/// Those of this process.
static SYSTEM: SystemRoots = SystemRoots::read_by(certificates);

/// The system's roots: `SSL_CERT_FILE` and `SSL_CERT_DIR` where one of them is set, else those that the system has. What cannot be read is
/// left out, with a warning; `None` where nothing can be read, and then they are read again for the next certificate.
#[must_use]
pub fn system_roots() -> Option<Arc<RootCertStore>> {
    SYSTEM.get()
}

fn certificates() -> CertificateResult {
    let read = native_certificates();
    for error in &read.errors {
        tracing::warn!(%error, "a system root certificate cannot be read");
    }
    read
}

/// Roots that are read when they are first needed.
struct SystemRoots {
    roots: OnceLock<Arc<RootCertStore>>,
    read: fn() -> CertificateResult,
}

impl SystemRoots {
    const fn read_by(read: fn() -> CertificateResult) -> Self {
        Self { roots: OnceLock::new(), read }
    }

    /// Reads on the calling thread, which has just been sent a certificate: once, a quarter of a megabyte. A failure is not kept: there may have
    /// been too many open files just then.
    fn get(&self) -> Option<Arc<RootCertStore>> {
        if let Some(roots) = self.roots.get() {
            return Some(Arc::clone(roots));
        }
        let read = (self.read)();
        if read.certs.is_empty() && !read.errors.is_empty() {
            return None;
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(read.certs);
        Some(Arc::clone(self.roots.get_or_init(|| Arc::new(roots))))
    }
}

/// Where neither variable names others: the bundle, which holds all that the links in the folder beside it lead to. The folder is read where
/// there is no bundle.
#[cfg(all(unix, not(target_os = "macos")))]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn native_certificates() -> CertificateResult {
    use openssl_probe::{ENV_CERT_DIR, ENV_CERT_FILE};
    let names_others = std::env::var_os(ENV_CERT_FILE).is_some()
        || std::env::var_os(ENV_CERT_DIR).is_some_and(|folders| !folders.is_empty());
    let bundle = if names_others { None } else { openssl_probe::probe().cert_file };
    bundle_or_all(bundle.as_deref(), rustls_native_certs::load_native_certs)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn bundle_or_all(
    bundle: Option<&std::path::Path>,
    all: impl FnOnce() -> CertificateResult,
) -> CertificateResult {
    let read = bundle.map(|bundle| rustls_native_certs::load_certs_from_paths(Some(bundle), None));
    read.filter(|read| !read.certs.is_empty()).unwrap_or_else(all)
}

/// The system's own store.
#[cfg(not(all(unix, not(target_os = "macos"))))]
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn native_certificates() -> CertificateResult {
    rustls_native_certs::load_native_certs()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rcgen::generate_simple_self_signed;
    use rustls_pki_types::CertificateDer;

    use super::*;

    fn certificate() -> (CertificateDer<'static>, String) {
        let made = generate_simple_self_signed(["root.example".to_owned()]).unwrap().cert;
        (made.der().clone(), made.pem())
    }

    #[test]
    fn they_are_read_when_they_are_first_needed_and_then_never_again() {
        static READ: AtomicUsize = AtomicUsize::new(0);
        static ROOTS: SystemRoots = SystemRoots::read_by(|| {
            READ.fetch_add(1, Ordering::Relaxed);
            of_file(Some(certificate().0))
        });
        assert_eq!(READ.load(Ordering::Relaxed), 0);
        let (first, second) = (ROOTS.get().unwrap(), ROOTS.get().unwrap());
        assert_eq!((READ.load(Ordering::Relaxed), first.len()), (1, 1));
        assert!(Arc::ptr_eq(&first, &second));
    }

    /// What a file with this certificate is read as, and one that is not there.
    fn of_file(certificate: Option<CertificateDer<'static>>) -> CertificateResult {
        let mut read = rustls_native_certs::load_certs_from_paths(Some("/nowhere".as_ref()), None);
        assert!(!read.errors.is_empty());
        if certificate.is_some() {
            read.errors.clear();
        }
        read.certs.extend(certificate);
        read
    }

    #[test]
    fn roots_that_could_not_be_read_are_read_again() {
        static READ: AtomicUsize = AtomicUsize::new(0);
        static ROOTS: SystemRoots = SystemRoots::read_by(|| {
            let is_there = READ.fetch_add(1, Ordering::Relaxed) > 0;
            of_file(is_there.then(|| certificate().0))
        });
        assert!(ROOTS.get().is_none());
        assert_eq!(ROOTS.get().unwrap().len(), 1);
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn a_bundle_is_enough_and_without_one_all_are_read() {
        let (ours, pem) = certificate();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &pem).unwrap();
        let read = bundle_or_all(Some(file.path()), || panic!("the bundle is not enough"));
        assert_eq!(read.certs, [ours]);
        let (other, _) = certificate();
        for bundle in [None, Some(std::path::Path::new("/dev/null")), Some(std::path::Path::new("/nowhere"))]
        {
            let all = || {
                let mut all = CertificateResult::default();
                all.certs.push(other.clone());
                all
            };
            assert_eq!(bundle_or_all(bundle, all).certs, std::slice::from_ref(&other), "{bundle:?}");
        }
    }
}

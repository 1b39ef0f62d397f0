use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;

const NOW: u64 = 1_780_000_000;

/// A certificate for `kubernetes.example`, changed like this.
fn params(change: impl Fn(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new(["kubernetes.example".to_owned()]).unwrap();
    let day = |days: i64| {
        let now = i64::try_from(NOW).unwrap();
        time::OffsetDateTime::from_unix_timestamp(now).unwrap() + time::Duration::days(days)
    };
    (params.not_before, params.not_after) = (day(-10), day(10));
    change(&mut params);
    params
}

fn self_signed(change: impl Fn(&mut CertificateParams)) -> CertificateDer<'static> {
    params(change).self_signed(&KeyPair::generate().unwrap()).unwrap().into()
}

fn signed_by_another_ca() -> CertificateDer<'static> {
    let ca = params(|ca| ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let issuer = Issuer::new(ca, KeyPair::generate().unwrap());
    params(|_| {}).signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().into()
}

fn is_accepted(named: &CertificateDer<'static>, shown: &CertificateDer<'_>, host: &str) -> bool {
    let mut trusted = Trusted::default();
    trusted.roots.add(named.clone()).unwrap();
    trusted.named.push(named.clone());
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW));
    let name = ServerName::try_from(host.to_owned()).unwrap();
    ServerCertificates::trusting(trusted, "").verify_server_cert(shown, &[], &name, &[], now).is_ok()
}

#[test]
fn the_servers_own_certificate_is_taken_for_exactly_that_server() {
    let is_a_ca = |ca: &mut CertificateParams| ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for own in [self_signed(|_| {}), self_signed(is_a_ca), signed_by_another_ca()] {
        assert!(is_accepted(&own, &own, "kubernetes.example"));
        assert!(!is_accepted(&own, &own, "other.example"));
        for another in [self_signed(|_| {}), self_signed(is_a_ca), signed_by_another_ca()] {
            assert!(!is_accepted(&own, &another, "kubernetes.example"));
        }
    }
}

#[test]
fn a_certificate_that_is_named_has_to_be_in_date() {
    let is_a_ca = |ca: &mut CertificateParams| ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ended = |params: &mut CertificateParams| params.not_after = params.not_before;
    let with_both = |params: &mut CertificateParams| {
        is_a_ca(params);
        ended(params);
    };
    for own in [self_signed(ended), self_signed(with_both)] {
        assert!(!is_accepted(&own, &own, "kubernetes.example"));
    }
}

//! The sandbox's own certificate authority and the certificates that it signs (ECDSA P-256).
//!
//! Made at the first start and used again at the next, so that a developer trusts the authority once. For sandboxes only:
//! `lombard serve` refuses certificates of this authority. It must never replace an authority that it finds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use lombard_domain::time::{Clock, Date, Instant, Span};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::files::{self, Readers};
use crate::listen::tls::{ChainAndKey, read_chain};
use crate::x509::Facts;

mod client;

pub(crate) use client::{ClientCertificate, ClientName, issue_client};

/// Common name of every sandbox's authority, by which production recognises it.
pub(crate) const AUTHORITY: &str = "Lombard sandbox CA";

/// What a sandbox needs to serve HTTPS.
#[derive(Debug)]
pub(crate) struct Pki {
    /// The authority's certificate in PEM, for clients to trust.
    pub(crate) ca_file: PathBuf,
    /// The server's certificate and its key.
    pub(crate) server: ChainAndKey,
}

/// Finds or makes the authority and a server certificate for these host names and addresses.
///
/// The server certificate is made anew when it has less than [`RENEW_DAYS`] left, names other hosts, or does not fit its key.
///
/// # Errors
/// The folder cannot be used, or what lies there is damaged; the text says what to do.
pub(crate) fn ensure(folder: &Path, names: &[String], clock: &dyn Clock) -> anyhow::Result<Pki> {
    let now = clock.now();
    let (authority, _lock) = Authority::locked(folder, now)?;
    let wanted: BTreeSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    if wanted.is_empty() {
        bail!("a server certificate needs at least one host name");
    }
    let server = match usable_server(folder, &wanted, &authority, now) {
        Some(server) => server,
        None => authority.issue_server(folder, &wanted, now)?,
    };
    Ok(Pki { ca_file: folder.join(CA_CERTIFICATE), server })
}

/// The authority's certificate of the sandbox in a folder, if it has one yet that can be used.
pub(crate) fn find_authority(folder: &Path) -> Option<CertificateDer<'static>> {
    read_chain(&folder.join(CA_CERTIFICATE)).ok()?.into_iter().next()
}

/// The authority: its certificate and its key.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    not_after: Instant,
}

impl Authority {
    /// Finds or makes the authority; the folder is locked until the file is dropped.
    ///
    /// Two programs that start at once in one folder must agree on one authority.
    fn locked(folder: &Path, now: Instant) -> anyhow::Result<(Self, fs::File)> {
        files::make_private_folder(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let lock = files::lock(folder).with_context(|| format!("cannot lock the folder {}", folder.display()))?;
        Ok((Self::ensure(folder, now)?, lock))
    }

    fn ensure(folder: &Path, now: Instant) -> anyhow::Result<Self> {
        // The key is written first: without a certificate nobody can have trusted it yet.
        let file = folder.join(CA_CERTIFICATE);
        if !file.try_exists().with_context(|| format!("cannot look at {}", file.display()))? {
            return Self::make(folder, now);
        }
        Self::read(folder, now).with_context(|| {
            format!(
                "the sandbox's certificate authority in {} cannot be used; delete that folder to get a new one, and \
                 trust its ca.pem again where you trusted the old one",
                folder.display()
            )
        })
    }

    fn make(folder: &Path, now: Instant) -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = authority_params(now);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let certificate = params.self_signed(&key)?;
        write(folder, CA_KEY, &key.serialize_pem(), Readers::Owner)?;
        write(folder, CA_CERTIFICATE, &certificate.pem(), Readers::Everybody)?;
        Self::new(certificate.der().clone(), key, now)
    }

    fn read(folder: &Path, now: Instant) -> anyhow::Result<Self> {
        let pair = ChainAndKey::read(&folder.join(CA_CERTIFICATE), &folder.join(CA_KEY))?;
        pair.check()?;
        let certificate = pair.chain.into_iter().next().context("no certificate")?;
        Self::new(certificate, KeyPair::try_from(&pair.key)?, now)
    }

    fn new(certificate: CertificateDer<'static>, key: KeyPair, now: Instant) -> anyhow::Result<Self> {
        let facts = Facts::read(&certificate).context("ca.pem holds no certificate")?;
        if facts.not_after <= now.plus(Span::days(RENEW_DAYS)) {
            bail!("it ends on {}", facts.not_after.date());
        }
        let issuer = Issuer::new(authority_params(now), key);
        Ok(Self { certificate, issuer, not_after: facts.not_after })
    }

    fn issue_server(&self, folder: &Path, names: &BTreeSet<String>, now: Instant) -> anyhow::Result<ChainAndKey> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())
            .context("a host name has letters that no certificate can carry")?;
        let first = names.first().map_or("", String::as_str);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, first.chars().take(MAX_COMMON_NAME).collect::<String>());
        let end = now.plus(Span::days(SERVER_DAYS)).min(self.not_after);
        set_validity(&mut params, now, end);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;
        write(folder, SERVER_KEY, &key.serialize_pem(), Readers::Owner)?;
        write(folder, SERVER_CERTIFICATE, &certificate.pem(), Readers::Everybody)?;
        Ok(ChainAndKey {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes())?,
        })
    }

    /// Whether this authority, and no other of the same name, signed a certificate for a server.
    fn signed(&self, leaf: &CertificateDer<'_>, name: &str, now: Instant) -> bool {
        use rustls::client::WebPkiServerVerifier;
        use rustls::client::danger::ServerCertVerifier as _;
        use rustls::pki_types::{ServerName, UnixTime};
        let mut roots = rustls::RootCertStore::empty();
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let verified = || -> Option<()> {
            roots.add(self.certificate.clone()).ok()?;
            let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.into()).build().ok()?;
            let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
            let name = ServerName::try_from(name).ok()?;
            verifier.verify_server_cert(leaf, &[], &name, &[], time).ok().map(|_| ())
        };
        verified().is_some()
    }
}

/// The server certificate of an earlier start, if it still serves.
fn usable_server(folder: &Path, names: &BTreeSet<String>, authority: &Authority, now: Instant) -> Option<ChainAndKey> {
    let pair = ChainAndKey::read(&folder.join(SERVER_CERTIFICATE), &folder.join(SERVER_KEY)).ok()?;
    pair.check().ok()?;
    let leaf = pair.chain.first()?;
    let facts = Facts::read(leaf)?;
    let fits = facts.names == *names
        && facts.not_before <= now
        && facts.not_after > now.plus(Span::days(RENEW_DAYS))
        && authority.signed(leaf, names.first()?, now);
    fits.then_some(pair)
}

fn authority_params(now: Instant) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, AUTHORITY);
    params.distinguished_name.push(DnType::OrganizationName, "Lombard sandbox, for development only");
    set_validity(&mut params, now, now.plus(Span::days(CA_DAYS)));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params
}

/// From the day before, for clients whose clocks are behind, to a day.
fn set_validity(params: &mut CertificateParams, now: Instant, end: Instant) {
    let ymd = |date: Date| {
        let month = u8::try_from(date.month()).unwrap_or(1);
        let day = u8::try_from(date.day()).unwrap_or(1);
        date_time_ymd(i32::from(date.year()), month, day)
    };
    params.not_before = ymd(now.minus(Span::days(1)).date());
    params.not_after = ymd(end.date());
}

fn write(folder: &Path, name: &str, text: &str, readers: Readers) -> anyhow::Result<()> {
    let file = folder.join(name);
    files::write_whole(&file, text.as_bytes(), readers).with_context(|| format!("cannot write {}", file.display()))
}

const CA_CERTIFICATE: &str = "ca.pem";
const CA_KEY: &str = "ca.key";
const SERVER_CERTIFICATE: &str = "server.pem";
const SERVER_KEY: &str = "server.key";

/// Life of the authority, in days: ten years.
const CA_DAYS: i64 = 3_652;
/// Life of a server certificate, in days; with the day before its making, it stays within the 397 that clients accept.
const SERVER_DAYS: i64 = 395;
/// A certificate with fewer days left is made anew.
const RENEW_DAYS: i64 = 30;
/// Letters of a common name (RFC 5280, ub-common-name).
const MAX_COMMON_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Instant {
            Instant::from_seconds(1_800_000_000).plus(Span::days(self.0))
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn leaf(pki: &Pki) -> Vec<u8> {
        pki.server.chain.first().map(|leaf| leaf.to_vec()).unwrap_or_default()
    }

    #[test]
    fn makes_an_authority_and_a_certificate_that_a_client_trusts() {
        let folder = tempfile::tempdir().unwrap();
        let pki = ensure(folder.path(), &names(&["localhost", "127.0.0.1", "::1"]), &At(0)).unwrap();
        let authority = Authority::read(folder.path(), At(0).now()).unwrap();
        for (name, day, trusted) in [
            ("localhost", 0, true),
            ("127.0.0.1", 300, true),
            ("::1", 1, true),
            ("example.com", 0, false),
            ("localhost", -3, false),
            ("localhost", 396, false),
        ] {
            let server = pki.server.chain.first().unwrap();
            assert_eq!(authority.signed(server, name, At(day).now()), trusted, "{name} {day}");
        }
        let facts = Facts::read(&leaf(&pki)).unwrap();
        assert_eq!(facts.issuer.as_deref(), Some(AUTHORITY));
        let life = facts.not_after.since(facts.not_before);
        assert!(life <= Span::days(397), "{life:?}");
    }

    #[test]
    fn finds_what_it_made_and_renews_only_the_server_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let local = names(&["localhost"]);
        let first = ensure(folder.path(), &local, &At(0)).unwrap();
        let ca = fs::read(&first.ca_file).unwrap();
        let again = ensure(folder.path(), &local, &At(300)).unwrap();
        assert_eq!(leaf(&again), leaf(&first));
        let late = ensure(folder.path(), &local, &At(SERVER_DAYS - RENEW_DAYS + 1)).unwrap();
        assert_ne!(leaf(&late), leaf(&first));
        let other = ensure(folder.path(), &names(&["bank.test", "localhost"]), &At(400)).unwrap();
        assert_ne!(leaf(&other), leaf(&late));
        let same = ensure(folder.path(), &names(&["localhost", "BANK.test"]), &At(400)).unwrap();
        assert_eq!(leaf(&same), leaf(&other));
        assert_eq!(fs::read(&first.ca_file).unwrap(), ca);
    }

    #[test]
    fn keeps_its_keys_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("tls");
        ensure(&inside, &names(&["localhost"]), &At(0)).unwrap();
        assert!(files::is_private(&inside).unwrap());
        assert!(files::is_private(&inside.join(CA_KEY)).unwrap());
        assert!(files::is_private(&inside.join(SERVER_KEY)).unwrap());
    }

    #[test]
    fn repairs_a_server_key_that_does_not_fit_but_never_an_authority() {
        let folder = tempfile::tempdir().unwrap();
        let local = names(&["localhost"]);
        let first = ensure(folder.path(), &local, &At(0)).unwrap();
        let other = KeyPair::generate().unwrap().serialize_pem();
        write(folder.path(), SERVER_KEY, &other, Readers::Owner).unwrap();
        let second = ensure(folder.path(), &local, &At(0)).unwrap();
        assert_ne!(leaf(&second), leaf(&first));
        second.server.check().unwrap();

        write(folder.path(), CA_KEY, &other, Readers::Owner).unwrap();
        let error = format!("{:#}", ensure(folder.path(), &local, &At(0)).unwrap_err());
        assert!(error.contains("delete that folder"), "{error}");
        write(folder.path(), CA_CERTIFICATE, "", Readers::Everybody).unwrap();
        assert!(ensure(folder.path(), &local, &At(0)).is_err());
    }

    #[test]
    fn a_certificate_of_another_authority_is_replaced() {
        let one = tempfile::tempdir().unwrap();
        let two = tempfile::tempdir().unwrap();
        let local = names(&["localhost"]);
        let first = ensure(one.path(), &local, &At(0)).unwrap();
        ensure(two.path(), &local, &At(0)).unwrap();
        for name in [CA_CERTIFICATE, CA_KEY] {
            fs::copy(two.path().join(name), one.path().join(name)).unwrap();
        }
        assert_ne!(leaf(&ensure(one.path(), &local, &At(0)).unwrap()), leaf(&first));
        assert!(ensure(one.path(), &[], &At(0)).is_err());
        assert!(ensure(one.path(), &names(&["bad host ü"]), &At(0)).is_err());
    }
}

//! The sandbox's own directory: it vouches for apps by software statements, as a scheme's directory does in production.
//!
//! Owns its signing key, made once and kept in the sandbox's folder, and the form of a statement (UK Open Banking
//! Dynamic Client Registration 3.3). It vouches for whatever it is asked to, so production must never believe it.

use std::path::Path;

use anyhow::Context as _;
use lombard_auth::jose::{self, Alg, Header, Jwks, SigningKey};
use lombard_domain::oauth::{RedirectUri, Role, WebUri};
use lombard_domain::random::{self, Random};
use lombard_domain::secret::Secret;
use lombard_domain::text::Text;
use lombard_domain::time::Instant;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::files::{self, Readers};
use crate::pem;

/// Name of every sandbox's directory, by which production recognises it.
pub(crate) const ISSUER: &str = "Lombard sandbox directory";

/// The directory of one sandbox.
#[derive(Debug)]
pub(crate) struct SandboxDirectory {
    key: SigningKey,
}

/// A piece of software, as the directory describes it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) id: Text<100>,
    pub(crate) name: Text<80>,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    pub(crate) keys: Keys,
    pub(crate) roles: Vec<Role>,
    pub(crate) org_id: Text<100>,
    pub(crate) org_name: Text<120>,
}

/// Where the keys of a piece of software are.
#[derive(Clone, Debug)]
pub(crate) enum Keys {
    /// In the statement.
    Here(Jwks),
    /// At an address.
    At(WebUri),
}

impl SandboxDirectory {
    /// The directory of the sandbox in a folder, if it has one yet.
    ///
    /// # Errors
    /// Its key cannot be read.
    pub(crate) fn find(folder: &Path) -> anyhow::Result<Option<Self>> {
        let file = folder.join(KEY_FILE);
        match files::read_limited(&file, KEY_BYTES_MAX) {
            Ok(bytes) => Self::read(&Secret::new(bytes)).map(Some).with_context(|| {
                format!("{} is not the key of a sandbox's directory; delete it to get a new one", file.display())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// The same; its key is made if it is not there.
    ///
    /// # Errors
    /// The folder cannot be used, or the key that is there cannot be read.
    pub(crate) fn ensure(folder: &Path) -> anyhow::Result<Self> {
        files::make_private_folder(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let _lock = files::lock(folder).with_context(|| format!("cannot lock the folder {}", folder.display()))?;
        if let Some(found) = Self::find(folder)? {
            return Ok(found);
        }
        let key = SigningKey::generate(Alg::Es256)?;
        let file = folder.join(KEY_FILE);
        files::write_whole(&file, pem::private_key(&key.to_pkcs8()?).expose().as_bytes(), Readers::Owner)
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self { key })
    }

    fn read(bytes: &Secret<Vec<u8>>) -> anyhow::Result<Self> {
        let document = PrivatePkcs8KeyDer::from_pem_slice(bytes.expose()).context("no private key in PEM")?;
        let document = Secret::new(document.secret_pkcs8_der().to_vec());
        Ok(Self { key: SigningKey::from_pkcs8(Alg::Es256, &document)? })
    }

    /// Its public key.
    pub(crate) fn jwks(&self) -> Jwks {
        Jwks::new(vec![self.key.public().clone()])
    }

    /// The directory as those who believe it need it.
    pub(crate) fn trusted(&self) -> lombard_auth::Directory {
        lombard_auth::Directory { issuer: ISSUER.to_owned(), keys: lombard_auth::DirectoryKeys::Here(self.jwks()) }
    }

    /// A software statement (RFC 7591 2.3).
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub(crate) fn vouch(&self, software: &Described, now: Instant, random: &dyn Random) -> anyhow::Result<String> {
        let (keys_name, keys) = match &software.keys {
            Keys::Here(keys) => ("software_jwks", keys.to_json()),
            Keys::At(url) => ("software_jwks_endpoint", Value::from(url.as_str())),
        };
        let claims = json!({
            "iss": ISSUER,
            "iat": now.seconds(),
            "jti": uuid::Builder::from_random_bytes(random::bytes(random)).into_uuid().to_string(),
            "software_id": software.id,
            "software_client_id": software.id,
            "software_client_name": software.name,
            "software_environment": "sandbox",
            "software_mode": "Test",
            "software_redirect_uris": software.redirect_uris,
            "software_roles": software.roles,
            keys_name: keys,
            "org_id": software.org_id,
            "org_name": software.org_name,
            "org_status": "Active",
        });
        Ok(jose::sign(&self.key, Header::with_kid("JWT", self.key.kid()), &claims)?)
    }
}

/// The private key in the sandbox's folder.
const KEY_FILE: &str = "directory.key";
/// Bytes of its file.
const KEY_BYTES_MAX: u64 = 4096;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use lombard_auth::jose::{Typ, VerifyRules, verify};

    use super::*;
    use crate::system::SystemRandom;

    fn software(keys: Keys) -> Described {
        Described {
            id: Text::new("my-app").unwrap(),
            name: Text::new("My app").unwrap(),
            redirect_uris: vec![RedirectUri::new("https://app.example/callback").unwrap()],
            keys,
            roles: vec![Role::Aisp],
            org_id: Text::new("org-1").unwrap(),
            org_name: Text::new("Organisation").unwrap(),
        }
    }

    fn claims(directory: &SandboxDirectory, software: &Described) -> Value {
        let statement = directory.vouch(software, Instant::from_seconds(1_800_000_000), &SystemRandom).unwrap();
        let keys = directory.jwks();
        let rules = VerifyRules { typ: Typ::OneOf(&["JWT"]), algs: &[Alg::Es256], keys: &keys };
        serde_json::from_slice(verify(&statement, rules).unwrap().payload()).unwrap()
    }

    #[test]
    fn vouches_under_its_name_and_never_twice_with_one_jti() {
        let folder = tempfile::tempdir().unwrap();
        let directory = SandboxDirectory::ensure(folder.path()).unwrap();
        let mut names = BTreeSet::new();
        let app = SigningKey::generate(Alg::EdDsa).unwrap();
        let here = Keys::Here(Jwks::new(vec![app.public().clone()]));
        let at = Keys::At(WebUri::try_from("https://app.example/jwks".to_owned()).unwrap());
        for (keys, name, value) in [
            (here, "software_jwks", json!({ "keys": [app.public().to_json()] })),
            (at, "software_jwks_endpoint", json!("https://app.example/jwks")),
        ] {
            let claims = claims(&directory, &software(keys));
            assert_eq!(claims["iss"], ISSUER);
            assert_eq!(claims["iat"], 1_800_000_000);
            assert_eq!(claims["software_redirect_uris"], json!(["https://app.example/callback"]));
            assert_eq!(claims["software_roles"], json!(["AISP"]));
            assert_eq!(claims["org_status"], "Active");
            assert_eq!(claims[name], value);
            assert!(claims.get("software_jwks").is_none() || claims.get("software_jwks_endpoint").is_none());
            names.insert(claims["jti"].as_str().unwrap().to_owned());
        }
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn makes_its_key_once_and_keeps_it_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("data");
        assert!(SandboxDirectory::find(&inside).unwrap().is_none());
        let first = SandboxDirectory::ensure(&inside).unwrap();
        let file = inside.join(KEY_FILE);
        assert!(files::is_private(&file).unwrap());
        let before = fs::read(&file).unwrap();
        assert_eq!(SandboxDirectory::ensure(&inside).unwrap().key.kid(), first.key.kid());
        assert_eq!(SandboxDirectory::find(&inside).unwrap().unwrap().key.kid(), first.key.kid());
        assert_eq!(fs::read(&file).unwrap(), before);
        fs::write(&file, "broken").unwrap();
        let error = format!("{:#}", SandboxDirectory::ensure(&inside).unwrap_err());
        assert!(error.contains("delete it"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"broken", "a key that was found is never replaced");
    }
}

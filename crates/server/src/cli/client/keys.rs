//! `lombard client keys`: what an app needs to prove who it is, made for a test.
//!
//! A signing key in every form that client libraries take, a certificate of the sandbox's authority, and metadata to
//! register with. It must never write over a file that is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lombard_auth::jose::{Alg, Jwks, SigningKey};
use lombard_domain::secret::Secret;
use serde_json::{Value, json};

use crate::cli::place::tell_of_new_folder;
use crate::cli::sandbox::announce::REDIRECT_URI;
use crate::cli::{ClientKeys, say};
use crate::files::{self, Readers};
use crate::pem;
use crate::pki::{self, ClientCertificate, ClientName};
use crate::system::SystemClock;

/// Makes everything, writes it into a folder, and says what each file is for.
///
/// # Errors
/// One of the files is there already, or a folder cannot be used.
pub(super) async fn keys(args: &ClientKeys) -> anyhow::Result<ExitCode> {
    let Some(alg) = Alg::from_name(&args.alg) else {
        bail!("{} is not a signature algorithm of FAPI 2.0; use ES256, PS256 or EdDSA", args.alg);
    };
    let name: ClientName = args.name.parse().map_err(|error| anyhow::anyhow!("--name: {error}"))?;
    refuse_to_overwrite(&args.out)?;
    tell_of_new_folder(&args.data);
    // An RSA key takes a while to make.
    let key = tokio::task::spawn_blocking(move || SigningKey::generate(alg)).await??;
    let certificate = pki::issue_client(&args.data, &name, &SystemClock)?;
    let made = Made { name, key, certificate };
    if !args.out.exists() {
        files::make_private_folder(&args.out)
            .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    }
    made.write(&args.out)?;
    made.tell(args);
    Ok(ExitCode::SUCCESS)
}

fn refuse_to_overwrite(out: &Path) -> anyhow::Result<()> {
    for name in [SIGNING_KEY, PRIVATE_JWKS, JWKS, CLIENT_KEY, CLIENT_CERTIFICATE, CERTIFICATE_JWKS, METADATA] {
        let file = out.join(name);
        // Also a link that leads nowhere is somebody's.
        if fs::symlink_metadata(&file).is_ok() {
            bail!("{} is there already and is not written over; name another folder with --out", file.display());
        }
    }
    Ok(())
}

/// Everything that was made.
struct Made {
    name: ClientName,
    key: SigningKey,
    certificate: ClientCertificate,
}

impl Made {
    fn write(&self, out: &Path) -> anyhow::Result<()> {
        let Self { key, certificate, .. } = self;
        let private_jwk = key.to_private_jwk()?;
        let private_jwks = Secret::new(format!("{{\"keys\":[{}]}}\n", private_jwk.expose()));
        let pkcs8 = pem::private_key(&key.to_pkcs8()?);
        let secrets = [
            (SIGNING_KEY, pkcs8.expose()),
            (PRIVATE_JWKS, private_jwks.expose()),
            (CLIENT_KEY, certificate.key.expose()),
        ];
        for (name, text) in secrets {
            write(out, name, text, Readers::Owner)?;
        }
        for (name, json) in
            [(JWKS, self.jwks()), (CERTIFICATE_JWKS, self.certificate_jwks()), (METADATA, self.metadata())]
        {
            write(out, name, &format!("{json:#}\n"), Readers::Everybody)?;
        }
        write(out, CLIENT_CERTIFICATE, &certificate.chain, Readers::Everybody)
    }

    fn jwks(&self) -> Value {
        Jwks::new(vec![self.key.public().clone()]).to_json()
    }

    /// The certificate as a key set with `x5c` (RFC 7517 4.7), as RFC 8705 2.2.2 wants it registered.
    fn certificate_jwks(&self) -> Value {
        let [x, y] = self.certificate.point.map(|number| URL_SAFE_NO_PAD.encode(number));
        let thumbprint =
            URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.certificate.der));
        let der = STANDARD.encode(&self.certificate.der);
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256",
            "kid": thumbprint, "x5t#S256": thumbprint, "x5c": [der],
        }] })
    }

    /// What `lombard client add --file` or the registration endpoint takes.
    fn metadata(&self) -> Value {
        json!({
            "client_name": self.name.as_str(),
            "redirect_uris": [REDIRECT_URI],
            // Only a native app may be answered on its own machine without TLS (FAPI 2.0 Security Profile 5.3.2.2-8).
            "application_type": "native",
            "security_profile": "fapi2-security",
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": self.key.alg().name(),
            "dpop_bound_access_tokens": true,
            "jwks": self.jwks(),
        })
    }

    fn tell(&self, args: &ClientKeys) {
        let ClientCertificate { subject, dns, uri, .. } = &self.certificate;
        let out = args.out.display();
        let data = args.data.display();
        let (alg, kid) = (self.key.alg(), self.key.kid());
        say(format_args!(
            r#"In {out}:
  {SIGNING_KEY}         the app's private key for {alg} (PKCS#8); it signs assertions, requests and proofs
  {PRIVATE_JWKS}       the same as a JWK set, for libraries that take no PEM
  {JWKS}               its public half, to register as jwks or to publish at a jwks_uri; kid {kid}
  {CLIENT_CERTIFICATE}         a client certificate of the sandbox's authority, with that authority's behind it
  {CLIENT_KEY}          its private key
  {CERTIFICATE_JWKS}   the certificate as jwks, for self_signed_tls_client_auth
  {METADATA}             a registration of the app for FAPI 2.0 with private_key_jwt and DPoP; change it as you like

For tls_client_auth register one of these:
  "tls_client_auth_subject_dn": "{subject}"
  "tls_client_auth_san_dns": "{dns}"
  "tls_client_auth_san_uri": "{uri}"

Next: lombard client add --file {out}/{METADATA} --metadata --data {data}"#
        ));
    }
}

fn write(folder: &Path, name: &str, text: &str, readers: Readers) -> anyhow::Result<()> {
    let file: PathBuf = folder.join(name);
    files::write_whole(&file, text.as_bytes(), readers).with_context(|| format!("cannot write {}", file.display()))
}

const SIGNING_KEY: &str = "signing-key.pem";
const PRIVATE_JWKS: &str = "private.jwks.json";
const JWKS: &str = "jwks.json";
const CLIENT_KEY: &str = "client-key.pem";
const CLIENT_CERTIFICATE: &str = "client-cert.pem";
const CERTIFICATE_JWKS: &str = "certificate.jwks.json";
const METADATA: &str = "client.json";

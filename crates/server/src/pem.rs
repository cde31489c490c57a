//! Writing DER as PEM (RFC 7468); reading it is left to the TLS library.
//!
//! Must never be the place where it is decided who may read the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lombard_domain::secret::Secret;

/// A private key in PKCS#8, as every library and OpenSSL read it.
pub(crate) fn private_key(pkcs8: &Secret<Vec<u8>>) -> Secret<String> {
    let body = Secret::new(STANDARD.encode(pkcs8.expose()));
    let mut text = String::from("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = body.expose().as_str();
    while let Some((line, more)) = rest.split_at_checked(LINE) {
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    if !rest.is_empty() {
        text.push_str(rest);
        text.push('\n');
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    Secret::new(text)
}

/// Letters of a line (RFC 7468 2).
const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    #[test]
    fn comes_back_whatever_its_length() {
        for length in [1, 47, 48, 49, 95, 96, 97, 1200] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            let text = private_key(&Secret::new(bytes.clone()));
            assert!(text.expose().lines().all(|line| (1..=64).contains(&line.len())), "{length}");
            let read = PrivatePkcs8KeyDer::from_pem_slice(text.expose().as_bytes()).unwrap();
            assert_eq!(read.secret_pkcs8_der(), bytes);
        }
    }
}

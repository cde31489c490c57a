//! Findings about those whom the server believes: authorities, directories, and what it fetches.

use lombard_auth::possession::Authorities;
use lombard_domain::time::Instant;

use super::Findings;
use crate::config::policy::read_jwks;
use crate::config::{Config, DirectoryKeys};
use crate::directory;
use crate::listen::tls::read_chain;
use crate::pki;
use crate::x509::Facts;

impl Config {
    /// Whoever holds the key of one of these can pass for any app that shows a certificate.
    pub(super) fn check_client_authorities(&self, found: &mut Findings, now: Instant) {
        const KEY: &str = "server.client_ca_file";
        let Some(file) = &self.server.client_ca_file else { return };
        let authorities = match read_chain(file) {
            Ok(authorities) => authorities,
            Err(error) => {
                let text = format!(
                    "{error:#}; name a file with the certificates of the authorities that apps have theirs from"
                );
                return found.refuse(KEY, text);
            }
        };
        let file = file.display();
        if self.server.mtls_listen.is_none() {
            found.warn(KEY, "is of no use without mtls_listen: no listener asks for certificates".to_owned());
        }
        let all: Option<Vec<Facts>> = authorities.iter().map(|der| Facts::read(der)).collect();
        let Some(all) = all else {
            return found.refuse(KEY, format!("{file} holds something that is no X.509 certificate"));
        };
        if all.iter().any(|facts| facts.issuer.as_deref() == Some(pki::AUTHORITY)) {
            found.refuse(
                KEY,
                format!(
                    "{file} names a sandbox's authority, from which anybody who has that sandbox gets certificates"
                ),
            );
        }
        let ders: Vec<Vec<u8>> = authorities.iter().map(|der| der.to_vec()).collect();
        if let Err(error) = Authorities::new(&ders) {
            found.refuse(
                KEY,
                format!("{file} cannot be used ({error}); it must hold certificates of authorities alone"),
            );
        }
        if let Some(ended) = all.iter().find(|facts| facts.not_after < now) {
            let who = ended.issuer.as_deref().unwrap_or("an authority");
            let text =
                format!("{who} in {file} ended on {}; apps with its certificates are refused", ended.not_after.date());
            found.warn(KEY, text);
        }
    }

    pub(super) fn check_directories(&self, found: &mut Findings) {
        for directory in &self.directories {
            if directory.issuer.as_str() == directory::ISSUER {
                found.refuse(
                    "directories.issuer",
                    format!(
                        "{} is a sandbox's, which vouches for whatever it is asked to; remove it",
                        directory::ISSUER
                    ),
                );
            }
            if let DirectoryKeys::File(file) = &directory.keys
                && let Err(error) = read_jwks(file)
            {
                let text = format!("{error:#}; name the file with the public keys of {}", directory.issuer);
                found.refuse("directories.jwks_file", text);
            }
        }
    }

    pub(super) fn check_outgoing(&self, found: &mut Findings) {
        if self.outgoing.private_addresses {
            found.warn(
                "outgoing.private_addresses",
                "an app could make the server ask addresses inside this network by naming one as its jwks_uri; use false"
                    .to_owned(),
            );
        }
        if let Some(file) = &self.outgoing.ca_file
            && let Err(error) = read_chain(file)
        {
            let text = format!("{error:#}; name a file with certificates of authorities, or remove the line");
            found.refuse("outgoing.ca_file", text);
        }
        if let Err(error) = self.outgoing.certificate() {
            let text = format!("{error:#}; name the certificate to show to apps and its key, or neither");
            found.refuse("outgoing.certificate_file", text);
        }
    }
}

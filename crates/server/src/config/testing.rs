//! Settings of a production server that are in order, for tests to spoil.

use std::fs;
use std::path::Path;

use super::{Authorization, Config, Database, DatabaseUrl, Keys, Log, PublicUrl, Server, SignIn};
use crate::files::{self, Readers};

/// Writes certificate, key and master key into a folder and returns settings that use them.
pub(crate) fn production(folder: &Path) -> Config {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["bank.example".to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "A real authority");
    let certificate = params.self_signed(&key).unwrap();
    let private = |name: &str, text: &str| {
        let file = folder.join(name);
        files::write_whole(&file, text.as_bytes(), Readers::Owner).unwrap();
        file
    };
    let certificate_file = folder.join("server.pem");
    fs::write(&certificate_file, certificate.pem()).unwrap();
    let key_file = private("server.key", &key.serialize_pem());
    let master_key_file = private("master.key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n");
    let public_url = PublicUrl::try_from("https://bank.example".to_owned()).unwrap();
    let database = format!("sqlite://{}", folder.join("bank.db").display());
    Config {
        server: Server::new(public_url, certificate_file, key_file),
        database: Database::new(DatabaseUrl::try_from(database).unwrap()),
        keys: Keys { master_key_file: Some(master_key_file), master_key_env: None },
        authorization: Authorization::default(),
        sign_in: SignIn::default(),
        log: Log::default(),
        file: None,
    }
}

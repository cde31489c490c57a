//! Settings of a production server that are in order, for tests to spoil.

use std::fs;
use std::path::{Path, PathBuf};

use lombard_domain::oauth::Profile;

use super::{
    Access, Apps, Authorization, Config, Database, DatabaseUrl, ForwardedHeader, Keys, LimitRates, Log, Outgoing,
    Places, PublicUrl, ReceiptSender, Receipts, Server, SignIn, Telemetry, Watching,
};
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
        server: server(public_url, certificate_file, key_file),
        database: Database {
            url: DatabaseUrl::try_from(database).unwrap(),
            pool_connections: Database::default_pool_connections(),
            sqlite_readers: Database::default_sqlite_readers(),
            ca_file: None,
        },
        keys: Keys { master_key_file: Some(master_key_file), ..Keys::default() },
        authorization: Authorization { minimum_profile: Profile::Fapi2Security, ..Authorization::default() },
        apps: Apps::default(),
        directories: Vec::new(),
        access: Access::default(),
        agreements: Vec::new(),
        outgoing: Outgoing::default(),
        sign_in: SignIn::default(),
        receipts: Receipts {
            sender: ReceiptSender::File,
            folder: Some(folder.join("receipts")),
            ..Receipts::default()
        },
        limits: LimitRates::default(),
        throttling: Places::default(),
        watching: Watching::default(),
        watching_rules: Vec::new(),
        log: Log::default(),
        telemetry: Telemetry::default(),
        file: None,
    }
}

/// The settings of a server with every limit at its default.
fn server(public_url: PublicUrl, certificate_file: PathBuf, key_file: PathBuf) -> Server {
    Server {
        listen: Server::default_listen(),
        mtls_listen: None,
        ops_listen: Server::default_ops_listen(),
        public_url,
        bank_name: None,
        certificate_file,
        key_file,
        mtls_public_url: None,
        client_ca_file: None,
        max_connections: Server::default_max_connections(),
        max_connections_per_address: Server::default_max_connections_per_address(),
        handshakes_per_second: Server::default_handshakes_per_second(),
        handshake_seconds: Server::default_handshake_seconds(),
        header_read_seconds: Server::default_header_read_seconds(),
        idle_seconds: Server::default_idle_seconds(),
        exchange_seconds: Server::default_exchange_seconds(),
        progress_seconds: Server::default_progress_seconds(),
        drain_seconds: Server::default_drain_seconds(),
        trusted_proxies: Vec::new(),
        forwarded_header: ForwardedHeader::default(),
    }
}

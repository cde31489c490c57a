//! Whom the settings make the server believe, and what is found wrong with that.

use std::path::PathBuf;

use lombard_auth::jose::{Alg, SigningKey};
use lombard_domain::oauth::Need;
use lombard_domain::text::Text;
use serde_json::json;

use super::*;
use crate::fetch::Reach;
use crate::listen::tls::read_chain;

/// The example with everything on that can be on together, and the files that it names.
fn everything(folder: &Path) -> Config {
    let text = all_on()
        .replace("\nmaster_key_env", "\n#master_key_env")
        .replace("\nmaster_key_command", "\n#master_key_command")
        .replace("\nsmtp_password_env", "\n#smtp_password_env")
        .replace("\"closed\"", "\"token\"");
    let authority = fs::read(authority(folder, "An authority", 2100)).unwrap();
    fs::create_dir_all(folder.join("tls")).unwrap();
    let transport = rcgen::generate_simple_self_signed(["bank.example".to_owned()]).unwrap();
    for (name, bytes) in [
        ("lombard.toml", text.into_bytes()),
        ("directory.jwks.json", keys().to_string().into_bytes()),
        ("registration.token", b"0123456789abcdef0123456789abcdef".to_vec()),
        ("tls/client-authorities.pem", authority.clone()),
        ("tls/outgoing-authorities.pem", authority),
        ("tls/transport.pem", transport.cert.pem().into_bytes()),
        ("tls/transport.key", transport.signing_key.serialize_pem().into_bytes()),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
    }
    Config::load(&folder.join("lombard.toml")).unwrap()
}

fn keys() -> Value {
    json!({ "keys": [SigningKey::generate(Alg::Es256).unwrap().public().to_json()] })
}

/// Writes the certificate of an authority.
fn authority(folder: &Path, name: &str, last_year: i32) -> PathBuf {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(last_year, 1, 1);
    let file = folder.join("authority.pem");
    fs::write(&file, params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()).unwrap();
    file
}

fn directory(issuer: &str, file: PathBuf) -> NamedDirectory {
    NamedDirectory { issuer: Text::new(issuer).unwrap(), keys: DirectoryKeys::File(file) }
}

#[test]
fn every_setting_reaches_the_rules() {
    let folder = tempfile::tempdir().unwrap();
    let config = everything(folder.path());
    let policy = config.policy().unwrap();
    assert_eq!(policy.mtls_base.as_deref(), Some("https://mtls.bank.example"));
    assert_eq!(policy.minimum_profile, Profile::Baseline);
    assert_eq!(policy.software_statement, Need::Optional);
    assert_eq!(policy.software_statement_age, Span::hours(24));
    assert_eq!(policy.dpop_nonce_life, Some(Span::seconds(60)));
    let [one, two] = policy.directories.as_slice() else { unreachable!("{:?}", policy.directories) };
    assert_eq!((one.issuer.as_str(), two.issuer.as_str()), ("OpenBanking Ltd", "Another directory"));
    assert!(matches!(&one.keys, lombard_auth::DirectoryKeys::Here(keys) if keys.keys().len() == 1));
    assert!(matches!(&two.keys, lombard_auth::DirectoryKeys::At(url) if url == "https://directory.example/jwks"));
    let trust = config.trust().unwrap();
    let authority = read_chain(&folder.path().join("authority.pem")).unwrap();
    assert_eq!((&trust.client_authorities, &trust.outgoing_roots), (&authority, &authority));
    assert_eq!(trust.reach, Reach::PublicOnly);
    assert_eq!(trust.outgoing_certificate.map(|pair| pair.chain.len()), Some(1));
}

#[test]
fn each_word_of_the_settings_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = production(folder.path());
    for profile in Profile::ALL {
        config.authorization.minimum_profile = *profile;
        assert_eq!(config.policy().unwrap().minimum_profile, *profile);
        let text = format!("{REQUIRED}[authorization]\nminimum_profile = \"{}\"\n", profile.name());
        assert_eq!(load(&text).unwrap().authorization.minimum_profile, *profile);
    }
    let directory = "[[directories]]\nissuer = \"D\"\njwks_file = \"d\"\n";
    for (word, expected) in [("optional", Need::Optional), ("required", Need::Required)] {
        let text = format!("{REQUIRED}[authorization]\nsoftware_statements = \"{word}\"\n{directory}");
        config.authorization = load(&text).unwrap().authorization;
        assert_eq!(config.policy().unwrap().software_statement, expected);
    }
    let defaults = production(folder.path());
    let trust = defaults.trust().unwrap();
    assert!(trust.client_authorities.is_empty() && trust.outgoing_roots.is_empty());
    assert_eq!(trust.reach, Reach::PublicOnly);
    assert_eq!(defaults.policy().unwrap().dpop_nonce_life, None);
    assert_eq!(defaults.policy().unwrap().event_life, Span::days(7));
    let text = format!("{REQUIRED}[authorization]\nevent_life_days = 30\n");
    config.authorization = load(&text).unwrap().authorization;
    assert_eq!(config.policy().unwrap().event_life, Span::days(30));
    assert_eq!(defaults.policy().unwrap().ended_consent_life, Span::days(730));
    let text = format!("{REQUIRED}[authorization]\nended_consent_days = 90\n");
    config.authorization = load(&text).unwrap().authorization;
    assert_eq!(config.policy().unwrap().ended_consent_life, Span::days(90));
    let inside = Config { outgoing: Outgoing { private_addresses: true, ..Outgoing::default() }, ..defaults };
    assert_eq!(inside.trust().unwrap().reach, Reach::Everything);
}

#[test]
fn finds_nothing_in_trust_that_is_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let keys_file = folder.path().join("keys.json");
    fs::write(&keys_file, keys().to_string()).unwrap();
    let mut config = production(folder.path());
    let authority = authority(folder.path(), "An authority", 2100);
    config.server.mtls_listen = Some(([0, 0, 0, 0], 8444).into());
    config.server.mtls_public_url = Some(url("https://bank.example:8444"));
    config.server.client_ca_file = Some(authority.clone());
    config.outgoing.ca_file = Some(authority);
    config.outgoing.certificate_file = Some(folder.path().join("server.pem"));
    config.outgoing.key_file = Some(folder.path().join("server.key"));
    assert_eq!(config.trust().unwrap().outgoing_certificate.unwrap().chain.len(), 1);
    config.directories = vec![directory("Directory", keys_file)];
    assert_eq!(findings(&config), []);
}

#[test]
fn names_what_is_wrong_with_whom_the_server_believes() {
    use Weight::{Refusal, Warning};
    type Spoil = fn(&mut Config, &Path);
    fn listens(config: &mut Config, url: PublicUrl) {
        config.server.mtls_listen = Some(([0, 0, 0, 0], 8444).into());
        config.server.mtls_public_url = Some(url);
    }
    fn believes(config: &mut Config, file: PathBuf) {
        listens(config, url("https://bank.example:8444"));
        config.server.client_ca_file = Some(file);
    }
    fn vouched(config: &mut Config, folder: &Path, keys: &str) {
        fs::write(folder.join("keys.json"), keys).unwrap();
        config.directories = vec![directory("Directory", folder.join("keys.json"))];
    }
    let cases: [(Weight, &str, &str, Spoil); 20] = [
        (Refusal, "server.mtls_public_url", "plain HTTP", |c, _| listens(c, url("http://bank.example:8444"))),
        (Warning, "server.certificate_file", "does not name mtls.example", |c, _| {
            listens(c, url("https://mtls.example"))
        }),
        (Refusal, "server.client_ca_file", "cannot read", |c, f| believes(c, f.join("none"))),
        (Refusal, "server.client_ca_file", "holds no certificate", |c, f| {
            fs::write(f.join("empty"), "").unwrap();
            believes(c, f.join("empty"));
        }),
        (Refusal, "server.client_ca_file", "authorities alone", |c, f| believes(c, f.join("server.pem"))),
        (Refusal, "server.client_ca_file", "sandbox", |c, f| believes(c, authority(f, pki::AUTHORITY, 2100))),
        (Warning, "server.client_ca_file", "ended on 2021-01-01", |c, f| believes(c, authority(f, "Old", 2021))),
        (Warning, "server.client_ca_file", "no listener asks", |c, f| {
            c.server.client_ca_file = Some(authority(f, "An authority", 2100));
        }),
        (Warning, "authorization.minimum_profile", "\"fapi2-security\"", |c, _| {
            c.authorization.minimum_profile = Profile::Baseline;
        }),
        (Warning, "authorization.software_statement_hours", "24 or less", |c, _| {
            c.authorization.software_statement_hours = 25;
        }),
        (Refusal, "directories.issuer", "a sandbox's", |c, f| {
            vouched(c, f, &keys().to_string());
            c.directories[0].issuer = Text::new(crate::directory::ISSUER).unwrap();
        }),
        (Refusal, "directories.jwks_file", "cannot read", |c, f| {
            c.directories = vec![directory("Directory", f.join("none"))];
        }),
        (Refusal, "directories.jwks_file", "not a set of public keys", |c, f| vouched(c, f, "[]")),
        (Refusal, "directories.jwks_file", "holds no key for", |c, f| vouched(c, f, "{\"keys\":[]}")),
        (Refusal, "directories.jwks_file", "private", |c, f| {
            let key = SigningKey::generate(Alg::Es256).unwrap().to_private_jwk().unwrap();
            vouched(c, f, &format!("{{\"keys\":[{}]}}", key.expose()));
        }),
        (Warning, "outgoing.private_addresses", "inside this network", |c, _| c.outgoing.private_addresses = true),
        (Refusal, "outgoing.ca_file", "cannot read", |c, f| c.outgoing.ca_file = Some(f.join("none"))),
        (Refusal, "outgoing.ca_file", "holds no certificate", |c, f| {
            fs::write(f.join("empty"), "").unwrap();
            c.outgoing.ca_file = Some(f.join("empty"));
        }),
        (Refusal, "outgoing.certificate_file", "need each other", |c, f| {
            c.outgoing.certificate_file = Some(f.join("server.pem"));
        }),
        (Refusal, "outgoing.certificate_file", "do not belong together", |c, f| {
            c.outgoing.certificate_file = Some(authority(f, "Another", 2100));
            c.outgoing.key_file = Some(f.join("server.key"));
        }),
    ];
    for (weight, key, words, spoil) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut config = production(folder.path());
        spoil(&mut config, folder.path());
        let found = findings(&config);
        let [(found_weight, at, text)] = found.as_slice() else { unreachable!("{key} {words}: {found:?}") };
        assert_eq!((*found_weight, *at), (weight, key), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

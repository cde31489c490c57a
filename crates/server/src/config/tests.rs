//! Tests of this module.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lombard_domain::time::{Clock, Instant, Span};
use serde_json::Value;

use super::testing::production;
use super::*;
use crate::pki;
use crate::system::SystemClock;

mod receipts;
mod trust;

const EXAMPLE: &str = include_str!("../../../../lombard.example.toml");

const REQUIRED: &str = "[server]\npublic_url = \"https://bank.example\"\ncertificate_file = \"c\"\nkey_file = \"k\"\n\
                        [database]\nurl = \"sqlite:///bank.db\"\n";

/// Every setting as `section.key`, with its value; of a section that may be there several times, all values that are set.
fn settings(config: &Config) -> BTreeMap<String, Value> {
    let json = serde_json::to_value(config).unwrap();
    let mut found = BTreeMap::new();
    for (section, keys) in json.as_object().unwrap() {
        let every = keys.as_array().map_or_else(|| std::slice::from_ref(keys), Vec::as_slice);
        for (key, value) in every.iter().flat_map(|keys| keys.as_object().unwrap()) {
            let entry = found.entry(format!("{section}.{key}")).or_insert(Value::Null);
            if !value.is_null() {
                *entry = value.clone();
            }
        }
    }
    found
}

/// The example with the settings that are off switched on.
fn all_on() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting.to_owned() + "\n",
        _ => line.to_owned() + "\n",
    };
    EXAMPLE.lines().map(line).collect()
}

#[test]
fn the_example_names_every_setting_with_its_default() {
    let shown = settings(&toml::from_str::<Config>(&all_on()).unwrap());
    let directory = "[[directories]]\nissuer = \"Directory\"\njwks_file = \"keys.json\"\n";
    let agreement = format!("[[agreements]]\n{AGREEMENT}\n");
    let rule = "[[watching_rules]]\nrule = \"code-replay\"\n";
    let defaults = settings(&toml::from_str::<Config>(&format!("{REQUIRED}{directory}{agreement}{rule}")).unwrap());
    assert_eq!(shown.keys().collect::<Vec<_>>(), defaults.keys().collect::<Vec<_>>());
    let text = all_on();
    let required = [
        "server.public_url",
        "server.certificate_file",
        "server.key_file",
        "database.url",
        "directories.issuer",
        "directories.jwks_file",
        "agreements.client_id",
        "watching_rules.rule",
        "agreements.unattended_calls_per_day",
    ];
    for (setting, default) in &defaults {
        let key = setting.rsplit('.').next().unwrap();
        assert!(text.contains(&format!("\n{key} = ")), "{setting} is not in lombard.example.toml");
        if !default.is_null() && !required.contains(&setting.as_str()) {
            assert_eq!(&shown[setting], default, "{setting}: the example does not show the default");
        }
    }
}

#[test]
fn the_example_explains_every_setting_and_can_be_read() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    for pair in lines.windows(2) {
        if pair[1].contains(" = ") && !pair[1].starts_with("# ") {
            assert!(pair[0].starts_with("# ") && pair[0].ends_with('.'), "{} is not explained", pair[1]);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lombard.toml");
    fs::write(&file, EXAMPLE).unwrap();
    let config = Config::load(&file).unwrap();
    assert_eq!(config.server.key_file, folder.path().join("tls/server.key"));
    assert_eq!(config.keys.master_key_file, Some(folder.path().join("master.key")));
    assert_eq!(config.file, Some(file));
    assert_eq!(config.server.limits().idle.as_secs(), 60);
}

fn load(text: &str) -> Result<Config, load::ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lombard.toml");
    fs::write(&file, text).unwrap();
    Config::load(&file)
}

#[test]
fn errors_name_the_file_the_line_and_the_key() {
    for (line, with, at, key, words) in [
        (1, "[sever]", 1, "sever", "unknown field `sever`"),
        (2, "public_ulr = \"https://bank.example\"", 2, "server.public_ulr", "unknown field"),
        (2, "public_url = \"bank\"", 2, "server.public_url", "such as https://bank.example"),
        (2, "public_url = 8", 2, "server.public_url", "invalid type"),
        (6, "url = \"bank.db\"", 6, "database.url", "full path of a file"),
        (6, "url = \"sqlite:///b\"\npool_connections = 0", 7, "database.pool_connections", "between 1 and 1000"),
        (6, "url = \"sqlite:///b\"\nsqlite_readers = -1", 7, "database.sqlite_readers", "expected u32"),
        (6, "url = \"sqlite:///b", 6, "database.url", ""),
        (7, "[authorization]\nminimum_profile = \"none\"", 8, "authorization.minimum_profile", "one of `baseline`"),
        (7, "[authorization]\nregistration = \"token\"", 7, "authorization.initial_access_token_file", "is needed"),
        (7, "[log]\nlevel = \"loud\"", 8, "log.level", "write error, warn"),
        (7, "[keys]\nmaster_key_file = \"a\"\nmaster_key_env = \"b\"", 9, "keys.master_key_env", "not both"),
        (
            7,
            "[keys]\nmaster_key_env = \"b\"\nmaster_key_command = [\"/k\"]",
            9,
            "keys.master_key_command",
            "one is set",
        ),
        (7, "[keys]\nmaster_key_command = [\"kms\"]", 8, "keys.master_key_command", "full path"),
        (7, "[keys]\nformer_master_key_command = []", 8, "keys.former_master_key_command", "full path"),
        (7, "[sign_in]\nmax_failures = 3\nmax_failures = 4", 9, "sign_in.max_failures", "duplicate"),
        (4, "key_file = \"k\"\ntrusted_proxies = [\"10.0.0.0/33\"]", 5, "server.trusted_proxies", "such as 10.0.0.0/8"),
        (4, "key_file = \"k\"\ntrusted_proxies = [\"0.0.0.0/0\"]", 5, "server.trusted_proxies", "everybody"),
        (4, "key_file = \"k\"\nforwarded_header = \"via\"", 5, "server.forwarded_header", "x-forwarded-for"),
        (4, "key_file = \"k\"\nmax_connections_per_address = 0", 5, "server.max_connections_per_address", "between 1"),
        (2, "ops_listen = \"0.0.0.0:8443\"\npublic_url = \"https://b.example\"", 2, "server.ops_listen", "taken"),
        (4, "key_file = \"k\"\nmtls_listen = \"0.0.0.0:8444\"", 1, "server.mtls_public_url", "missing"),
        (4, "key_file = \"k\"\nmtls_public_url = \"https://m.example\"", 5, "server.mtls_public_url", "of no use"),
        (4, MTLS_AT_THE_SAME, 6, "server.mtls_public_url", "must differ"),
        (7, "[authorization]\ndpop_nonce_seconds = 9", 8, "authorization.dpop_nonce_seconds", "between 10 and 300"),
        (7, "[authorization]\ndpop_nonce_seconds = 301", 8, "authorization.dpop_nonce_seconds", "between 10 and 300"),
        (7, "[authorization]\nsoftware_statement_hours = 0", 8, "authorization.software_statement_hours", "between"),
        (
            7,
            "[authorization]\nsoftware_statements = \"required\"",
            8,
            "authorization.software_statements",
            "no app could",
        ),
        (7, "[sign_in]\npassword_hash_waiting = 0", 8, "sign_in.password_hash_waiting", "between 1 and 1024"),
        (7, UNREACHABLE, 9, "watching_rules.threshold", "between 1 and 64"),
        (7, "[[directories]]\nissuer = \"D\"", 7, "directories", "jwks_file or jwks_url"),
        (7, "[[directories]]\njwks_file = \"d\"", 7, "directories.issuer", "missing"),
        (7, "[[directories]]\nissuer = \"D\"\njwks_url = \"http://d.example\"", 9, "directories.jwks_url", "https"),
        (7, "[[directories]]\nissuer = \"D\"\nurl = \"https://d.example\"", 9, "directories.url", "unknown"),
        (7, DIRECTORY_WITH_BOTH, 7, "directories", "not both"),
        (7, DIRECTORY_TWICE, 8, "directories.issuer", "twice"),
        (7, "[access]\nunattended_calls_per_day = 3", 8, "access.unattended_calls_per_day", "between 4 and 1000"),
        (7, "[access]\nunattended_calls_per_day = \"no\"", 8, "access.unattended_calls_per_day", "unlimited"),
        (7, "[access]\nold_data = \"us\"", 8, "access.old_data", "one of `uk`"),
        (7, "[access]\nopen_days = 0", 8, "access.open_days", "between 1 and 36500"),
        (7, "[access]\nfresh_minutes = 1441", 8, "access.fresh_minutes", "between 1 and 1440"),
        (7, "[access]\nrenewal_days = 0", 8, "access.renewal_days", "between 1 and 3650"),
        (7, "[[agreements]]\nunattended_calls_per_day = 5", 7, "agreements.client_id", "missing"),
        (7, AGREEMENT_TWICE, 8, "agreements.client_id", "twice"),
        (7, "[outgoing]\nprivate_addresses = 1", 8, "outgoing.private_addresses", "expected a boolean"),
    ] {
        let mut lines: Vec<&str> = REQUIRED.lines().collect();
        lines.resize(7, "");
        lines[line - 1] = with;
        let error = load(&lines.join("\n")).unwrap_err();
        assert_eq!((error.line, error.key.as_deref()), (Some(at), Some(key)), "{with}: {error}");
        assert!(error.message.contains(words), "{with}: {error}");
        let text = error.to_string();
        assert!(text.contains("lombard.toml, line ") && text.contains(key), "{text}");
    }
}

const MTLS_AT_THE_SAME: &str =
    "key_file = \"k\"\nmtls_listen = \"0.0.0.0:8444\"\nmtls_public_url = \"https://bank.example\"";
const DIRECTORY_WITH_BOTH: &str =
    "[[directories]]\nissuer = \"D\"\njwks_file = \"d\"\njwks_url = \"https://d.example/\"";
const AGREEMENT: &str = "client_id = \"cli_00000000000000000000000007\"\nunattended_calls_per_day = \"unlimited\"";
const UNREACHABLE: &str = "[[watching_rules]]\nrule = \"password-spraying\"\nthreshold = 65";
const AGREEMENT_TWICE: &str = "[[agreements]]\nclient_id = \"cli_00000000000000000000000007\"\nunattended_calls_per_day = 9\n\
    [[agreements]]\nclient_id = \"cli_00000000000000000000000007\"\nunattended_calls_per_day = 5";
const DIRECTORY_TWICE: &str =
    "[[directories]]\nissuer = \"D\"\njwks_file = \"d\"\n[[directories]]\nissuer = \"D\"\njwks_file = \"d\"";

#[test]
fn errors_name_what_is_missing() {
    for (without, key) in [("public_url", "server.public_url"), ("url", "database.url"), ("[database]", "database")] {
        let lines = REQUIRED.lines().filter(|line| !line.starts_with(without));
        let lines = lines.filter(|line| without != "[database]" || !line.starts_with("url"));
        let error = load(&lines.collect::<Vec<_>>().join("\n")).unwrap_err();
        assert_eq!(error.key.as_deref(), Some(key), "{error}");
        assert!(error.message.starts_with("missing field"), "{error}");
    }
}

#[test]
fn errors_never_repeat_a_password() {
    for url in ["mysql://bank:hunter2@db/bank", "postgres//bank:hunter2@db", "postgres://bank:hunter2@db/bank\\q"] {
        let error = load(&REQUIRED.replace("sqlite:///bank.db", url)).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_eq!(error.line, Some(6));
    }
    let config = load(&REQUIRED.replace("sqlite:///bank.db", "postgres://bank:hunter2@db/bank")).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn hostile_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lombard.toml");
    assert!(Config::load(&file).is_err());
    assert!(Config::load(folder.path()).is_err());
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert!(Config::load(&file).unwrap_err().message.contains("UTF-8"));
    fs::write(&file, vec![b'#'; 300_000]).unwrap();
    assert!(Config::load(&file).unwrap_err().message.contains("larger than"));
    for text in ["", "=", "[", "]", "\0", "[server]\n[server]", "[a.b.c]", "é = é", "a.b.c = 1", "[server]\n\n\n="] {
        assert!(load(text).is_err(), "{text:?}");
    }
}

fn findings(config: &Config) -> Vec<(Weight, &'static str, String)> {
    let found = config.findings(&SystemClock, &|_| None);
    found.into_iter().map(|finding| (finding.weight, finding.key, finding.text)).collect()
}

#[test]
fn finds_nothing_in_settings_that_are_in_order() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(findings(&production(folder.path())), []);
}

#[test]
fn refuses_each_thing_that_is_fit_only_for_a_sandbox() {
    type Spoil = fn(&mut Config, &Path);
    let cases: [(&str, &str, Spoil); 19] = [
        ("server.public_url", "plain HTTP", |c, _| c.server.public_url = url("http://bank.example")),
        ("server.ops_listen", "127.0.0.1:9090", |c, _| c.server.ops_listen = ([0, 0, 0, 0], 9090).into()),
        ("server.key_file", "chmod 600", |c, _| open_up(&c.server.key_file)),
        ("server.certificate_file", "cannot read", |c, f| c.server.certificate_file = f.join("none")),
        ("server.certificate_file", "holds no certificate", |c, _| fs::write(&c.server.certificate_file, "").unwrap()),
        ("server.key_file", "cannot read", |c, f| c.server.key_file = f.join("none")),
        ("server.key_file", "not the one of the first certificate", |c, _| {
            fs::write(&c.server.key_file, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
        }),
        ("database.url", "belongs to a sandbox", |_, f| fs::write(f.join("sandbox.json"), "{}").unwrap()),
        ("database.ca_file", "cannot read", |c, f| c.database.ca_file = Some(f.join("none"))),
        ("database.url", "chmod 600", |c, f| {
            let file = f.join("lombard.toml");
            fs::write(&file, "").unwrap();
            open_up(&file);
            c.file = Some(file);
            c.database.url = DatabaseUrl::try_from("postgres://u:p@h/d".to_owned()).unwrap();
        }),
        ("keys.master_key_file", "openssl rand", |c, _| c.keys.master_key_file = None),
        ("keys.master_key_env", "LOMBARD_KEY is not set", |c, _| {
            c.keys = Keys { master_key_env: Some("LOMBARD_KEY".to_owned()), ..Keys::default() };
        }),
        ("keys.master_key_command", "no program /nowhere", |c, _| {
            c.keys = Keys { master_key_command: Some(vec!["/nowhere".to_owned()]), ..Keys::default() };
        }),
        ("keys.former_master_key_files", "chmod 600", |c, f| {
            let former = f.join("former.key");
            fs::copy(c.keys.master_key_file.as_ref().unwrap(), &former).unwrap();
            open_up(&former);
            c.keys.former_master_key_files = vec![former];
        }),
        ("keys.master_key_file", "chmod 600", |c, _| open_up(c.keys.master_key_file.as_ref().unwrap())),
        ("authorization.access_token_seconds", "600 or less", |c, _| c.authorization.access_token_seconds = 601),
        ("authorization.registration", "anybody", |c, _| c.authorization.registration = Registration::Open),
        ("authorization.initial_access_token_file", "at least 32", |c, f| {
            c.authorization.initial_access_token_file = Some(f.join("none"));
        }),
        ("sign_in.fixed_second_factor", "enrol-totp", |c, _| c.sign_in.fixed_second_factor = Some("000000".to_owned())),
    ];
    for (key, words, spoil) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut config = production(folder.path());
        spoil(&mut config, folder.path());
        let found = findings(&config);
        let [(Weight::Refusal, at, text)] = found.as_slice() else { unreachable!("{key}: {found:?}") };
        assert_eq!(*at, key);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn refuses_a_certificate_of_a_sandbox_and_warns_of_another_host() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = production(folder.path());
    let tls = folder.path().join("tls");
    pki::ensure(&tls, &["localhost".to_owned()], &SystemClock).unwrap();
    config.server.certificate_file = tls.join("server.pem");
    config.server.key_file = tls.join("server.key");
    let found = findings(&config);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].0, found[0].1), (Weight::Refusal, "server.certificate_file"));
    assert!(found[0].2.contains("made by a sandbox"));
    assert_eq!(found[1].0, Weight::Warning);
    assert!(found[1].2.contains("does not name bank.example"));
}

#[test]
fn refuses_a_certificate_that_has_ended() {
    struct Later;
    impl Clock for Later {
        fn now(&self) -> Instant {
            SystemClock.now().plus(Span::days(1_000_000))
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let found = production(folder.path()).findings(&Later, &|_| None);
    assert_eq!(found.len(), 1);
    assert!(found[0].text.contains("renew it"), "{}", found[0]);
}

#[test]
fn a_local_address_is_only_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = production(folder.path());
    config.server.public_url = url("https://localhost:8443");
    assert!(findings(&config).iter().all(|(weight, ..)| *weight == Weight::Warning));
    assert_eq!(findings(&config).len(), 2);
}

fn url(text: &str) -> PublicUrl {
    PublicUrl::try_from(text.to_owned()).unwrap()
}

fn open_up(file: &Path) {
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
}

//! What the command line makes for an app of FAPI 2.0: keys, a certificate, a registration, a software statement.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use lombard_auth::jose::{Alg, Header, Jwks, SigningKey, Typ, VerifyRules, sign, verify};
use lombard_domain::secret::Secret;
use reqwest::StatusCode;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::command::lombard;
use crate::production::Production;
use crate::story::Sandbox;

#[test]
fn keys_come_in_every_form_and_belong_together() {
    let sandbox = Sandbox::new();
    for (alg, private) in [("ES256", &["d"][..]), ("PS256", &["d", "p", "q", "dp", "dq", "qi"]), ("EdDSA", &["d"])] {
        let out = sandbox.folder().with_file_name(alg);
        let said = make_keys(&sandbox, &out, &["--alg", alg]).good();
        let read = |name: &str| fs::read(out.join(name)).unwrap();
        let known = Alg::from_name(alg).unwrap();
        let PrivateKeyDer::Pkcs8(document) = PrivateKeyDer::from_pem_slice(&read("signing-key.pem")).unwrap() else {
            panic!("not PKCS#8");
        };
        let key = SigningKey::from_pkcs8(known, &Secret::new(document.secret_pkcs8_der().to_vec())).unwrap();
        assert!(said.contains(key.kid()), "{said}");

        let jwks = Jwks::parse(&read("jwks.json")).unwrap();
        let token = sign(&key, Header::with_kid("JWT", key.kid()), &json!({"iss": "app"})).unwrap();
        verify(&token, VerifyRules { typ: Typ::OneOf(&["JWT"]), algs: &[known], keys: &jwks }).unwrap();
        let mut whole: Value = serde_json::from_slice(&read("private.jwks.json")).unwrap();
        let members = whole["keys"][0].as_object_mut().unwrap();
        for name in private {
            assert!(members.remove(*name).is_some(), "{name}");
        }
        assert_eq!(whole, serde_json::from_slice::<Value>(&read("jwks.json")).unwrap());

        let metadata: Value = serde_json::from_slice(&read("client.json")).unwrap();
        assert_eq!(metadata["security_profile"], "fapi2-security");
        assert_eq!(metadata["token_endpoint_auth_signing_alg"], alg);
        assert_eq!(metadata["jwks"], whole);
        is_private(&out, &["signing-key.pem", "private.jwks.json", "client-key.pem"]);
    }
}

#[test]
fn the_certificate_is_the_sandbox_s_and_says_what_is_printed() {
    let sandbox = Sandbox::new();
    let out = sandbox.folder().with_file_name("app");
    let said = make_keys(&sandbox, &out, &["--name", "pocket-ledger"]).good();
    let chain = fs::read(out.join("client-cert.pem")).unwrap();
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain).collect::<Result<_, _>>().unwrap();
    let ca = CertificateDer::from_pem_slice(&fs::read(sandbox.folder().join("ca.pem")).unwrap()).unwrap();
    assert_eq!(chain.len(), 2);
    assert_eq!(chain[1], ca);

    let mut roots = RootCertStore::empty();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build().unwrap();
    verifier.verify_client_cert(&chain[0], &chain[1..], UnixTime::now()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&fs::read(out.join("client-key.pem")).unwrap()).unwrap();
    rustls::sign::CertifiedKey::from_der(chain.clone(), key, &provider).unwrap().keys_match().unwrap();

    let (_, certificate) = X509Certificate::from_der(&chain[0]).unwrap();
    // RFC 4514 begins with the last of the names, separates without blanks, and knows CN and O by these letters.
    let names: Vec<_> = certificate.subject().iter_attributes().map(|name| name.as_str().unwrap()).collect();
    let [organisation, common] = names.as_slice() else { panic!("{names:?}") };
    assert!(said.contains(&format!("\"tls_client_auth_subject_dn\": \"CN={common},O={organisation}\"")), "{said}");
    assert_eq!(*common, "pocket-ledger");
    for alternative in &certificate.subject_alternative_name().unwrap().unwrap().value.general_names {
        use x509_parser::extensions::GeneralName::{DNSName, URI};
        let (DNSName(name) | URI(name)) = alternative else { panic!("{alternative}") };
        assert!(said.contains(&format!("\"{name}\"")), "{name} is missing in {said}");
    }

    let jwks: Value = serde_json::from_slice(&fs::read(out.join("certificate.jwks.json")).unwrap()).unwrap();
    let x5c = base64(&chain[0]);
    assert_eq!(jwks["keys"][0]["x5c"], json!([x5c]));
    assert_eq!(Jwks::parse(jwks.to_string().as_bytes()).unwrap().keys().len(), 1, "a point on the curve");
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let sandbox = Sandbox::new();
    let out = sandbox.folder().with_file_name("app");
    make_keys(&sandbox, &out, &[]).good();
    let content = |out: &Path| -> Vec<_> {
        let mut names: Vec<_> = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names.into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect()
    };
    let before = content(&out);
    assert_eq!(before.len(), 7);
    let said = make_keys(&sandbox, &out, &[]).refused();
    assert!(said.contains("is not written over") && said.contains("--out"), "{said}");
    assert_eq!(content(&out), before);

    // One of them is enough, and then none of the others is made.
    let other = sandbox.folder().with_file_name("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("client.json"), "mine").unwrap();
    make_keys(&sandbox, &other, &[]).refused();
    assert_eq!(content(&other), [(b"mine".to_vec(), other.join("client.json"))]);

    let directory = sandbox.folder().join("directory.key");
    let jwks = lombard(&["directory", "jwks", "--data", &sandbox.data()]).good();
    let key = fs::read(&directory).unwrap();
    assert_eq!(lombard(&["directory", "jwks", "--data", &sandbox.data()]).good(), jwks);
    assert_eq!(fs::read(&directory).unwrap(), key);
    is_private(&sandbox.folder(), &["directory.key", "ca.key"]);

    for (wrong, words) in [(["--alg", "RS256"], "ES256, PS256 or EdDSA"), (["--name", "My App"], "small letters")] {
        let said = make_keys(&sandbox, &out.with_file_name("wrong"), &wrong).refused();
        assert!(said.contains(words), "{said}");
        assert!(!out.with_file_name("wrong").exists());
    }
}

#[tokio::test]
async fn an_app_is_registered_from_a_file_beside_a_running_sandbox() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let too_early = lombard(&["client", "add", "--file", "none.json", "--data", &data]).refused();
    assert!(too_early.contains("cannot read none.json"), "{too_early}");
    let server = sandbox.start().await;
    let issuer = sandbox.ports.issuer();
    let out = sandbox.folder().with_file_name("app");
    make_keys(&sandbox, &out, &[]).good();
    let file = out.join("client.json");
    let add = ["client", "add", "--file", file.to_str().unwrap(), "--data", &data];

    let plain: Value = serde_json::from_str(&lombard(&add).good()).unwrap();
    let id = plain["client_id"].as_str().unwrap();
    assert_eq!(plain["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(plain["redirect_uris"], json!(["http://127.0.0.1:3000/callback"]));
    assert_eq!(
        (&plain["security_profile"], &plain["dpop_bound_access_tokens"]),
        (&json!("fapi2-security"), &json!(true))
    );
    assert!(plain["jwks"]["keys"][0]["kid"].is_string());
    assert!(plain.get("client_secret").is_none() && plain.get("client_secret_expires_at").is_none(), "{plain}");
    assert!(plain.get("server_metadata").is_none());
    let address = plain["registration_client_uri"].as_str().unwrap();
    assert_eq!(address, format!("{issuer}/register/{id}"));

    // The running server knows the app, and its token opens the registration under that address.
    let http = lombard_testkit::https_client(&sandbox.bank().ca_pem).build().unwrap();
    let token = plain["registration_access_token"].as_str().unwrap();
    let answer = http.get(address).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let served: Value = answer.json().await.unwrap();
    assert_eq!(served["client_id"], id);

    let shown: Value = serde_json::from_str(&lombard(&["client", "show", id, "--data", &data]).good()).unwrap();
    let mut without = plain.clone();
    without.as_object_mut().unwrap().remove("registration_access_token");
    assert_eq!(shown, without);

    let full = lombard(&[&add[..], &["--metadata"]].concat()).good();
    let full: Value = serde_json::from_str(&full).unwrap();
    let discovery = format!("{issuer}/.well-known/oauth-authorization-server");
    let discovery: Value = http.get(discovery).send().await.unwrap().json().await.unwrap();
    let told = full["server_metadata"].as_object().unwrap();
    assert!(
        told.contains_key("token_endpoint") && told.contains_key("pushed_authorization_request_endpoint"),
        "{told:?}"
    );
    for (name, value) in told {
        assert_eq!(*value, discovery[name], "{name}");
    }
    assert_eq!(told["issuer"], issuer.as_str());
    assert_eq!(told.get("mtls_endpoint_aliases"), discovery.get("mtls_endpoint_aliases"));
    server.stop().await;
}

#[test]
fn an_app_with_a_secret_is_shown_it_once() {
    let production = Production::new(None);
    let config = production.config();
    lombard(&["migrate", "--config", &config]).good();
    let body = json!({"client_name": "Ledger", "redirect_uris": ["https://app.example/callback"]}).to_string();
    production.write("client.json", &body, 0o600);
    let file = production.path("client.json");
    let add = ["client", "add", "--file", file.to_str().unwrap(), "--metadata", "--config", &config];
    let made: Value = serde_json::from_str(&lombard(&add).good()).unwrap();
    let secret = made["client_secret"].as_str().unwrap();
    assert!(secret.len() >= 43, "{made}");
    assert_eq!(made["client_secret_expires_at"], 0);
    assert_eq!(made["server_metadata"]["issuer"], production.ports.issuer());
    let id = made["client_id"].as_str().unwrap();
    let shown = lombard(&["client", "show", id, "--metadata", "--config", &config]).good();
    assert!(shown.contains("\"Ledger\"") && shown.contains("server_metadata"), "{shown}");
    assert!(!shown.contains(secret) && !shown.contains(made["registration_access_token"].as_str().unwrap()));

    for (body, words) in [
        ("[]", "holds no client metadata"),
        ("{}", "redirect_uris"),
        (r#"{"redirect_uris": ["http://app.example/"]}"#, "redirect_uris"),
    ] {
        production.write("client.json", body, 0o600);
        let said = lombard(&add).refused();
        assert!(said.contains(words), "{said}");
    }
    production.write("client.json", &" ".repeat(65 * 1024), 0o600);
    assert!(lombard(&add).refused().contains("larger than"));
    for unknown in ["nonsense", "cli_00000000000000000000000000"] {
        assert!(lombard(&["client", "show", unknown, "--config", &config]).refused().contains("lombard client list"));
    }
}

/// Where no sandbox has run, nobody can say under which address it will be reached.
#[test]
fn an_address_that_is_not_known_is_not_made_up() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let file = sandbox.folder().with_file_name("client.json");
    fs::write(&file, r#"{"redirect_uris": ["https://app.example/callback"]}"#).unwrap();
    let add = ["client", "add", "--file", file.to_str().unwrap(), "--data", &data];
    let made: Value = serde_json::from_str(&lombard(&add).good()).unwrap();
    assert!(made.get("registration_client_uri").is_none(), "{made}");
    let said = lombard(&[&add[..], &["--metadata"]].concat()).refused();
    assert!(said.contains("start the sandbox once"), "{said}");
    let listed = lombard(&["client", "list", "--data", &data]).good();
    assert_eq!(listed.lines().count(), 1, "the second was not registered: {listed}");
}

#[test]
fn the_directory_vouches_and_its_keys_verify() {
    let sandbox = Sandbox::new();
    let data = sandbox.data();
    let out = sandbox.folder().with_file_name("app");
    make_keys(&sandbox, &out, &[]).good();
    let jwks_file = out.join("jwks.json");
    let known = ["directory", "issue", "--software-id", "ledger-1", "--name", "Ledger", "--data", &data];
    let uris = ["--redirect-uri", "https://app.example/a", "--redirect-uri", "https://app.example/b"];
    let here = ["--jwks", jwks_file.to_str().unwrap()];
    let statement = lombard(&[&known[..], &uris, &here, &["--role", "AISP", "--role", "PISP"]].concat()).good();
    assert_eq!(statement.lines().count(), 1);

    let keys = lombard(&["directory", "jwks", "--data", &data]).good();
    let keys = Jwks::parse(keys.as_bytes()).unwrap();
    let rules = VerifyRules { typ: Typ::OneOf(&["JWT"]), algs: &[Alg::Es256], keys: &keys };
    let verified = verify(statement.trim(), rules).unwrap();
    let claims: Value = serde_json::from_slice(verified.payload()).unwrap();
    assert_eq!(claims["iss"], "Lombard sandbox directory");
    assert_eq!(claims["software_id"], "ledger-1");
    assert_eq!(claims["software_client_name"], "Ledger");
    assert_eq!(claims["software_redirect_uris"], json!(["https://app.example/a", "https://app.example/b"]));
    assert_eq!(claims["software_roles"], json!(["AISP", "PISP"]));
    assert_eq!(claims["software_jwks"], serde_json::from_slice::<Value>(&fs::read(&jwks_file).unwrap()).unwrap());
    assert!(claims["org_id"].is_string() && claims["org_name"].is_string() && claims["jti"].is_string(), "{claims}");

    let at = ["--jwks-uri", "https://app.example/jwks"];
    for (arguments, words) in [
        ([&uris[..], &["--jwks-uri", "http://app.example/jwks"]].concat(), "--jwks-uri"),
        ([&["--redirect-uri", "http://app.example/a"][..], &at].concat(), "--redirect-uri http://app.example/a"),
        ([&uris[..], &at, &["--role", "BANK"]].concat(), "AISP, ASPSP, CBPII and PISP"),
        ([&uris[..], &at, &["--org-name", ""]].concat(), "--org-name"),
        ([&uris[..], &["--jwks", out.join("private.jwks.json").to_str().unwrap()]].concat(), "private"),
        ([&uris[..], &["--jwks", out.join("none").to_str().unwrap()]].concat(), "cannot read"),
    ] {
        let said = lombard(&[&known[..], &arguments].concat()).refused();
        assert!(said.contains(words), "{words} is missing in {said}");
    }
}

fn make_keys(sandbox: &Sandbox, out: &Path, more: &[&str]) -> crate::command::Ran {
    let data = sandbox.data();
    lombard(&[&["client", "keys", "--out", out.to_str().unwrap(), "--sandbox", &data], more].concat())
}

#[track_caller]
fn is_private(folder: &Path, names: &[&str]) {
    for name in names {
        let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

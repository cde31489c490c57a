//! `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 2): which certificates prove who an app is, and which do not.

mod bound;

use lombard_domain::oauth::Alg;
use lombard_domain::time::Span;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, Fields, changed};
use lombard_testkit::{Authority, ClientCertificate, KeyServer, Life, Purpose, San, Subject, TestBank, TestKey};
use rcgen::DnType;
use serde_json::json;

use super::endpoint::{Endpoint, refused};

/// A setup without proofs, so that a certificate is all that a call has.
fn setup(auth: ClientAuth) -> FapiSetup {
    FapiSetup { auth, binding: BindingKind::Certificate, ..FapiSetup::default() }
}

fn id(id: &str) -> Fields {
    vec![("client_id".to_owned(), id.to_owned())]
}

/// Whether an app is taken for itself with this certificate, at each endpoint; if not, the reason on record.
async fn shows(bank: &TestBank, app: &FapiApp, certificate: &ClientCertificate, refusal: Option<&str>, case: &str) {
    let shown = app.with_certificate(certificate);
    for endpoint in Endpoint::ALL {
        match refusal {
            None => endpoint.accepts(bank, &shown, id(&app.id), case).await,
            Some(reason) => {
                let answer = endpoint.call(&shown, id(&app.id)).await;
                refused(bank, &answer, reason, Some(&app.id), &format!("{endpoint:?}, {case}")).await;
                endpoint.accepts(bank, app, id(&app.id), case).await;
            }
        }
    }
}

/// Without the certificates of those between it and the root.
fn alone(certificate: &ClientCertificate) -> ClientCertificate {
    let end = "-----END CERTIFICATE-----";
    let length = certificate.chain_pem.find(end).expect("a certificate") + end.len();
    ClientCertificate { chain_pem: certificate.chain_pem[..length].to_owned() + "\n", ..certificate.clone() }
}

/// A subject with this name beside its others.
fn with(subject: &Subject, kind: DnType, text: &str) -> Subject {
    let mut subject = subject.clone();
    subject.names.retain(|(known, _)| *known != kind);
    subject.names.push((kind, text.to_owned()));
    subject
}

#[tokio::test]
async fn a_trusted_certificate_with_the_registered_name_is_who_it_says() {
    let bank = TestBank::new().await;
    for alg in Alg::ALL {
        let app = FapiApp::register(&bank, FapiSetup { alg, ..setup(ClientAuth::TlsClientAuth) }).await;
        let (subject, key) = (app.subject.clone(), app.possession.clone());
        let ours = &bank.authority;
        let between = ours.subordinate("between");
        let issued = |subject: &Subject| ours.issue(subject, &key);
        let mut reversed = subject.clone();
        reversed.names.reverse();
        let mut shorter = subject.clone();
        shorter.names.remove(0);
        let (foreign, namesake) = (Authority::new("foreign"), Authority::new("Authority of this test"));
        let (name, untrusted) = (Some("certificate-name"), Some("certificate-untrusted"));
        for (case, certificate, refusal) in [
            ("its own", issued(&subject), None),
            ("a renewed one", ours.issue(&subject, &TestKey::new(alg, Purpose::Foreign)), None),
            ("one with more names beside it", issued(&subject.clone().also(San::Dns("app.example".to_owned()))), None),
            (
                "one in capitals, which are the same (RFC 4518 2)",
                issued(&with(&subject, DnType::CommonName, "POCKET-LEDGER")),
                None,
            ),
            ("one by an authority under ours", between.issue(&subject, &key), None),
            ("one by two authorities under ours", between.subordinate("below").issue(&subject, &key), None),
            ("another name", issued(&Subject::named("other")), name),
            ("a longer name", issued(&with(&subject, DnType::OrganizationalUnitName, "sales")), name),
            ("a shorter name", issued(&shorter), name),
            ("its name the other way round", issued(&reversed), name),
            ("another organisation", issued(&with(&subject, DnType::OrganizationName, "Other Ltd")), name),
            (
                "its name as a DNS name only",
                issued(&Subject::named("x").also(San::Dns("pocket-ledger".to_owned()))),
                name,
            ),
            ("a foreign authority", foreign.issue(&subject, &key), untrusted),
            ("an authority with the name of ours", namesake.issue(&subject, &key), untrusted),
            ("an authority under a foreign one", foreign.subordinate("below").issue(&subject, &key), untrusted),
            ("an authority that is not shown", alone(&between.issue(&subject, &key)), untrusted),
            ("expired", ours.issue_for(&subject, &key, Life::Ended), untrusted),
            ("not begun", ours.issue_for(&subject, &key, Life::NotYet), untrusted),
            ("self-signed", subject.self_signed(&key, Life::Current), untrusted),
        ] {
            shows(&bank, &app, &certificate, refusal, case).await;
        }
    }
}

/// RFC 8705 2.1.2: one of the five is registered, and none of the others counts.
#[tokio::test]
async fn an_alternative_name_counts_if_it_is_the_one_that_was_registered() {
    let bank = TestBank::new().await;
    let dns = |text: &str| San::Dns(text.to_owned());
    let uri = |text: &str| San::Uri(text.to_owned());
    let email = |text: &str| San::Email(text.to_owned());
    let ip = |text: &str| San::Ip(text.parse().unwrap());
    let host = "app.example";
    for (member, registered, good, bad) in [
        (
            "tls_client_auth_san_dns",
            host,
            vec![dns(host), dns("APP.example")],
            vec![dns("app.example.evil"), dns("*.example"), dns("example"), uri(host), email(host)],
        ),
        (
            "tls_client_auth_san_uri",
            "https://app.example/a",
            vec![uri("https://app.example/a")],
            vec![uri("https://app.example/A"), uri("https://app.example/a/"), uri("https://app.example"), dns(host)],
        ),
        (
            "tls_client_auth_san_ip",
            "192.0.2.1",
            vec![ip("192.0.2.1")],
            vec![ip("192.0.2.2"), ip("::ffff:192.0.2.1"), dns("192.0.2.1")],
        ),
        ("tls_client_auth_san_ip", "2001:db8:0::1", vec![ip("2001:db8::1")], vec![ip("2001:db8::2"), ip("192.0.2.1")]),
        (
            "tls_client_auth_san_email",
            "Ops@app.example",
            vec![email("Ops@app.example"), email("Ops@APP.example")],
            vec![email("ops@app.example"), email("app.example"), email("Ops@app.example.evil"), dns(host)],
        ),
    ] {
        let mut app = FapiApp::new(&bank, setup(ClientAuth::TlsClientAuth)).await;
        let mut body = app.registration();
        body.as_object_mut().unwrap().remove("tls_client_auth_subject_dn");
        body[member] = json!(registered);
        app = app.registered(app.post_registration(&body).await).await;
        let named = |sans: &[San]| {
            let subject = sans.iter().cloned().fold(Subject::named(registered), Subject::also);
            bank.authority.issue(&subject, &app.possession)
        };
        for san in &good {
            shows(&bank, &app, &named(std::slice::from_ref(san)), None, member).await;
            shows(&bank, &app, &named(&[dns("other.example"), san.clone()]), None, "one of several").await;
        }
        let app = app.with_certificate(&named(&good[..1]));
        for san in &bad {
            let case = format!("{member} {registered}, {san:?}");
            shows(&bank, &app, &named(std::slice::from_ref(san)), Some("certificate-name"), &case).await;
        }
        shows(&bank, &app, &named(&[]), Some("certificate-name"), "as its common name only").await;
        let subject = app.subject.clone().also(good[0].clone());
        let foreign = Authority::new("foreign").issue(&subject, &app.possession);
        shows(&bank, &app, &foreign, Some("certificate-untrusted"), "by a foreign authority").await;
    }
}

/// RFC 8705 2.2: the key counts, whoever signed for it.
#[tokio::test]
async fn a_self_signed_certificate_is_known_by_its_key() {
    let bank = TestBank::new().await;
    for alg in Alg::ALL {
        let app = FapiApp::register(&bank, FapiSetup { alg, ..setup(ClientAuth::SelfSigned) }).await;
        let (subject, key) = (app.subject.clone(), app.possession.clone());
        let foreign = TestKey::new(alg, Purpose::Foreign);
        let other = Subject::named("other");
        for (case, certificate, refusal) in [
            ("its own", subject.self_signed(&key, Life::Current), None),
            ("renewed with the same key, under another name", other.self_signed(&key, Life::Current), None),
            ("signed by an authority", bank.authority.issue(&subject, &key), None),
            ("signed by a foreign authority", Authority::new("foreign").issue(&subject, &key), None),
            ("another key", subject.self_signed(&foreign, Life::Current), Some("certificate-key")),
            (
                "another key, and an authority that is trusted",
                bank.authority.issue(&subject, &foreign),
                Some("certificate-key"),
            ),
            ("expired", subject.self_signed(&key, Life::Ended), Some("certificate-expired")),
            ("not begun", subject.self_signed(&key, Life::NotYet), Some("certificate-expired")),
        ] {
            shows(&bank, &app, &certificate, refusal, case).await;
        }
    }
}

#[tokio::test]
async fn the_key_of_a_self_signed_certificate_can_be_at_an_address() {
    let bank = TestBank::new().await;
    let mut app = FapiApp::new(&bank, setup(ClientAuth::SelfSigned)).await;
    let server = KeyServer::start(&app.jwks()).await;
    let mut body = app.registration();
    body.as_object_mut().unwrap().remove("jwks");
    body["jwks_uri"] = json!(server.uri());
    app = app.registered(app.post_registration(&body).await).await;
    let old = app.certificate.clone().unwrap();
    shows(&bank, &app, &old, None, "the first key").await;

    let key = TestKey::new(app.setup.alg, Purpose::Possession);
    let new = app.subject.self_signed(&key, Life::Current);
    shows(&bank, &app, &new, Some("certificate-key"), "before it is at the address").await;
    server.set(&key.jwks());
    bank.clock.advance(Span::minutes(1));
    let app = app.with_certificate(&new);
    shows(&bank, &app, &new, None, "the new key").await;
    shows(&bank, &app, &old, Some("certificate-key"), "the old key").await;

    server.answer_with(500, "");
    bank.clock.advance(Span::hours(2));
    let answer = Endpoint::Token.call(&app, id(&app.id)).await;
    refused(&bank, &answer, "certificate-key", Some(&app.id), "the address cannot be reached").await;
}

/// RFC 8705 2: there must be a certificate, and a name that says whose it should be.
#[tokio::test]
async fn neither_a_certificate_nor_an_id_is_enough_alone() {
    let bank = TestBank::new().await;
    for auth in [ClientAuth::TlsClientAuth, ClientAuth::SelfSigned] {
        let app = FapiApp::register(&bank, setup(auth)).await;
        let other = FapiApp::register(&bank, setup(ClientAuth::PrivateKeyJwt)).await;
        let unknown = "cli_00000000000000000000000001";
        let bare = app.without_certificate();
        for endpoint in Endpoint::ALL {
            let case = format!("{auth:?}, {endpoint:?}");
            let own = Some(app.id.as_str());
            let answer = endpoint.call(&bare, id(&app.id)).await;
            refused(&bank, &answer, "missing", own, &case).await;
            let answer = endpoint.call(&app, Fields::new()).await;
            refused(&bank, &answer, "missing", None, &case).await;
            // This listener asks nobody for a certificate, so that none is shown.
            let answer = endpoint.call_at(&app, &app.plain_endpoint(endpoint.name()), id(&app.id), &[]).await;
            refused(&bank, &answer, "missing", own, &case).await;
            for (client, on_record) in [(unknown, Some(unknown)), ("x", None)] {
                let answer = endpoint.call(&app, id(client)).await;
                refused(&bank, &answer, "unknown", on_record, &case).await;
            }
            let answer = endpoint.call(&app, id(&other.id)).await;
            refused(&bank, &answer, "method", Some(&other.id), &case).await;
            // A certificate in a header is text that anybody can write.
            let header = app.certificate.as_ref().unwrap().x5c();
            for name in ["x-client-cert", "client-cert", "ssl-client-cert", "x-forwarded-client-cert"] {
                let url = bare.endpoint(endpoint.name());
                let answer = endpoint.call_at(&bare, &url, id(&app.id), &[(name, &header)]).await;
                refused(&bank, &answer, "missing", own, &case).await;
            }
            let secret = changed(id(&app.id), &[("client_secret", Some("secret"))]);
            refused(&bank, &endpoint.call(&app, secret).await, "secret", own, &case).await;
            endpoint.accepts(&bank, &app, id(&app.id), &case).await;
        }
    }
}

/// Two apps under one authority: each certificate is one app's.
#[tokio::test]
async fn an_app_cannot_be_another_one_by_its_own_certificate() {
    let bank = TestBank::new().await;
    let mut other = FapiApp::new(&bank, setup(ClientAuth::TlsClientAuth)).await;
    other.subject = Subject::named("other");
    let other = other.with_certificate(&bank.authority.issue(&other.subject, &other.possession));
    let other = other.registered(other.post_registration(&other.registration()).await).await;
    let app = FapiApp::register(&bank, setup(ClientAuth::TlsClientAuth)).await;
    let own = FapiApp::register(&bank, setup(ClientAuth::SelfSigned)).await;
    for (app, stranger, reason) in [
        (&app, &other, "certificate-name"),
        (&other, &app, "certificate-name"),
        (&app, &own, "certificate-untrusted"),
        (&own, &app, "certificate-key"),
    ] {
        shows(&bank, app, stranger.certificate.as_ref().unwrap(), Some(reason), "another app's").await;
        Endpoint::Token.accepts(&bank, stranger, id(&stranger.id), "its own").await;
    }
}

/// A certificate that was good and has come to its end.
#[tokio::test]
async fn a_certificate_ends_when_it_says() {
    let bank = TestBank::new().await;
    for (auth, reason) in
        [(ClientAuth::TlsClientAuth, "certificate-untrusted"), (ClientAuth::SelfSigned, "certificate-expired")]
    {
        let app = FapiApp::register(&bank, setup(auth)).await;
        Endpoint::Introspect.accepts(&bank, &app, id(&app.id), "in time").await;
        let now = app.now();
        // 2040-01-01T00:00:00Z, which is part of its life.
        bank.clock.advance(Span::seconds(2_208_988_800 - now));
        Endpoint::Introspect.accepts(&bank, &app, id(&app.id), "its last second").await;
        let answer = Endpoint::Introspect.call(&app, id(&app.id)).await;
        refused(&bank, &answer, reason, Some(&app.id), "a second later").await;
        bank.clock.advance(Span::seconds(now - app.now()));
    }
}

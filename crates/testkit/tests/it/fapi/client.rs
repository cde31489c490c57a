//! The client of these tests, by itself: what it would send is what it is meant to be, and its certificates arrive.

use lombard_auth::possession::{Authorities, Certificate, DistinguishedName, Expected, Proof, Subject as Registered};
use lombard_domain::oauth::Alg;
use lombard_domain::time::Clock as _;
use lombard_testkit::fapi::{BindingKind, ClientAuth, FapiApp, FapiSetup, OpenId, token_hash};
use lombard_testkit::{
    Authority, Defect, Draft, Life, Purpose, San, Subject, TestBank, TestKey, Tokens, https_client, with_private_part,
};

#[tokio::test]
async fn proofs_and_assertions_are_new_each_time() {
    let bank = TestBank::new().await;
    for alg in Alg::ALL {
        let app = FapiApp::new(&bank, FapiSetup { alg, ..FapiSetup::default() }).await;
        let [one, other] = [app.assertion(), app.assertion()].map(|token| Tokens::claims(&token));
        assert_ne!(one["jti"], other["jti"]);
        assert_eq!(one["aud"], bank.issuer, "FAPI 2.0 Security Profile 5.3.3.1: the issuer, as a string");
        assert_eq!(one["exp"].as_i64().unwrap() - one["iat"].as_i64().unwrap(), 60);

        let proof = app.proof("GET", "https://bank.example/a?b=c#d", Some("token"), Some("nonce"));
        let claims = Tokens::claims(&proof);
        assert_eq!(claims["htu"], "https://bank.example/a");
        assert_eq!(claims["ath"], token_hash("token"));
        assert_eq!(claims["nonce"], "nonce");
        let bare = Tokens::claims(&app.proof("GET", "https://bank.example/a", None, None));
        assert!(bare.get("ath").is_none() && bare.get("nonce").is_none());
    }
}

#[tokio::test]
async fn both_doors_are_open_to_every_kind_of_certificate() {
    let bank = TestBank::new().await;
    let subject = Subject::named("pocket-ledger");
    for alg in Alg::ALL {
        let key = TestKey::new(alg, Purpose::Possession);
        for certificate in [
            bank.authority.issue(&subject, &key),
            subject.self_signed(&key, Life::Current),
            Authority::new("foreign").issue_for(&subject, &key, Life::Ended),
        ] {
            let http = https_client(bank.certificate_pem()).identity(certificate.identity()).build().unwrap();
            for door in [&bank.mtls, &bank.issuer] {
                assert_eq!(http.get(format!("{door}/jwks")).send().await.unwrap().status(), 200, "{alg}");
            }
        }
    }
    let without = bank.http().get(format!("{}/jwks", bank.mtls)).send().await.unwrap();
    assert_eq!(without.status(), 200, "a certificate is asked for, not insisted on");
}

/// What FAPI does not allow takes the same road: the client differs in what it proves, not in what it does.
#[tokio::test]
async fn a_secret_and_nothing_else_is_enough_for_the_baseline() {
    let bank = TestBank::new().await;
    for openid in [OpenId::Yes, OpenId::No] {
        let (auth, binding) = (ClientAuth::Secret, BindingKind::None);
        let setup = FapiSetup { auth, binding, openid, profile: "baseline", ..FapiSetup::default() };
        FapiApp::story(&bank, setup, "amelia").await;
    }
}

/// Otherwise a table of refusals would prove nothing: what is refused must be wrong in one way only.
#[tokio::test]
async fn a_proof_is_taken_unless_it_is_spoilt() {
    let bank = TestBank::new().await;
    let uri = bank.url("/token");
    let expected = Expected { method: "POST", uri: &uri, access_token: None, now: bank.clock.now() };
    let accepts = |token: &str| Proof::verify(token.as_bytes(), &expected);
    for alg in Alg::ALL {
        let app = FapiApp::new(&bank, FapiSetup { alg, ..FapiSetup::default() }).await;
        let draft = app.proof_draft("POST", &uri);
        assert_eq!(accepts(&draft.sign()).unwrap().thumbprint().as_str(), app.possession.thumbprint());
        for defect in Defect::ALL {
            assert!(accepts(&draft.spoilt(defect)).is_err(), "{alg} {defect:?}");
        }
        let private = |draft: Draft<'_>| {
            draft.changed(|header, _| header["jwk"] = with_private_part(header["jwk"].clone())).sign()
        };
        assert!(accepts(&private(draft.clone())).is_err(), "{alg}");
        assert!(accepts(&draft.without("jti").sign()).is_err(), "{alg}");
    }
}

#[test]
fn certificates_are_what_they_are_meant_to_be() {
    let now = TestBank::clock_of_a_new_bank().now();
    let (ours, foreign) = (Authority::new("ours"), Authority::new("foreign"));
    let subject = Subject::named(r#"Ledger, "Pocket" + Co"#).also(San::Dns("app.example".to_owned()));
    let trusted = Authorities::new(&[ours.der().to_vec()]).unwrap();
    let name: DistinguishedName = subject.dn().parse().unwrap();
    for alg in Alg::ALL {
        let key = TestKey::new(alg, Purpose::Possession);
        for (case, certificate, good) in [
            ("issued", ours.issue(&subject, &key), true),
            ("ended", ours.issue_for(&subject, &key, Life::Ended), false),
            ("not begun", ours.issue_for(&subject, &key, Life::NotYet), false),
            ("foreign", foreign.issue(&subject, &key), false),
            ("by nobody that was shown", foreign.subordinate("below").issue(&subject, &key), false),
            ("self-signed", subject.self_signed(&key, Life::Current), false),
        ] {
            let chain = [certificate.der.clone()];
            let read = Certificate::parse(&chain).unwrap().unwrap();
            assert_eq!(read.is_trusted(&trusted, now), good, "{alg} {case}");
            assert_eq!(read.key_thumbprint(), Some(key.thumbprint()), "{alg} {case}");
            assert_eq!(read.thumbprint().as_str(), certificate.thumbprint());
            assert!(read.matches(&Registered::Dn(&name)) && read.matches(&Registered::SanDns("app.example")));
        }
    }
}

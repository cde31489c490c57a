//! Consents to confirm funds: every field, and their life.

use lombard_domain::time::Span;
use lombard_testkit::{Engine, TestBank};
use serde_json::{Value, json};

use super::{CONFIRM, FOR_FUNDS, FUNDS, Lodger, authorised, delete, errors, get, naming, post, stand, standing};

const IBAN: (&str, &str) = ("UK.OBIE.IBAN", "GB87LOMB09012840017231");

/// The usual body with changes to the account.
fn with(changes: &[(&str, Option<Value>)]) -> Value {
    let mut body = naming(IBAN.0, IBAN.1);
    let account = body["Data"]["DebtorAccount"].as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Some(value) => account.insert((*name).to_owned(), value.clone()),
            None => account.remove(*name),
        };
    }
    body
}

#[tokio::test]
async fn what_is_lodged_is_told_back() {
    for engine in Engine::ALL {
        let lodger = Lodger::at(TestBank::on(engine).await).await;
        let mut body = with(&[
            ("Name", Some(json!("Amélie Hart"))),
            ("SecondaryIdentification", Some(json!("roll 7"))),
            ("Later", Some(json!({"any": true}))),
        ]);
        body["Data"]["ExpirationDateTime"] = json!("2027-01-01T00:00:00+01:00");
        let made = post(&lodger.app, FUNDS, &lodger.funds, &body).await;
        assert_eq!(made.status, 201, "{engine:?}: {}", made.text);
        let id = made.json()["Data"]["ConsentId"].as_str().unwrap().to_owned();
        let shown = get(&lodger.app, &format!("{FUNDS}/{id}"), &lodger.funds).await;
        assert_eq!(shown.json(), made.json());
        let expected = json!({
            "ConsentId": id,
            "CreationDateTime": "2026-03-02T12:00:00Z",
            "Status": "AWAU",
            "StatusReason": [{"StatusReasonCode": "U036", "StatusReasonDescription": "Waits for the customer's authorisation"}],
            "StatusUpdateDateTime": "2026-03-02T12:00:00Z",
            "ExpirationDateTime": "2027-01-01T00:00:00+01:00",
            "DebtorAccount": {
                "SchemeName": IBAN.0, "Identification": IBAN.1, "Name": "Amélie Hart", "SecondaryIdentification": "roll 7",
            },
        });
        assert_eq!(shown.json()["Data"], expected);
        assert_eq!(shown.json()["Links"]["Self"], lodger.bank.url(&format!("{FUNDS}/{id}")));
        // Only the app named the number; it is sealed where it is kept.
        if engine == Engine::Sqlite {
            let stored = lodger.bank.stored();
            assert!(!stored.windows(12).any(|window| window == "Amélie Hart".as_bytes()));
        }
    }
}

#[tokio::test]
async fn every_scheme_has_its_rules() {
    let lodger = Lodger::at(TestBank::new().await).await;
    for (scheme, number, expected) in [
        ("UK.OBIE.IBAN", "GB87LOMB09012840017231", None),
        ("UK.OBIE.SortCodeAccountNumber", "09012840017249", None),
        ("UK.OBIE.BBAN", "19-2000145399/0800", None),
        ("UK.OBIE.PAN", "4111111111111111", None),
        ("UK.OBIE.IBAN", "GB88LOMB09012840017231", Some("U002")),
        ("UK.OBIE.IBAN", "GB87 LOMB 0901 2840 0172 31", Some("U002")),
        ("UK.OBIE.SortCodeAccountNumber", "0901284001724", Some("U002")),
        ("UK.OBIE.SortCodeAccountNumber", "09-01-28 40017249", Some("U002")),
        ("UK.OBIE.PAN", "4111111111111112", Some("U002")),
        ("UK.OBIE.BBAN", "' OR 1=1", Some("U002")),
    ] {
        let answer = post(&lodger.app, FUNDS, &lodger.funds, &naming(scheme, number)).await;
        match expected {
            None => {
                assert_eq!(answer.status, 201, "{scheme} {number}: {}", answer.text);
                assert_eq!(
                    answer.json()["Data"]["DebtorAccount"],
                    json!({"SchemeName": scheme, "Identification": number})
                );
            }
            Some(code) => {
                let path = "Data.DebtorAccount.Identification".to_owned();
                assert_eq!((answer.status, errors(&answer)), (400, vec![(code.to_owned(), path)]), "{scheme} {number}");
                assert!(!answer.text.contains(number), "what was sent is not repeated");
            }
        }
    }
}

#[tokio::test]
async fn bad_fields_are_named() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let proxy = json!({"Identification": "07700900000", "Code": "TELE"});
    for (changes, code, path) in [
        (("SchemeName", None), "U004", "SchemeName"),
        (("SchemeName", Some(json!(null))), "U002", "SchemeName"),
        (("SchemeName", Some(json!(""))), "U002", "SchemeName"),
        (("SchemeName", Some(json!("UK.OBIE.Paym"))), "U021", "SchemeName"),
        (("SchemeName", Some(json!("UK.OBIE.Wallet"))), "U021", "SchemeName"),
        (("SchemeName", Some(json!("IBAN"))), "U021", "SchemeName"),
        (("SchemeName", Some(json!("uk.obie.iban"))), "U021", "SchemeName"),
        (("SchemeName", Some(json!("x".repeat(65)))), "U002", "SchemeName"),
        (("Identification", None), "U004", "Identification"),
        (("Identification", Some(json!(1))), "U002", "Identification"),
        (("Identification", Some(json!(""))), "U002", "Identification"),
        (("Identification", Some(json!("1".repeat(257)))), "U002", "Identification"),
        (("Name", Some(json!(""))), "U002", "Name"),
        (("Name", Some(json!(7))), "U002", "Name"),
        (("Name", Some(json!("n".repeat(351)))), "U002", "Name"),
        (("Name", Some(json!("a\u{202e}b"))), "U002", "Name"),
        (("SecondaryIdentification", Some(json!("1".repeat(35)))), "U002", "SecondaryIdentification"),
        (("SecondaryIdentification", Some(json!({}))), "U002", "SecondaryIdentification"),
        (("Proxy", Some(proxy)), "U005", "Proxy"),
    ] {
        let answer = post(&lodger.app, FUNDS, &lodger.funds, &with(std::slice::from_ref(&changes))).await;
        let expected = vec![(code.to_owned(), format!("Data.DebtorAccount.{path}"))];
        assert_eq!((answer.status, errors(&answer)), (400, expected), "{changes:?}: {}", answer.text);
    }
    for (body, code, path) in [
        (json!({}), "U004", "Data"),
        (json!({"Data": {}}), "U004", "Data.DebtorAccount"),
        (json!({"Data": {"DebtorAccount": "GB87"}}), "U002", "Data.DebtorAccount"),
        (json!({"Data": with(&[])["Data"], "Risk": {}}), "U005", "Risk"),
    ] {
        let answer = post(&lodger.app, FUNDS, &lodger.funds, &body).await;
        assert_eq!((answer.status, errors(&answer)), (400, vec![(code.to_owned(), path.to_owned())]), "{body}");
    }
    for bad in [json!("soon"), json!("2026-03-02T12:00:00Z"), json!("2020-01-01T00:00:00Z"), json!(null)] {
        let mut body = with(&[]);
        body["Data"]["ExpirationDateTime"] = bad.clone();
        let answer = post(&lodger.app, FUNDS, &lodger.funds, &body).await;
        let expected = vec![("U003".to_owned(), "Data.ExpirationDateTime".to_owned())];
        assert_eq!((answer.status, errors(&answer)), (400, expected), "{bad}");
    }
}

#[tokio::test]
async fn lives_and_dies() {
    for engine in Engine::ALL {
        let mut lodger = Lodger::at(TestBank::on(engine).await).await;
        let mut body = with(&[]);
        body["Data"]["ExpirationDateTime"] = json!("2026-03-02T12:30:00Z");
        let (kept, deleted) = (lodger.lodged_funds(&body).await, lodger.lodged_funds(&body).await);
        let path = |id: &str| format!("{FUNDS}/{id}");
        let tokens = authorised(&lodger, "amelia", FOR_FUNDS, &kept).await;
        let lost = authorised(&lodger, "amelia", FOR_FUNDS, &deleted).await;
        assert_eq!(standing(&get(&lodger.app, &path(&kept), &lodger.funds).await), stand("AUTH", &[]), "{engine:?}");
        let question = |id: &str| json!({"Data": {"ConsentId": id, "Reference": "r", "InstructedAmount": {"Amount": "1.00", "Currency": "GBP"}}});
        assert_eq!(post(&lodger.app, CONFIRM, &tokens.access, &question(&kept)).await.status, 201);

        assert_eq!(delete(&lodger.app, &path(&deleted), &lodger.funds).await.status, 204);
        let gone = get(&lodger.app, &path(&deleted), &lodger.funds).await;
        assert_eq!((gone.status, gone.code().as_str()), (400, "U011"));
        let refused = post(&lodger.app, CONFIRM, &lost.access, &question(&deleted)).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "TKSP"));

        lodger.bank.clock.advance(Span::minutes(30));
        lodger.renew().await;
        let over = get(&lodger.app, &path(&kept), &lodger.funds).await;
        assert_eq!(standing(&over), stand("EXPD", &["TKXP"]));
        let refused = post(&lodger.app, CONFIRM, &tokens.access, &question(&kept)).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "TKXP"));
    }
}

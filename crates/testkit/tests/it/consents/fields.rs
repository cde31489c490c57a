//! Every other field of a consent to account information, and the body as a whole.

use lombard_testkit::{Answer, Engine, TestBank};
use serde_json::{Value, json};

use super::{ACCESS, FOR_ACCOUNTS, Lodger, USUAL, asking_for, authorised, errors, post};

/// The times that an app may name.
const TIMES: [&str; 3] = ["ExpirationDateTime", "TransactionFromDateTime", "TransactionToDateTime"];

/// The usual body with a change at a place; `None` takes the place away.
fn changed(place: &str, value: Option<Value>) -> Value {
    let mut body = asking_for(USUAL);
    let (parent, name) = place.rsplit_once('/').unwrap();
    let members = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    body
}

#[tokio::test]
async fn bad_fields_are_named() {
    let lodger = Lodger::at(TestBank::new().await).await;
    // The clock of the bank stands at 2026-03-02T12:00:00Z.
    for (place, value, code, path) in [
        ("/Risk", None, "U004", "Risk"),
        ("/Risk", Some(json!(null)), "U002", "Risk"),
        ("/Risk", Some(json!([])), "U002", "Risk"),
        ("/Risk", Some(json!("")), "U002", "Risk"),
        ("/Risk/PaymentContextCode", Some(json!("TransferToSelf")), "U005", "Risk.PaymentContextCode"),
        ("/Data", None, "U004", "Data"),
        ("/Data", Some(json!([])), "U002", "Data"),
        ("/Data", Some(json!(null)), "U002", "Data"),
        ("/Data", Some(json!({})), "U004", "Data.Permissions"),
        ("/Data/ExpirationDateTime", Some(json!("tomorrow")), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!("")), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!(null)), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!(1_800_000_000)), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!("2027-02-30T00:00:00Z")), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!("2027-01-01")), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!("2020-01-01T00:00:00Z")), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!("2026-03-02T12:00:00Z")), "U003", "Data.ExpirationDateTime"),
        ("/Data/ExpirationDateTime", Some(json!("2026-03-02T13:00:00+01:00")), "U003", "Data.ExpirationDateTime"),
        ("/Data/TransactionFromDateTime", Some(json!("x")), "U003", "Data.TransactionFromDateTime"),
        ("/Data/TransactionToDateTime", Some(json!(0)), "U003", "Data.TransactionToDateTime"),
    ] {
        let body = changed(place, value.clone());
        let answer = post(&lodger.app, ACCESS, &lodger.accounts, &body).await;
        let expected = vec![(code.to_owned(), path.to_owned())];
        assert_eq!((answer.status, errors(&answer)), (400, expected), "{place} {value:?}: {}", answer.text);
    }
    for (from, to) in [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:01Z", "2026-01-01T01:00:00+01:00"),
    ] {
        let answer = post(&lodger.app, ACCESS, &lodger.accounts, &between(from, to)).await;
        assert_eq!(errors(&answer), [("U003".to_owned(), "Data.TransactionToDateTime".to_owned())], "{from} {to}");
    }
}

/// The usual body with a window.
fn between(from: &str, to: &str) -> Value {
    let mut body = asking_for(USUAL);
    body["Data"]["TransactionFromDateTime"] = json!(from);
    body["Data"]["TransactionToDateTime"] = json!(to);
    body
}

/// Both ends of a window are in it, so one that begins where it ends is a window.
#[tokio::test]
async fn a_window_may_be_a_single_moment() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let open = lodger.lodged(&asking_for(USUAL)).await;
    let tokens = authorised(&lodger, "amelia", FOR_ACCOUNTS, &open).await;
    let booked = async |access: &str| {
        let answer = lodger.app.answer("/transactions", access).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let rows = answer.json()["Data"]["Transaction"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["BookingDateTime"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let moment = booked(&tokens.access).await.remove(0);
    let narrow = lodger.lodged(&between(&moment, &moment)).await;
    let tokens = authorised(&lodger, "amelia", FOR_ACCOUNTS, &narrow).await;
    let seen = booked(&tokens.access).await;
    assert!(!seen.is_empty() && seen.iter().all(|at| *at == moment), "{moment}: {seen:?}");
    // Who means for ever, twice.
    lodger.lodged(&between("9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z")).await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let body = json!({
        "Data": {"Permissions": ["ReadBalances"], "ExpirationDateTime": "2020-01-01T00:00:00Z",
            "TransactionFromDateTime": "soon"},
        "Risk": {"a": 1, "b": 2},
    });
    let answer = post(&lodger.app, ACCESS, &lodger.accounts, &body).await;
    let mut told = errors(&answer);
    told.sort();
    let expected = [
        ("U002", "Data.Permissions"),
        ("U003", "Data.ExpirationDateTime"),
        ("U003", "Data.TransactionFromDateTime"),
        ("U005", "Risk.a"),
        ("U005", "Risk.b"),
    ];
    assert_eq!(told, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
    assert_eq!(answer.json()["Id"], answer.header("x-fapi-interaction-id"));
}

/// An answer must name a zone, and be of RFC 3339: what was sent in another form of ISO 8601 is told in that. Nothing is told that was not
/// asked for.
#[tokio::test]
async fn times_are_told_back_as_the_same_instant() {
    let lodger = Lodger::at(TestBank::new().await).await;
    for (sent, told) in [
        ("2027-01-01T10:40:00", "2027-01-01T10:40:00Z"),
        ("2027-01-01T10:40:00+01", "2027-01-01T09:40:00Z"),
        ("2027-01-01T10:40:00-0530", "2027-01-01T16:10:00Z"),
        ("20270101T104012.345Z", "2027-01-01T10:40:12.345Z"),
        ("2027-01-01T10:40Z", "2027-01-01T10:40:00Z"),
    ] {
        for name in TIMES {
            let body = changed(&format!("/Data/{name}"), Some(json!(sent)));
            let shown = lodger.shown(&lodger.lodged(&body).await).await.json()["Data"].clone();
            assert_eq!(shown[name], told, "{name} {sent}");
        }
    }
    let open = lodger.shown(&lodger.lodged(&asking_for(USUAL)).await).await.json()["Data"].clone();
    for absent in TIMES {
        assert!(open.get(absent).is_none(), "{absent} was invented");
    }
}

/// To the letter, whatever becomes of the consent.
#[tokio::test]
async fn times_of_rfc_3339_are_told_back_as_they_were_sent() {
    for engine in Engine::ALL {
        let lodger = Lodger::at(TestBank::on(engine).await).await;
        for sent in [
            "2027-01-01T10:40:00Z",
            "2027-01-01T10:40:12.34567Z",
            "2027-01-01T10:40:00.000Z",
            "2027-01-01T10:40:00.1234567Z",
            "2027-01-01T10:40:00+01:00",
            "2027-01-01T10:40:00-05:30",
            "2027-01-01t10:40:00z",
            "2026-03-02T12:00:00.000001Z",
            "9999-12-31T23:59:59Z",
        ] {
            for name in TIMES {
                let body = changed(&format!("/Data/{name}"), Some(json!(sent)));
                let made = post(&lodger.app, ACCESS, &lodger.accounts, &body).await.json()["Data"].clone();
                assert_eq!(made[name], sent, "{engine:?}: {name}");
                let shown = lodger.shown(made["ConsentId"].as_str().unwrap()).await.json()["Data"].clone();
                assert_eq!(shown, made, "{engine:?}: {name} {sent}");
            }
        }
        // Also when it stands elsewhere.
        let mut body = between("2016-01-01T00:00:00+00:00", "2030-01-01T00:00:00.0+02:00");
        body["Data"]["ExpirationDateTime"] = json!("2027-01-01T00:00:00.00-01:00");
        let id = lodger.lodged(&body).await;
        authorised(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
        for status in ["AUTH", "CANC"] {
            let data = lodger.shown(&id).await.json()["Data"].clone();
            assert_eq!(data["Status"], status);
            for name in TIMES {
                assert_eq!(data[name], body["Data"][name], "{engine:?}: {status}");
            }
            lodger.bank.revoke_consents("amelia").await;
        }
    }
}

#[tokio::test]
async fn the_body_must_be_one_json_object() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let good = asking_for(USUAL).to_string();
    let twice =
        r#"{"Data":{"Permissions":["ReadAccountsBasic"],"Permissions":["ReadPAN","ReadAccountsBasic"]},"Risk":{}}"#;
    let deep = format!("{{\"Data\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let large = format!("{good}{}", " ".repeat(70_000));
    let json = "application/json";
    for (kind, body, status, code) in [
        (json, good.as_str(), 201, ""),
        ("application/json; charset=utf-8", &good, 201, ""),
        ("Application/JSON;charset=UTF-8", &good, 201, ""),
        (json, "", 400, "U010"),
        (json, "null", 400, "U010"),
        (json, "[]", 400, "U010"),
        (json, "{\"Data\":", 400, "U010"),
        (json, "\u{feff}{}", 400, "U010"),
        (json, twice, 400, "U010"),
        (json, &deep, 400, "U010"),
        (json, &large, 413, "U010"),
        ("text/plain", &good, 415, "U006"),
        ("application/x-www-form-urlencoded", &good, 415, "U006"),
        ("application/jose+jwe", &good, 415, "U006"),
        ("application/json; charset=latin1", &good, 415, "U006"),
        ("", &good, 415, "U006"),
    ] {
        let request = lodger.app.http.post(lodger.bank.url(ACCESS)).bearer_auth(&lodger.accounts);
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        let answer = Answer::of(request.body(body.to_owned()).send().await.unwrap()).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{kind} {shown}: {}", answer.text);
    }
}

/// The standard does not close these objects: what it may add one day is no error.
#[tokio::test]
async fn what_the_standard_leaves_open_is_not_refused() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let mut body = asking_for(USUAL);
    body["Data"]["Later"] = json!({"any": 1});
    body["Later"] = json!(true);
    lodger.lodged(&body).await;
    // Nothing is idempotent here: the key is ignored, whatever it is.
    let request = lodger.app.http.post(lodger.bank.url(ACCESS)).bearer_auth(&lodger.accounts);
    let request = request.header("x-idempotency-key", "k".repeat(100)).json(&asking_for(USUAL));
    assert_eq!(request.send().await.unwrap().status(), 201);
}

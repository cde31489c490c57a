//! Whether there is enough money: yes or no, for the one account of the consent, at that moment.

use lombard_testkit::{Engine, TestBank, Tokens};
use serde_json::{Value, json};

use super::{CONFIRM, FOR_ACCOUNTS, FOR_FUNDS, Lodger, USUAL, asking_for, authorised, errors, naming, post};

/// Amelia's "Everyday" account, in GBP.
const IBAN: (&str, &str) = ("UK.OBIE.IBAN", "GB87LOMB09012840017231");

fn asking(consent: &str, amount: &str, currency: &str) -> Value {
    let amount = json!({"Amount": amount, "Currency": currency});
    json!({"Data": {"ConsentId": consent, "Reference": "Purchase 7", "InstructedAmount": amount}})
}

/// A lodger, a consent for Amelia's account, and the tokens under it.
async fn ready(engine: Engine) -> (Lodger, String, Tokens) {
    let lodger = Lodger::at(TestBank::on(engine).await).await;
    let id = lodger.lodged_funds(&naming(IBAN.0, IBAN.1)).await;
    let tokens = authorised(&lodger, "amelia", FOR_FUNDS, &id).await;
    (lodger, id, tokens)
}

/// What is available in Amelia's account, in pence, as the account API says it.
async fn available(lodger: &Lodger) -> i64 {
    let token = lodger.app.connect(&lodger.bank, "amelia", "accounts:read balances:read").await.access;
    let accounts = lodger.app.read("/accounts", &token).await["Data"]["Account"].as_array().unwrap().clone();
    let own = accounts.iter().find(|account| account["Account"][0]["Identification"] == IBAN.1).unwrap();
    let path = format!("/accounts/{}/balances", own["AccountId"].as_str().unwrap());
    let lines = lodger.app.read(&path, &token).await["Data"]["Balance"].as_array().unwrap().clone();
    let line = lines.iter().find(|line| line["Type"] == "ITAV").unwrap();
    assert_eq!(line["CreditDebitIndicator"], "Credit");
    line["Amount"]["Amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

fn pounds(pence: i64) -> String {
    format!("{}.{:02}", pence / 100, pence % 100)
}

#[tokio::test]
async fn answers_to_the_penny() {
    for engine in Engine::ALL {
        let (lodger, id, tokens) = ready(engine).await;
        let available = available(&lodger).await;
        assert!(available > 100, "the test needs some money");
        for (pence, enough) in [(1, true), (available - 1, true), (available, true), (available + 1, false)] {
            let answer = post(&lodger.app, CONFIRM, &tokens.access, &asking(&id, &pounds(pence), "GBP")).await;
            assert_eq!(answer.status, 201, "{engine:?}: {}", answer.text);
            let data = &answer.json()["Data"];
            assert_eq!(data["FundsAvailable"], enough, "{engine:?}: {pence} of {available}");
            assert_eq!(data["ConsentId"], id);
            assert_eq!(data["Reference"], "Purchase 7");
            assert_eq!(data["InstructedAmount"], json!({"Amount": pounds(pence), "Currency": "GBP"}));
            let own = format!("{CONFIRM}/{}", data["FundsConfirmationId"].as_str().unwrap());
            assert_eq!(answer.json()["Links"]["Self"], lodger.bank.url(&own));
            assert_eq!(data.as_object().unwrap().len(), 6, "a yes or no and nothing else: {data}");
        }
        let most = post(&lodger.app, CONFIRM, &tokens.access, &asking(&id, "9999999999999.99", "GBP")).await;
        assert_eq!(most.json()["Data"]["FundsAvailable"], false);
    }
}

#[tokio::test]
async fn bad_questions_are_refused_and_say_why() {
    let (lodger, id, tokens) = ready(Engine::Sqlite).await;
    let other = lodger.lodged_funds(&naming(IBAN.0, IBAN.1)).await;
    let access = lodger.lodged(&asking_for(USUAL)).await;
    let amount = "Data.InstructedAmount.Amount";
    let currency = "Data.InstructedAmount.Currency";
    for (body, code, path) in [
        (asking(&other, "1.00", "GBP"), "U008", "Data.ConsentId"),
        (asking(&access, "1.00", "GBP"), "U008", "Data.ConsentId"),
        (asking("con_00000000000000000000000001", "1.00", "GBP"), "U008", "Data.ConsentId"),
        (asking("x", "1.00", "GBP"), "U008", "Data.ConsentId"),
        (asking("", "1.00", "GBP"), "U002", "Data.ConsentId"),
        (asking(&id, "1.00", "EUR"), "U023", currency),
        (asking(&id, "1.00", "ZZZ"), "U023", currency),
        (asking(&id, "1.00", "gbp"), "U002", currency),
        (asking(&id, "1.00", "GBPX"), "U002", currency),
        (asking(&id, "1.00", ""), "U002", currency),
        (asking(&id, "0", "GBP"), "U002", amount),
        (asking(&id, "0.00", "GBP"), "U002", amount),
        (asking(&id, "-1.00", "GBP"), "U002", amount),
        (asking(&id, "+1.00", "GBP"), "U002", amount),
        (asking(&id, "1.001", "GBP"), "U002", amount),
        (asking(&id, "1.00000", "GBP"), "U002", amount),
        (asking(&id, "1.000000", "GBP"), "U002", amount),
        (asking(&id, "1,00", "GBP"), "U002", amount),
        (asking(&id, "1.", "GBP"), "U002", amount),
        (asking(&id, ".5", "GBP"), "U002", amount),
        (asking(&id, "1e3", "GBP"), "U002", amount),
        (asking(&id, "12345678901234", "GBP"), "U002", amount),
        (asking(&id, "", "GBP"), "U002", amount),
        (asking(&id, " 1", "GBP"), "U002", amount),
        (json!({}), "U004", "Data"),
        (json!({"Data": 1}), "U002", "Data"),
    ] {
        let answer = post(&lodger.app, CONFIRM, &tokens.access, &body).await;
        let expected = vec![(code.to_owned(), path.to_owned())];
        assert_eq!((answer.status, errors(&answer)), (400, expected), "{body}: {}", answer.text);
    }
    for (place, value, code, path) in [
        ("/Data/ConsentId", None, "U004", "Data.ConsentId"),
        ("/Data/Reference", None, "U004", "Data.Reference"),
        ("/Data/Reference", Some(json!("")), "U002", "Data.Reference"),
        ("/Data/Reference", Some(json!("r".repeat(36))), "U002", "Data.Reference"),
        ("/Data/Reference", Some(json!(1)), "U002", "Data.Reference"),
        ("/Data/InstructedAmount", None, "U004", "Data.InstructedAmount"),
        ("/Data/InstructedAmount", Some(json!("1.00")), "U002", "Data.InstructedAmount"),
        ("/Data/InstructedAmount/Amount", None, "U004", amount),
        ("/Data/InstructedAmount/Amount", Some(json!(1.0)), "U002", amount),
        ("/Data/InstructedAmount/Currency", None, "U004", currency),
        ("/Other", Some(json!(1)), "U005", "Other"),
    ] {
        let mut body = asking(&id, "1.00", "GBP");
        let (parent, name) = place.rsplit_once('/').unwrap();
        let members = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => members.insert(name.to_owned(), value),
            None => members.remove(name),
        };
        let answer = post(&lodger.app, CONFIRM, &tokens.access, &body).await;
        let expected = vec![(code.to_owned(), path.to_owned())];
        assert_eq!((answer.status, errors(&answer)), (400, expected), "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn only_a_customers_token_for_funds_asks() {
    let (lodger, id, tokens) = ready(Engine::Sqlite).await;
    let body = asking(&id, "1.00", "GBP");
    let access = lodger.lodged(&asking_for(USUAL)).await;
    let reads = authorised(&lodger, "amelia", FOR_ACCOUNTS, &access).await;
    for (who, token, status, code) in [
        ("the app's own token", &lodger.funds, 401, "TK01"),
        ("a token to read accounts", &reads.access, 403, "AG01"),
        ("its own", &tokens.access, 201, ""),
    ] {
        let answer = post(&lodger.app, CONFIRM, token, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{who}: {}", answer.text);
    }
    // And it opens nothing else.
    for path in ["/accounts", "/balances", "/transactions", "/party"] {
        let answer = lodger.app.answer(path, &tokens.access).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
    }
}

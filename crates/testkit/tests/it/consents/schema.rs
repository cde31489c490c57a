//! Every answer of these endpoints has the shape that UK Open Banking publishes.

use std::path::PathBuf;

use lombard_testkit::{Answer, TestBank};
use serde_json::{Value, json};

use super::{
    ACCESS, CONFIRM, FOR_ACCOUNTS, FOR_FUNDS, FUNDS, Lodger, USUAL, asking_for, authorised, delete, get, naming, post,
};

/// A published description, if it is beside this project.
struct Published(Value);

impl Published {
    fn open(name: &str) -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/openapi");
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            eprintln!("LEFT OUT: {name} is not here, so answers are not held against UK Open Banking's schemas");
            return None;
        };
        Some(Self(serde_json::from_str(&text).unwrap()))
    }

    /// What an answer breaks of what is published for a method and a path.
    fn problems(&self, method: &str, template: &str, answer: &Answer) -> Vec<String> {
        let responses = &self.0["paths"][template][method]["responses"];
        assert!(responses.is_object(), "{method} {template} is not published");
        let mut response = &responses[answer.status.to_string()];
        assert!(response.is_object(), "{method} {template} has no {}", answer.status);
        if let Some(reference) = response["$ref"].as_str() {
            response = self.0.pointer(reference.trim_start_matches('#')).unwrap();
        }
        let schema = match response["content"]["application/json"]["schema"]["$ref"].as_str() {
            Some(reference) => reference,
            None if answer.status >= 400 => "#/components/schemas/OBErrorResponse1",
            None => {
                assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{method} {template}");
                return Vec::new();
            }
        };
        let root = json!({"allOf": [{"$ref": schema}], "components": self.0["components"]});
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft4)
            .should_validate_formats(true)
            .build(&root)
            .unwrap();
        let instance = answer.json();
        validator.iter_errors(&instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn check(&self, method: &str, template: &str, answer: &Answer) {
        let problems = self.problems(method, template, answer);
        assert!(problems.is_empty(), "{method} {template} {}: {problems:#?}\n{}", answer.status, answer.text);
        if answer.status != 204 {
            assert_eq!(answer.header("content-type"), "application/json");
        }
        assert_eq!(answer.header("x-fapi-interaction-id").len(), 36);
    }
}

const ACCESS_PATH: &str = "/account-access-consents";
const FUNDS_PATH: &str = "/funds-confirmation-consents";
const CONFIRM_PATH: &str = "/funds-confirmations";

#[tokio::test]
async fn answers_about_account_access_have_the_published_shape() {
    let Some(published) = Published::open("account-info.json") else { return };
    let lodger = Lodger::at(TestBank::new().await).await;
    let (app, token) = (&lodger.app, &lodger.accounts);
    let one = format!("{ACCESS_PATH}/{{ConsentId}}");
    let mut full = asking_for(USUAL);
    full["Data"]["ExpirationDateTime"] = json!("2027-01-01T00:00:00.5Z");
    full["Data"]["TransactionFromDateTime"] = json!("2016-01-01T10:40:00");
    full["Data"]["TransactionToDateTime"] = json!("2030-01-01T10:40:00+01");
    let made = post(app, ACCESS, token, &full).await;
    assert_eq!(made.status, 201);
    published.check("post", ACCESS_PATH, &made);
    let id = made.json()["Data"]["ConsentId"].as_str().unwrap().to_owned();
    let own = format!("{ACCESS}/{id}");
    assert_eq!(made.json()["Links"]["Self"], lodger.bank.url(&own));
    assert_eq!(made.json()["Risk"], json!({}));
    assert!(made.json()["Meta"].is_object());
    assert_eq!(get(app, &own, token).await.json(), made.json());
    authorised(&lodger, "amelia", FOR_ACCOUNTS, &id).await;
    published.check("get", &one, &get(app, &own, token).await);
    lodger.bank.revoke_consents("amelia").await;
    published.check("get", &one, &get(app, &own, token).await);
    published.check("delete", &one, &delete(app, &own, token).await);

    for answer in [get(app, &own, token).await, get(app, &own, "x").await, get(app, &own, &lodger.funds).await] {
        assert!(answer.status >= 400);
        published.check("get", &one, &answer);
    }
    published.check("delete", &one, &delete(app, &own, token).await);
    for body in [json!({}), json!([]), json!({"Data": {"Permissions": []}, "Risk": {"x": 1}})] {
        published.check("post", ACCESS_PATH, &post(app, ACCESS, token, &body).await);
    }
    let html = app.http.get(lodger.bank.url(&own)).bearer_auth(token).header("accept", "text/html");
    let html = Answer::of(html.send().await.unwrap()).await;
    assert_eq!(html.status, 406);
    published.check("get", &one, &html);
}

#[tokio::test]
async fn answers_about_funds_have_the_published_shape() {
    let Some(published) = Published::open("confirmation-funds.json") else { return };
    let lodger = Lodger::at(TestBank::new().await).await;
    let (app, token) = (&lodger.app, &lodger.funds);
    let one = format!("{FUNDS_PATH}/{{ConsentId}}");
    let body = naming("UK.OBIE.IBAN", "GB87LOMB09012840017231");
    let made = post(app, FUNDS, token, &body).await;
    assert_eq!(made.status, 201);
    published.check("post", FUNDS_PATH, &made);
    let id = made.json()["Data"]["ConsentId"].as_str().unwrap().to_owned();
    let own = format!("{FUNDS}/{id}");
    published.check("get", &one, &get(app, &own, token).await);
    let tokens = authorised(&lodger, "amelia", FOR_FUNDS, &id).await;
    published.check("get", &one, &get(app, &own, token).await);
    let amount = json!({"Amount": "12.5", "Currency": "GBP"});
    let question = json!({"Data": {"ConsentId": id, "Reference": "r", "InstructedAmount": amount}});
    let yes = post(app, CONFIRM, &tokens.access, &question).await;
    assert_eq!(yes.status, 201);
    published.check("post", CONFIRM_PATH, &yes);
    for (token, body) in [(tokens.access.as_str(), &json!({})), ("x", &question), (token, &question)] {
        let refused = post(app, CONFIRM, token, body).await;
        assert!(refused.status >= 400);
        published.check("post", CONFIRM_PATH, &refused);
    }
    published.check("post", FUNDS_PATH, &post(app, FUNDS, token, &json!({"x": 1})).await);
    published.check("delete", &one, &delete(app, &own, token).await);
    published.check("get", &one, &get(app, &own, token).await);
}

/// A test that never fails proves nothing.
#[tokio::test]
async fn a_wrong_shape_is_noticed() {
    let Some(published) = Published::open("account-info.json") else { return };
    let lodger = Lodger::at(TestBank::new().await).await;
    let right = post(&lodger.app, ACCESS, &lodger.accounts, &asking_for(USUAL)).await;
    assert_eq!(published.problems("post", ACCESS_PATH, &right), Vec::<String>::new());
    for (place, wrong) in [
        ("/Data/Status", json!("Authorised")),
        ("/Data/Permissions", json!([])),
        ("/Data/Permissions/0", json!("ReadEverything")),
        ("/Data/CreationDateTime", json!("yesterday")),
        ("/Data/StatusReason", json!({"StatusReasonCode": "U036"})),
        ("/Data/StatusReason/0/StatusReasonCode", json!("U036x")),
        ("/Risk", json!({"a": 1})),
        ("/Links", json!({})),
    ] {
        let mut body = right.json();
        *body.pointer_mut(place).unwrap() = wrong;
        let answer = Answer { text: body.to_string(), ..right.clone() };
        assert_ne!(published.problems("post", ACCESS_PATH, &answer), Vec::<String>::new(), "{place}");
    }
}

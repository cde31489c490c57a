//! What an entry says, to the letter, with the Detail permission and without it; and the published shape of all of it.

use lombard_testkit::{Answer, Engine, TestBank, Tokens, Wanted};
use serde_json::{Value, json};

use super::{Bank, List};
use crate::uk_schema::Published;

impl Bank {
    /// A token for a consent with these permissions, lodged as apps of the standard lodge it.
    async fn token_for(&self, permissions: &[&str]) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", "accounts")];
        let own = Tokens::of(Answer::of(self.app.post("/token", &form).await).await.json()).access;
        let body = json!({"Data": {"Permissions": permissions}, "Risk": {}});
        let url = self.bank.url("/open-banking/v4.0/aisp/account-access-consents");
        let answer = Answer::of(self.app.http.post(url).bearer_auth(own).json(&body).send().await.unwrap()).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let consent = answer.json()["Data"]["ConsentId"].clone();

        let wanted = Wanted::scopes("openid accounts");
        let claims = json!({"id_token": {"openbanking_intent_id": {"value": consent, "essential": true}}}).to_string();
        let parameters = wanted.changed(&self.app, &[("claims", Some(&claims))]);
        let browser = self.bank.browser();
        let page = browser.open(&self.app.authorize_url_with(&parameters)).await;
        let page = browser.sign_in(&page, "five").await;
        let back = browser.submit(&page, &[], "consent-allow").await;
        let code = back.parameter("code").unwrap_or_else(|| panic!("no code in {} {}", back.url, back.html));
        let tokens = Answer::of(self.app.redeem(&code, &wanted).await).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text);
        Tokens::of(tokens.json()).access
    }
}

/// The permissions for a list, without details and with them; the same where there are no details.
fn permissions(list: List) -> (&'static str, &'static str) {
    match list {
        List::Beneficiaries => ("ReadBeneficiariesBasic", "ReadBeneficiariesDetail"),
        List::DirectDebits => ("ReadDirectDebits", "ReadDirectDebits"),
        List::Offers => ("ReadOffers", "ReadOffers"),
        List::ScheduledPayments => ("ReadScheduledPaymentsBasic", "ReadScheduledPaymentsDetail"),
        List::StandingOrders => ("ReadStandingOrdersBasic", "ReadStandingOrdersDetail"),
    }
}

/// Entry 3 of a list, without its identifiers and without its creditor.
fn basic(list: List) -> Value {
    let amount = json!({"Amount": "20.99", "Currency": "GBP"});
    match list {
        List::Beneficiaries => json!({"BeneficiaryType": "Trusted", "Reference": "Towbar Club"}),
        List::DirectDebits => json!({
            "DirectDebitStatusCode": "SUSP",
            "MandateRelatedInformation": {"MandateIdentification": "CARAVAN-1", "Frequency": {"Type": "QURT"}},
            "Name": "Water works",
            "PreviousPaymentDateTime": "2026-02-28T00:00:00Z",
            "PreviousPaymentAmount": amount,
        }),
        List::Offers => json!({
            "OfferType": "Other",
            "Description": "A higher limit",
            "StartDateTime": "2026-03-01T00:00:00Z",
            "EndDateTime": "2026-03-31T23:59:59Z",
            "Amount": amount,
        }),
        List::ScheduledPayments => json!({
            "ScheduledPaymentDateTime": "2026-12-24T00:00:00Z",
            "ScheduledType": "Execution",
            "Reference": "Present",
            "InstructedAmount": amount,
        }),
        List::StandingOrders => json!({
            "StandingOrderStatusCode": "ACTV",
            "NextPaymentAmount": amount,
            "MandateRelatedInformation": {"Frequency": {"Type": "MNTH"}},
            "RemittanceInformation": {"Unstructured": ["Rent"]},
        }),
    }
}

/// Whom an entry pays; `None` where nobody is.
fn creditor(list: List, number: &str) -> Option<Value> {
    let number = json!({"SchemeName": "UK.OBIE.PAN", "Identification": number});
    let name = match list {
        List::Beneficiaries => "Ann Örström",
        List::ScheduledPayments => "Ben",
        List::StandingOrders => return Some(number),
        List::DirectDebits | List::Offers => return None,
    };
    let mut number = number;
    number["Name"] = json!(name);
    Some(number)
}

#[tokio::test]
async fn an_entry_says_what_the_permissions_allow_and_nothing_else() {
    for engine in Engine::ALL {
        let bank = Bank::on(engine).await;
        let mut published = Published::open();
        for list in List::ALL {
            bank.add(list, 3..4, &[1]).await;
            let (less, more) = permissions(list);
            let masked = creditor(list, "xxxxxxxxxxxx1111");
            let cases: [(&[&str], Option<Value>); 5] = [
                (&[less], masked.clone().filter(|_| less == more)),
                (&[less, "ReadPAN"], None),
                (&[more], masked.clone()),
                (&[less, more, more], masked),
                (&[more, "ReadPAN"], creditor(list, "4111111111111111")),
            ];
            for (asked, creditor) in cases {
                let asked: Vec<_> = asked.iter().copied().chain(["ReadAccountsBasic"]).collect();
                let token = bank.token_for(&asked).await;
                for (template, account) in [("/accounts/{AccountId}/", Some(1)), ("/", None)] {
                    let answer = bank.app.answer(&bank.path(list, account), &token).await;
                    assert_eq!(answer.status, 200, "{engine:?} {asked:?}: {}", answer.text);
                    let template = format!("{template}{}", list.path());
                    published.iter_mut().for_each(|published| published.check(&template, &answer));
                    let mut row = list.rows(&answer.json()).remove(0);
                    let members = row.as_object_mut().unwrap();
                    assert_eq!(members.remove("AccountId").unwrap(), *bank.accounts[1]);
                    let id = members.remove(&format!("{}Id", list.entry())).unwrap();
                    assert!(id.as_str().is_some_and(|id| id.len() == 30), "{id}");
                    let mut expected = basic(list);
                    if let Some(creditor) = &creditor {
                        expected["CreditorAccount"] = creditor.clone();
                    }
                    assert_eq!(row, expected, "{engine:?} {asked:?} {template}");
                }
            }
        }
    }
}

#[tokio::test]
async fn another_permission_opens_no_list() {
    let bank = Bank::on(Engine::Sqlite).await;
    for list in List::ALL {
        let others = List::ALL.into_iter().filter(|other| *other != list).map(|other| permissions(other).1);
        let token = bank.token_for(&others.chain(["ReadAccountsDetail", "ReadBalances"]).collect::<Vec<_>>()).await;
        for account in [Some(0), None] {
            let answer = bank.app.answer(&bank.path(list, account), &token).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "AG01"), "{list:?}: {}", answer.text);
        }
        for other in List::ALL.into_iter().filter(|other| *other != list) {
            assert_eq!(bank.app.answer(&bank.path(other, None), &token).await.status, 200, "{other:?}");
        }
    }
}

#[tokio::test]
async fn what_the_example_bank_has_keeps_the_published_shape() {
    let bank = TestBank::new().await;
    let app = lombard_testkit::App::register(&bank).await;
    let mut published = Published::open();
    let mut rows = [0; 5];
    for username in ["amelia", "jonah", "priya"] {
        let token = app.connect(&bank, username, super::SCOPE).await.access;
        for (list, count) in List::ALL.into_iter().zip(&mut rows) {
            let bulk = app.answer(&format!("/{}", list.path()), &token).await;
            published.iter_mut().for_each(|published| published.check(&format!("/{}", list.path()), &bulk));
            let mut single = Vec::new();
            for account in app.accounts(&token).await {
                let answer = app.answer(&format!("/accounts/{account}/{}", list.path()), &token).await;
                let template = format!("/accounts/{{AccountId}}/{}", list.path());
                published.iter_mut().for_each(|published| published.check(&template, &answer));
                single.extend(list.rows(&answer.json()));
            }
            let mut bulk = list.rows(&bulk.json());
            *count += bulk.len();
            let text = |row: &Value| row.to_string();
            bulk.sort_by_key(text);
            single.sort_by_key(text);
            assert_eq!(bulk, single, "{username} {list:?}: all accounts together and each alone");
        }
    }
    assert!(rows.iter().all(|rows| *rows > 0), "an answer was always empty: {rows:?}");
}

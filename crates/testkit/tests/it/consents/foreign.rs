//! Whose a consent is: what is another app's, of another kind, deleted, unknown or unreadable looks the same.

use lombard_testkit::{Answer, App, Engine, TestBank};
use reqwest::Method;

use super::{ACCESS, FUNDS, Lodger, USUAL, asking_for, call, delete, get, naming, own_token};

const NUMBER: &str = "20000012345678";

#[tokio::test]
async fn what_is_not_ones_own_looks_like_nothing() {
    for engine in Engine::ALL {
        let lodger = Lodger::at(TestBank::on(engine).await).await;
        let access = lodger.lodged(&asking_for(USUAL)).await;
        let funds = lodger.lodged_funds(&naming("UK.OBIE.SortCodeAccountNumber", NUMBER)).await;
        let gone = lodger.lodged(&asking_for(USUAL)).await;
        assert_eq!(delete(&lodger.app, &format!("{ACCESS}/{gone}"), &lodger.accounts).await.status, 204);
        let other = App::register(&lodger.bank).await;
        let (others_accounts, others_funds) =
            (own_token(&other, "accounts").await, own_token(&other, "fundsconfirmations").await);
        let nobodys = "con_00000000000000000000000001".to_owned();
        let upper = access.to_uppercase();
        let long = "x".repeat(300);
        let odd = ["x", "con_", "%00", "%ff", "%2F", "*", "'--", &upper, &long];

        let mut first: Option<Answer> = None;
        let mut same = async |app: &App, path: String, token: &str| {
            for method in [Method::GET, Method::DELETE] {
                let answer = call(app, method.clone(), &path, token, None).await;
                assert_eq!((answer.status, answer.code().as_str()), (400, "U011"), "{method} {path}: {}", answer.text);
                let answer = answer.comparable();
                assert_eq!(*first.get_or_insert_with(|| answer.clone()), answer, "{method} {path} can be told");
            }
        };
        same(&other, format!("{ACCESS}/{access}"), &others_accounts).await;
        same(&other, format!("{FUNDS}/{funds}"), &others_funds).await;
        same(&other, format!("{ACCESS}/{gone}"), &others_accounts).await;
        same(&lodger.app, format!("{ACCESS}/{funds}"), &lodger.accounts).await;
        same(&lodger.app, format!("{FUNDS}/{access}"), &lodger.funds).await;
        same(&lodger.app, format!("{ACCESS}/{gone}"), &lodger.accounts).await;
        same(&lodger.app, format!("{ACCESS}/{nobodys}"), &lodger.accounts).await;
        same(&lodger.app, format!("{FUNDS}/{nobodys}"), &lodger.funds).await;
        for odd in odd {
            same(&lodger.app, format!("{ACCESS}/{odd}"), &lodger.accounts).await;
        }

        // After all this they are still there.
        assert_eq!(get(&lodger.app, &format!("{ACCESS}/{access}"), &lodger.accounts).await.status, 200, "{engine:?}");
        assert_eq!(get(&lodger.app, &format!("{FUNDS}/{funds}"), &lodger.funds).await.status, 200, "{engine:?}");
    }
}

/// A consent that came of a request of scopes was not lodged: nobody can look it up as one.
#[tokio::test]
async fn what_was_not_lodged_is_not_found() {
    let lodger = Lodger::at(TestBank::new().await).await;
    lodger.app.connect(&lodger.bank, "amelia", "accounts:read").await;
    let record = lodger.bank.record(20).await;
    let consent = record.iter().find_map(|entry| entry.consent.clone()).unwrap();
    for (path, token) in [(ACCESS, &lodger.accounts), (FUNDS, &lodger.funds)] {
        let answer = get(&lodger.app, &format!("{path}/{consent}"), token).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "U011"));
    }
}

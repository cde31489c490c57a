//! Which permissions may be asked for together (the standard's rules).

use lombard_testkit::TestBank;
use serde_json::{Value, json};

use super::{ACCESS, Lodger, asking_for, errors, post};

/// All of the standard's codes.
const ALL: [&str; 21] = [
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadBeneficiariesBasic",
    "ReadBeneficiariesDetail",
    "ReadDirectDebits",
    "ReadOffers",
    "ReadPAN",
    "ReadParty",
    "ReadPartyPSU",
    "ReadProducts",
    "ReadScheduledPaymentsBasic",
    "ReadScheduledPaymentsDetail",
    "ReadStandingOrdersBasic",
    "ReadStandingOrdersDetail",
    "ReadStatementsBasic",
    "ReadStatementsDetail",
    "ReadTransactionsBasic",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
    "ReadTransactionsDetail",
];

/// Those that need each other.
const TANGLED: [&str; 6] = [
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadTransactionsBasic",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
];

/// How many of the rules a set breaks, in the words of the standard.
fn broken(set: &[&str]) -> usize {
    let has = |code: &str| set.contains(&code);
    if set.is_empty() {
        return 1;
    }
    let transactions = has("ReadTransactionsBasic") || has("ReadTransactionsDetail");
    let direction = has("ReadTransactionsCredits") || has("ReadTransactionsDebits");
    let accounts = has("ReadAccountsBasic") || has("ReadAccountsDetail");
    usize::from(!accounts) + usize::from(transactions != direction)
}

#[tokio::test]
async fn every_combination_of_those_that_need_each_other() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let mut taken = 0;
    for chosen in 0..1_u32 << TANGLED.len() {
        let set: Vec<&str> = (0..TANGLED.len()).filter(|n| chosen & 1 << n != 0).map(|n| TANGLED[n]).collect();
        check(&lodger, &set).await;
        taken += usize::from(broken(&set) == 0);
    }
    // Three ways to have accounts, and none or each of nine ways to have transactions.
    assert_eq!(taken, 30);
}

#[tokio::test]
async fn each_one_alone_and_beside_accounts() {
    let lodger = Lodger::at(TestBank::new().await).await;
    for code in ALL {
        check(&lodger, &[code]).await;
        check(&lodger, &["ReadAccountsBasic", code]).await;
        let rest: Vec<&str> = ALL.into_iter().filter(|other| *other != code).collect();
        check(&lodger, &rest).await;
    }
    check(&lodger, &ALL).await;
}

/// What is taken is told back as it was asked for; what is not is refused with the field's name.
async fn check(lodger: &Lodger, set: &[&str]) {
    let answer = post(&lodger.app, ACCESS, &lodger.accounts, &asking_for(set)).await;
    if broken(set) == 0 {
        assert_eq!(answer.status, 201, "{set:?}: {}", answer.text);
        let told = answer.json()["Data"]["Permissions"].clone();
        let mut expected: Vec<&str> = set.to_vec();
        expected.sort_unstable();
        expected.dedup();
        let mut told: Vec<String> = serde_json::from_value(told).unwrap();
        told.sort_unstable();
        assert_eq!(told, expected);
    } else {
        let expected = vec![("U002".to_owned(), "Data.Permissions".to_owned()); broken(set)];
        assert_eq!((answer.status, errors(&answer)), (400, expected), "{set:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn repeated_codes_are_no_error_and_are_told_once() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let body = asking_for(&["ReadBalances", "ReadAccountsBasic", "ReadBalances", "ReadAccountsDetail", "ReadBalances"]);
    let answer = post(&lodger.app, ACCESS, &lodger.accounts, &body).await;
    assert_eq!(answer.status, 201);
    let told = answer.json()["Data"]["Permissions"].clone();
    assert_eq!(told, json!(["ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances"]));
}

#[tokio::test]
async fn what_is_no_permission_is_refused() {
    let lodger = Lodger::at(TestBank::new().await).await;
    let many = vec!["ReadAccountsBasic"; 101];
    let long = "R".repeat(65);
    for (permissions, code) in [
        (None, "U004"),
        (Some(json!(null)), "U002"),
        (Some(json!("ReadAccountsBasic")), "U002"),
        (Some(json!({})), "U002"),
        (Some(json!([])), "U002"),
        (Some(json!([1])), "U002"),
        (Some(json!([null, "ReadAccountsBasic"])), "U002"),
        (Some(json!([["ReadAccountsBasic"]])), "U002"),
        (Some(json!([""])), "U002"),
        (Some(json!(["ReadAccountsBasic", "ReadEverything"])), "U002"),
        (Some(json!(["readaccountsbasic"])), "U002"),
        (Some(json!(["ReadAccountsBasic "])), "U002"),
        (Some(json!(["accounts.basic"])), "U002"),
        (Some(json!(["ReadAccountsBasic", long])), "U002"),
        (Some(json!(many)), "U002"),
    ] {
        let mut body = json!({"Data": {}, "Risk": {}});
        if let Some(permissions) = &permissions {
            body["Data"]["Permissions"] = permissions.clone();
        }
        let answer = post(&lodger.app, ACCESS, &lodger.accounts, &body).await;
        let expected = vec![(code.to_owned(), "Data.Permissions".to_owned())];
        assert_eq!((answer.status, errors(&answer)), (400, expected), "{permissions:?}: {}", answer.text);
        assert_eq!(answer.json().get("Data").unwrap_or(&Value::Null), &Value::Null);
    }
}

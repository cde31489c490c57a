//! Running balances: each is the one before and the amount, and the newest is what the account has.

use lombard_testkit::Engine;
use serde_json::Value;

use super::{Long, rows};

#[tokio::test]
async fn each_balance_follows_from_the_one_before() {
    for engine in Engine::ALL {
        let long = Long::on(engine).await;
        let mut oldest_first: Vec<_> = long.walk(&long.list(), "Next").await.iter().flat_map(rows).collect();
        let newest = oldest_first[0]["Balance"].clone();
        oldest_first.reverse();
        let mut balance = 0;
        for row in &oldest_first {
            balance += pennies(row);
            assert_eq!(pennies(&row["Balance"]), balance, "{engine:?}: {row}");
            assert_eq!(row["Balance"]["Type"], "ITBD");
        }
        let balances = long.page(&format!("/accounts/{}/balances", long.many)).await;
        let booked =
            balances["Data"]["Balance"].as_array().unwrap().iter().find(|line| line["Type"] == "ITBD").unwrap();
        assert_eq!(
            (&booked["Amount"], &booked["CreditDebitIndicator"]),
            (&newest["Amount"], &newest["CreditDebitIndicator"])
        );
    }
}

/// Amount and indicator as one number.
fn pennies(holder: &Value) -> i64 {
    let (pounds, pennies) = holder["Amount"]["Amount"].as_str().unwrap().split_once('.').unwrap();
    assert_eq!(pennies.len(), 2);
    let amount = pounds.parse::<i64>().unwrap() * 100 + pennies.parse::<i64>().unwrap();
    if holder["CreditDebitIndicator"] == "Debit" { -amount } else { amount }
}

//! The document: how it is asked for, and that it says what the API says.

use lombard_domain::account::{BookingStatus, Statement, StatementKind, Transaction};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, StatementId, TransactionId};
use lombard_domain::money::Money;
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Span};
use lombard_store::{statement, transaction};
use lombard_testkit::Engine;
use serde_json::Value;

use super::{ALL, Bank, id, rows};

/// What a document says, as somebody else's program reads it, without white space: lines are broken where they must be.
fn read(pdf: &[u8]) -> String {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    squeezed(&document.extract_text(&pages).unwrap())
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[tokio::test]
async fn the_document_says_what_the_api_says() {
    for engine in Engine::ALL {
        let world = Bank::on(engine).await;
        for (username, names) in [("amelia", "AmeliaHart"), ("jonah", "JonahHart"), ("priya", "Nair,Priya")] {
            let token = world.app.connect(&world.bank, username, ALL).await.access;
            let page = world.app.read("/statements", &token).await;
            assert!(!rows(&page).is_empty());
            for row in rows(&page) {
                let path = format!("/accounts/{}/statements/{}", row["AccountId"].as_str().unwrap(), id(row));
                let response = world.app.get(&format!("{path}/file"), &token).await;
                assert_eq!(response.status(), 200);
                let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
                assert_eq!(header("content-type"), "application/pdf");
                assert_eq!(header("x-content-type-options"), "nosniff");
                assert_eq!(header("cache-control"), "no-store");
                let name =
                    format!("attachment; filename=\"statement-{}.pdf\"", &row["EndDateTime"].as_str().unwrap()[..10]);
                assert_eq!(header("content-disposition"), name);
                let text = read(&response.bytes().await.unwrap());
                assert!(text.contains("Testbank") && text.contains("Accountstatement"), "{text}");
                assert!(text.contains(names) || username == "jonah", "{text}");
                let transactions = world.app.read(&format!("{path}/transactions"), &token).await;
                for transaction in transactions["Data"]["Transaction"].as_array().unwrap() {
                    says(&text, transaction);
                }
            }
        }
    }
}

fn says(text: &str, transaction: &Value) {
    let unsaid = if transaction["CreditDebitIndicator"] == "Debit" { "Payment out" } else { "Payment in" };
    let said = squeezed(transaction["TransactionInformation"].as_str().unwrap_or(unsaid));
    let amount = grouped(transaction["Amount"]["Amount"].as_str().unwrap());
    let balance = grouped(transaction["Balance"]["Amount"]["Amount"].as_str().unwrap());
    let sign = if transaction["Balance"]["CreditDebitIndicator"] == "Debit" { "-" } else { "" };
    let row = format!("{said}{amount}{sign}{balance}");
    assert!(text.contains(&row), "{row} is not in {text}");
}

/// `1234567.89` as people write it.
fn grouped(amount: &str) -> String {
    let (whole, fraction) = amount.split_once('.').map_or((amount, String::new()), |(w, f)| (w, format!(".{f}")));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    format!("{}{fraction}", groups.join(","))
}

#[tokio::test]
async fn only_a_document_is_given_and_only_to_who_takes_one() {
    let world = Bank::on(Engine::Sqlite).await;
    let token = world.app.connect(&world.bank, "amelia", ALL).await.access;
    let account = world.app.accounts(&token).await.remove(0);
    let list = world.app.read(&format!("/accounts/{account}/statements"), &token).await;
    let path = format!("/open-banking/v4.0/aisp/accounts/{account}/statements/{}/file", id(&rows(&list)[0]));
    for (accept, status) in [
        (None, 200),
        (Some("*/*"), 200),
        (Some("application/pdf"), 200),
        (Some("application/*"), 200),
        (Some("application/json, application/pdf;q=0.5"), 200),
        (Some("application/json"), 406),
        (Some("text/html"), 406),
        (Some("application/pdf;q=0"), 406),
    ] {
        let request = world.bank.http().get(world.bank.url(&path)).bearer_auth(&token);
        let request = request.header("x-fapi-customer-ip-address", "192.0.2.7");
        let request = accept.into_iter().fold(request, |request, accept| request.header("accept", accept));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{accept:?}");
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind, if status == 200 { "application/pdf" } else { "application/json" });
    }
}

/// Pending rows are on no statement; what comes late is told apart; and there is an end to everything.
#[tokio::test]
async fn a_long_document_ends_and_says_so() {
    for engine in Engine::ALL {
        let world = Bank::on(engine).await;
        let token = world.app.connect(&world.bank, "amelia", ALL).await.access;
        let account: AccountId = world.app.accounts(&token).await.remove(0).parse().unwrap();
        let day = Date::new(2025, 3, 4).unwrap();
        let row = |n: i64| Transaction {
            id: TransactionId::from_bits(u128::try_from(n).unwrap() + (1 << 90)),
            account,
            source: Text::new(&format!("long{n}")).unwrap(),
            status: if n == 7 { BookingStatus::Pending } else { BookingStatus::Booked },
            booked_at: day.start().plus(Span::seconds(n)),
            value_at: None,
            amount: Money::new(-n, Currency::GBP),
            code: None,
            description: Some(Text::new(&format!("Row {n}.")).unwrap()),
            counterparty: None,
        };
        let one = Statement {
            id: StatementId::from_bits(1),
            account,
            source: Text::new("long").unwrap(),
            kind: StatementKind::Interim,
            reference: None,
            from: day,
            to: day,
            made_on: day,
        };
        let path = format!("/accounts/{account}/statements/{}/file", one.id);
        let add = async |numbers: std::ops::RangeInclusive<i64>| {
            let mut tx = world.bank.db.begin("test").await.unwrap();
            let all: Vec<_> = numbers.map(row).collect();
            transaction::add_missing(&mut tx, &all).await.unwrap();
            transaction::recompute_balances(&mut tx, &[account]).await.unwrap();
            statement::add_missing(&mut tx, std::slice::from_ref(&one)).await.unwrap();
            tx.commit().await.unwrap();
            read(&world.app.get(&path, &token).await.bytes().await.unwrap())
        };
        let text = add(1..=1200).await;
        assert!(text.contains("Row1.") && text.contains("Row1200."), "{engine:?}");
        assert!(!text.contains("Row7."), "{engine:?}: what is pending is on no statement");
        assert!(!text.contains("afterthisstatement") && !text.contains("transactionsarelisted"));
        let text = add(1201..=1202).await;
        assert!(text.contains("Row1202.") && text.contains("reachedthebankafterthisstatementwasmade"), "{engine:?}");
        let text = add(1203..=5002).await;
        assert!(text.contains("Row5001.") && !text.contains("Row5002."), "{engine:?}: 5000, without the pending one");
        assert!(text.contains("Thefirst5000transactionsarelisted"), "{engine:?}");
    }
}

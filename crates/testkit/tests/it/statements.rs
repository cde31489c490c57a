//! Statements: which ones a consent shows, what they say, their transactions, and the document.

mod document;
mod old;
mod pages;

use lombard_testkit::{Answer, App, Engine, TestBank};
use serde_json::{Value, json};

use crate::uk_schema::Published;

/// The example bank, and an app.
struct Bank {
    bank: TestBank,
    app: App,
}

impl Bank {
    async fn on(engine: Engine) -> Self {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        Self { bank, app }
    }

    /// A token of Amelia's for a lodged consent with these permissions, and its account with the most statements.
    async fn lodged(&self, permissions: &[&str], changes: &Value) -> (String, String) {
        let mut all = vec!["ReadAccountsBasic"];
        all.extend(permissions);
        let mut data = json!({"Permissions": all});
        data.as_object_mut().unwrap().extend(changes.as_object().cloned().unwrap_or_default());
        let intent = self.app.lodge(&data).await;
        let token = self.app.authorise(&self.bank, "amelia", &intent).await.access;
        let account = self.app.accounts(&token).await.remove(0);
        (token, account)
    }
}

fn rows(page: &Value) -> &Vec<Value> {
    page["Data"]["Statement"].as_array().unwrap()
}

fn references(page: &Value) -> Vec<&str> {
    rows(page).iter().map(|row| row["StatementReference"].as_str().unwrap()).collect()
}

fn id(row: &Value) -> String {
    row["StatementId"].as_str().unwrap().to_owned()
}

/// Minor units, negative for a debit.
fn minor(amount: &Value) -> i64 {
    let digits: String = amount["Amount"]["Amount"].as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
    let value: i64 = digits.parse().unwrap();
    if amount["CreditDebitIndicator"] == "Debit" { -value } else { value }
}

const ALL: &str = "accounts:read statements:read transactions:read";

#[tokio::test]
async fn every_statement_sums_up_the_transactions_of_its_days() {
    for engine in Engine::ALL {
        let world = Bank::on(engine).await;
        let mut published = Published::open();
        let mut seen = 0;
        for username in ["amelia", "jonah", "priya"] {
            let token = world.app.connect(&world.bank, username, ALL).await.access;
            for account in world.app.accounts(&token).await {
                let list = format!("/accounts/{account}/statements");
                let answer = world.app.answer(&list, &token).await;
                published.iter_mut().for_each(|published| published.check("/accounts/{AccountId}/statements", &answer));
                for statement in rows(&answer.json()) {
                    let path = format!("{list}/{}", id(statement));
                    let one = world.app.answer(&path, &token).await;
                    let template = "/accounts/{AccountId}/statements/{StatementId}";
                    published.iter_mut().for_each(|published| published.check(template, &one));
                    assert_eq!(rows(&one.json()), std::slice::from_ref(statement), "{engine:?}: alone and in the list");
                    let page = world.app.read(&format!("{path}/transactions"), &token).await;
                    sums_up(statement, page["Data"]["Transaction"].as_array().unwrap());
                    seen += 1;
                }
            }
        }
        assert!(seen >= 10, "only {seen} statements");
    }
}

/// Holds the figures against the transactions, and those against the days.
fn sums_up(statement: &Value, transactions: &[Value]) {
    let figure = |kind: &str| {
        let amounts = statement["StatementAmount"].as_array().unwrap();
        minor(amounts.iter().find(|amount| amount["Type"] == kind).unwrap())
    };
    let booked: Vec<i64> = transactions.iter().filter(|row| row["Status"] == "BOOK").map(minor).collect();
    let (came, went): (Vec<i64>, Vec<i64>) = booked.iter().partition(|minor| **minor >= 0);
    assert_eq!(figure("UK.OBIE.TotalCredits"), came.iter().sum::<i64>(), "{statement}");
    assert_eq!(figure("UK.OBIE.TotalDebits"), went.iter().sum::<i64>(), "{statement}");
    let (opening, closing) = (figure("UK.OBIE.PreviousClosingBalance"), figure("UK.OBIE.ClosingBalance"));
    assert_eq!(opening + booked.iter().sum::<i64>(), closing, "{statement}");
    if let Some(newest) = transactions.iter().find(|row| row["Status"] == "BOOK") {
        assert_eq!(minor(&newest["Balance"]), closing, "the running balance and the statement agree: {statement}");
    }
    for row in transactions {
        let at = row["BookingDateTime"].as_str().unwrap();
        let (start, end) = (statement["StartDateTime"].as_str().unwrap(), statement["EndDateTime"].as_str().unwrap());
        assert!(start <= at && at <= end, "{at} is not between {start} and {end}");
    }
}

#[tokio::test]
async fn basic_has_no_amounts_and_detail_has_them() {
    let world = Bank::on(Engine::Sqlite).await;
    for (permissions, amounts) in [
        (&["ReadStatementsBasic"][..], false),
        (&["ReadStatementsDetail"], true),
        (&["ReadStatementsBasic", "ReadStatementsDetail"], true),
    ] {
        let (token, account) = world.lodged(permissions, &json!({})).await;
        let list = world.app.read(&format!("/accounts/{account}/statements"), &token).await;
        let one = world.app.read(&format!("/accounts/{account}/statements/{}", id(&rows(&list)[0])), &token).await;
        let bulk = world.app.read("/statements", &token).await;
        for row in [&list, &one, &bulk].into_iter().flat_map(rows) {
            assert_eq!(row.get("StatementAmount").is_some(), amounts, "{permissions:?}: {row}");
            let mut names: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
            names.retain(|name| !["StatementAmount", "StatementReference"].contains(name));
            let expected = ["AccountId", "CreationDateTime", "EndDateTime", "StartDateTime", "StatementId", "Type"];
            assert_eq!(names, expected);
        }
        let transactions = format!("/accounts/{account}/statements/{}/transactions", id(&rows(&list)[0]));
        let answer = world.app.answer(&transactions, &token).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "AG01"), "statements are no right to transactions");
        let file = world.app.get(&transactions.replace("transactions", "file"), &token).await.status();
        assert_eq!(file, if amounts { 200 } else { 403 }, "the document is a detail");
    }
}

#[tokio::test]
async fn transactions_of_a_statement_need_no_right_to_statements_and_keep_their_own_rules() {
    let world = Bank::on(Engine::Sqlite).await;
    let (detail, account) = world.lodged(&["ReadStatementsBasic"], &json!({})).await;
    let list = world.app.read(&format!("/accounts/{account}/statements"), &detail).await;
    let path = format!("/accounts/{account}/statements/{}/transactions", id(&rows(&list)[0]));
    let mut counts = Vec::new();
    for way in ["ReadTransactionsCredits", "ReadTransactionsDebits"] {
        let (token, _) = world.lodged(&["ReadTransactionsBasic", way], &json!({})).await;
        let page = world.app.read(&path, &token).await;
        let found = page["Data"]["Transaction"].as_array().unwrap();
        for row in found {
            assert!(way.contains(row["CreditDebitIndicator"].as_str().unwrap()), "{way}: {row}");
            assert!(row.get("TransactionInformation").is_none() && row.get("Balance").is_none(), "{row}");
        }
        assert_eq!(world.app.answer(path.trim_end_matches("/transactions"), &token).await.status, 403);
        counts.push(found.len());
    }
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    let (token, _) = world
        .lodged(&["ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"], &json!({}))
        .await;
    let both = world.app.read(&path, &token).await;
    assert_eq!(both["Data"]["Transaction"].as_array().unwrap().len(), counts.iter().sum::<usize>());
    assert_eq!(both["Links"]["Self"], world.bank.url(&format!("/open-banking/v4.0/aisp{path}")));
    // A date narrows what lies within the statement, and never widens it.
    for (query, expected) in [
        ("fromBookingDateTime=2026-02-16T00:00:00&toBookingDateTime=2026-02-26T00:00:00", 2),
        ("fromBookingDateTime=2026-01-01T00:00:00", counts.iter().sum()),
        ("toBookingDateTime=2026-01-31T23:59:59", 0),
        ("fromBookingDateTime=2026-03-01T00:00:00", 0),
    ] {
        let page = world.app.read(&format!("{path}?{query}"), &token).await;
        assert_eq!(page["Data"]["Transaction"].as_array().unwrap().len(), expected, "{query}");
    }
    let bad = world.app.answer(&format!("{path}?fromBookingDateTime=x"), &token).await;
    assert_eq!((bad.status, bad.code().as_str()), (400, "U003"));
}

/// From two running balances follows what was paid between them, also by what is not shown.
#[tokio::test]
async fn who_may_see_one_direction_gets_no_running_balance() {
    let world = Bank::on(Engine::Sqlite).await;
    for (ways, has_balances) in [
        (&["ReadTransactionsCredits"][..], false),
        (&["ReadTransactionsDebits"], false),
        (&["ReadTransactionsCredits", "ReadTransactionsDebits"], true),
    ] {
        let permissions = [&["ReadStatementsBasic", "ReadTransactionsDetail"], ways].concat();
        let (token, account) = world.lodged(&permissions, &json!({})).await;
        let list = world.app.read(&format!("/accounts/{account}/statements"), &token).await;
        let one = format!("/accounts/{account}/statements/{}/transactions", id(&rows(&list)[0]));
        for path in [one, format!("/accounts/{account}/transactions"), "/transactions".to_owned()] {
            let page = world.app.read(&path, &token).await;
            let found = page["Data"]["Transaction"].as_array().unwrap();
            let booked: Vec<_> = found.iter().filter(|row| row["Status"] == "BOOK").collect();
            assert!(!booked.is_empty(), "{ways:?} {path}");
            for row in booked {
                assert_eq!(row.get("Balance").is_some(), has_balances, "{ways:?} {path}: {row}");
            }
        }
    }
}

/// What is not there, another account's, and no identifier at all: nobody can tell which.
#[tokio::test]
async fn an_unknown_statement_looks_the_same_whyever_it_is_unknown() {
    for engine in Engine::ALL {
        let world = Bank::on(engine).await;
        let token = world.app.connect(&world.bank, "amelia", ALL).await.access;
        let accounts = world.app.accounts(&token).await;
        let other = world.app.read(&format!("/accounts/{}/statements", accounts[1]), &token).await;
        let strangers = world.app.connect(&world.bank, "priya", ALL).await.access;
        let foreign = world.app.read("/statements", &strangers).await;
        let own = world.app.read(&format!("/accounts/{}/statements", accounts[0]), &token).await;
        let good = id(&rows(&own)[0]);
        let mut wrong = vec![id(&rows(&other)[0]), id(&rows(&foreign)[0]), crate::nobody_like(&good)];
        wrong.extend(["x", "stm_", "null", "%00", "%ff", "%2F", "'--", "*", "1%20OR%201=1"].map(str::to_owned));
        wrong.extend([good.to_uppercase(), format!("{good}0"), format!("%20{good}"), "9".repeat(300)]);
        for end in ["", "/transactions", "/file"] {
            let mut first: Option<Answer> = None;
            for wrong in &wrong {
                let path = format!("/accounts/{}/statements/{wrong}{end}", accounts[0]);
                let answer = world.app.answer(&path, &token).await;
                assert_eq!(
                    (answer.status, answer.code().as_str()),
                    (400, "U011"),
                    "{engine:?} {path}: {}",
                    answer.text
                );
                assert_eq!(answer.header("content-type"), "application/json");
                let answer = answer.comparable();
                assert_eq!(*first.get_or_insert_with(|| answer.clone()), answer, "{path} can be told from another");
            }
            let path = format!("/accounts/{}/statements/{good}{end}", accounts[0]);
            assert_eq!(world.app.get(&path, &token).await.status(), 200, "{path}");
        }
    }
}

#[tokio::test]
async fn filters_keep_what_lies_wholly_between_them() {
    for engine in Engine::ALL {
        let world = Bank::on(engine).await;
        let token = world.app.connect(&world.bank, "amelia", ALL).await.access;
        let account = world.app.accounts(&token).await.remove(0);
        let (january, february) = ("2026-01", "2026-02");
        for (query, expected) in [
            ("", &[february, january][..]),
            ("fromStatementDateTime=2026-01-01T00:00:00", &[february, january]),
            ("fromStatementDateTime=2026-01-01T00:00:01", &[february]),
            ("fromStatementDateTime=2026-02-01", &[february]),
            ("fromStatementDateTime=2026-02-01T00:00:00.000001Z", &[]),
            ("toStatementDateTime=2026-02-28T23:59:59", &[february, january]),
            ("toStatementDateTime=2026-02-28T23:59:58", &[january]),
            ("toStatementDateTime=2026-03-01T00:00:00", &[february, january]),
            ("toStatementDateTime=20260131T235959Z", &[january]),
            ("toStatementDateTime=2026-01-31T00:00:00", &[]),
            ("fromStatementDateTime=2026-01-01T00:00:00&toStatementDateTime=2026-01-31T23:59:59", &[january]),
            ("fromStatementDateTime=2026-02-01T00:00:00&toStatementDateTime=2026-01-31T23:59:59", &[]),
            ("fromStatementDateTime=9999-12-31T23:59:59", &[]),
            ("toStatementDateTime=0001-01-01T00:00:00", &[]),
            // Left empty, of other lists, or of nobody.
            ("fromStatementDateTime=&toStatementDateTime=&page=", &[february, january]),
            ("fromBookingDateTime=x&x=y", &[february, january]),
        ] {
            let path = format!("/accounts/{account}/statements?{query}");
            let page = world.app.read(&path, &token).await;
            assert_eq!(references(&page), expected, "{engine:?} {query}");
        }
        for (query, code, field) in [
            ("fromStatementDateTime=x", "U003", "fromStatementDateTime"),
            ("toStatementDateTime=2026-02-30T00:00:00", "U003", "toStatementDateTime"),
            ("toStatementDateTime=2026-01-01&toStatementDateTime=2026-01-01", "U003", "toStatementDateTime"),
            ("page=x", "U002", "page"),
            ("page=Ag==", "U002", "page"),
        ] {
            for path in [format!("/accounts/{account}/statements?{query}"), format!("/statements?{query}")] {
                let answer = world.app.answer(&path, &token).await;
                let at = answer.json()["Errors"][0]["Path"].clone();
                assert_eq!((answer.status, answer.code().as_str()), (400, code), "{path}");
                assert_eq!(at, field, "{path}");
                // Whoever may not read learns nothing about the query.
                assert_eq!(world.app.answer(&path, "x").await.status, 401);
            }
        }
    }
}

#[tokio::test]
async fn a_consent_shows_what_lies_wholly_in_its_window_and_hides_the_rest_everywhere() {
    let world = Bank::on(Engine::Sqlite).await;
    let (all, account) = world.lodged(&["ReadStatementsDetail"], &json!({})).await;
    let whole = world.app.read(&format!("/accounts/{account}/statements"), &all).await;
    let ids: Vec<_> = rows(&whole).iter().map(|row| (row["StatementReference"].as_str().unwrap(), id(row))).collect();
    let permissions =
        ["ReadStatementsDetail", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"];
    for (from, to, expected) in [
        (None, Some("2026-02-28T23:59:59Z"), &["2026-02", "2026-01"][..]),
        (None, Some("2026-02-28T23:59:58Z"), &["2026-01"]),
        (Some("2026-01-01T00:00:00Z"), None, &["2026-02", "2026-01"]),
        (Some("2026-01-01T00:00:01Z"), None, &["2026-02"]),
        (Some("2026-01-15T00:00:00Z"), Some("2026-02-15T00:00:00Z"), &[]),
    ] {
        let mut window = json!({});
        for (name, value) in [("TransactionFromDateTime", from), ("TransactionToDateTime", to)] {
            window.as_object_mut().unwrap().extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        let (token, _) = world.lodged(&permissions, &window).await;
        let list = world.app.read(&format!("/accounts/{account}/statements"), &token).await;
        assert_eq!(references(&list), expected, "{window}");
        let bulk = world.app.read("/statements", &token).await;
        assert_eq!(rows(&bulk).iter().filter(|row| row["AccountId"] == account).count(), expected.len(), "{window}");
        // A filter cannot widen it.
        let asked = format!("/accounts/{account}/statements?fromStatementDateTime=2000-01-01T00:00:00");
        assert_eq!(references(&world.app.read(&asked, &token).await), expected, "{window}");
        for (reference, id) in &ids {
            let shown = expected.contains(reference);
            for end in ["", "/transactions", "/file"] {
                let path = format!("/accounts/{account}/statements/{id}{end}");
                let status = world.app.get(&path, &token).await.status();
                assert_eq!(status, if shown { 200 } else { 400 }, "{reference}{end} in {window}");
            }
        }
    }
}

//! A daily load: what is new comes in, what was pending becomes final or vanishes, and a repetition changes nothing.

use lombard_bank::import::{Error, File, Files, Report};
use lombard_domain::account::BookingStatus;
use lombard_domain::currency::Currency;
use lombard_domain::money::Money;
use lombard_store::{Db, account};

use crate::engines;
use crate::import::{account_of, all_transactions, change, example, of, run, sums};
use crate::reader::possessions;

const HEADING: &str = "transaction_id,account_id,booked_on,credit_debit,amount,currency,code,sub_code,description,\
    counterparty_scheme,counterparty_identification,status,value_on,counterparty_name\n";

/// The example with these transactions instead of its own, in a file that has every column.
fn day(rows: &str) -> Files {
    example().with(File::Transactions, format!("{HEADING}{rows}").into_bytes()).with(File::Statements, no_statements())
}

fn no_statements() -> Vec<u8> {
    format!("{}\n", File::Statements.columns().join(",")).into_bytes()
}

const FIRST_DAY: &str = "\
u1,a1,2026-03-01,Credit,500.00,GBP,,,Opening,,,Booked,,
u2,a1,2026-03-02,Debit,20.00,GBP,CCRD,POSD,Shop,,,Pending,,Green Grocer
u3,a1,2026-03-02,Debit,30.00,GBP,,,Hotel,,,Pending,,
u4,a1,2026-03-02,Credit,7.00,GBP,,,Refund,,,Pending,,
";
const SECOND_DAY: &str = "\
u2,a1,2026-03-03,Debit,20.00,GBP,CCRD,POSD,Green Grocer,SortCodeAccountNumber,09019955667788,Booked,2026-03-02,Green Grocer
u3,a1,2026-03-02,Debit,30.00,GBP,,,Hotel,,,Cancelled,,
u4,a1,2026-03-02,Credit,7.00,GBP,,,Refund,,,Pending,,
u5,a1,2026-03-03,Debit,1.00,GBP,,,Stamp,,,Booked,,
u6,a1,2026-03-02,Debit,9.00,GBP,,,Never known,,,Cancelled,,
";

/// New, there already, booked, removed.
fn counts(report: &Report, file: File) -> [u64; 4] {
    let file = of(report, file);
    [file.added, file.present, file.booked, file.removed]
}

/// Booked and pending money of account a1.
async fn amounts(db: &Db) -> (i64, i64) {
    let id = account_of(db, "amelia", "a1").await;
    let amounts = account::balance(&mut db.read().await.unwrap(), id).await.unwrap().unwrap();
    (amounts.booked.minor(), amounts.pending.minor())
}

/// Source, booked or not, and running balance of what is on account a1.
async fn rows(db: &Db) -> Vec<(String, BookingStatus, Option<i64>)> {
    let id = account_of(db, "amelia", "a1").await;
    let rows = all_transactions(db, id).await.into_iter();
    rows.map(|row| {
        let balance = row.balance.map(|money| money.minor());
        (row.transaction.source.as_str().to_owned(), row.transaction.status, balance)
    })
    .collect()
}

#[tokio::test]
async fn what_was_pending_becomes_final_or_vanishes() {
    for engine in engines::fresh().await {
        let report = run(&engine.db, &day(FIRST_DAY)).await.unwrap();
        assert_eq!(counts(&report, File::Transactions), [4, 0, 0, 0], "{engine}");
        assert!(!report.to_string().contains("booked") && !report.to_string().contains("removed"));
        assert_eq!(report.flows.len(), 1, "what is pending has not flowed");
        assert_eq!(report.flows[0].money_out, Money::zero(Currency::GBP));
        assert_eq!(amounts(&engine.db).await, (50_000, -5_000), "{engine}");
        let id = account_of(&engine.db, "amelia", "a1").await;
        let pending = all_transactions(&engine.db, id).await;
        let shop = pending.iter().find(|row| row.transaction.source.as_str() == "u2").unwrap();
        assert_eq!(shop.transaction.status, BookingStatus::Pending);

        let report = run(&engine.db, &day(SECOND_DAY)).await.unwrap();
        assert_eq!(counts(&report, File::Transactions), [1, 2, 1, 1], "{engine}");
        assert_eq!(amounts(&engine.db).await, (47_900, 0), "{engine}");
        let booked = BookingStatus::Booked;
        let expected = [
            ("u1".to_owned(), booked, Some(50_000)),
            ("u4".to_owned(), BookingStatus::Pending, None),
            ("u2".to_owned(), booked, Some(48_000)),
            ("u5".to_owned(), booked, Some(47_900)),
        ];
        assert_eq!(rows(&engine.db).await, expected, "{engine}");
        let after = all_transactions(&engine.db, id).await;
        let same = &after.iter().find(|row| row.transaction.source.as_str() == "u2").unwrap().transaction;
        assert_eq!(same.id, shop.transaction.id, "its identifier stays");
        assert_eq!(same.booked_at.rfc3339(), "2026-03-03T00:00:00Z");
        assert_eq!(same.value_at.map(|at| at.rfc3339()).as_deref(), Some("2026-03-02T00:00:00Z"));
        assert_eq!(same.description.as_ref().map(|text| text.as_str()), Some("Green Grocer"));
        let counterparty = same.counterparty.as_ref().unwrap();
        assert_eq!(counterparty.name.as_ref().map(|name| name.as_str()), Some("Green Grocer"));
        assert_eq!(counterparty.account.as_ref().map(|account| account.number()), Some("09019955667788"));
        sums(&engine.db).await;
    }
}

#[tokio::test]
async fn the_table_tells_what_was_booked_and_removed() {
    let engine = engines::fresh().await.remove(0);
    run(&engine.db, &day(FIRST_DAY)).await.unwrap();
    let report = run(&engine.db, &day(SECOND_DAY)).await.unwrap().to_string();
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(
        lines[0],
        "file                          rows         new   there already    repeated      booked     removed"
    );
    let transactions = lines.iter().find(|line| line.starts_with("transactions.csv")).unwrap();
    assert_eq!(
        *transactions,
        "transactions.csv                 5           1               2           0           1           1"
    );
    assert!(report.ends_with("Every balance is the sum of its transactions."), "{report}");
}

#[tokio::test]
async fn a_day_that_is_loaded_again_changes_nothing() {
    for engine in engines::fresh().await {
        run(&engine.db, &day(FIRST_DAY)).await.unwrap();
        run(&engine.db, &day(SECOND_DAY)).await.unwrap();
        let (before, there) = (amounts(&engine.db).await, rows(&engine.db).await);
        let again = run(&engine.db, &day(SECOND_DAY)).await.unwrap();
        assert!(!again.changed(), "{engine}");
        assert_eq!(counts(&again, File::Transactions), [0, 5, 0, 0], "{engine}");
        assert_eq!((amounts(&engine.db).await, rows(&engine.db).await), (before, there), "{engine}");
    }
}

#[tokio::test]
async fn what_is_final_stays_and_what_is_pending_is_booked_only_as_it_was() {
    for engine in engines::fresh().await {
        run(&engine.db, &day(FIRST_DAY)).await.unwrap();
        let (before, there) = (amounts(&engine.db).await, rows(&engine.db).await);
        for (row, column) in [
            ("u1,a1,2026-03-01,Credit,500.00,GBP,,,Opening,,,Pending,,\n", "transaction_id"),
            ("u1,a1,2026-03-01,Credit,500.00,GBP,,,Opening,,,Cancelled,,\n", "transaction_id"),
            ("u1,a1,2026-03-01,Credit,500.00,GBP,,,Opening,,,Booked,2026-03-01,\n", "transaction_id"),
            ("u3,a1,2026-03-02,Debit,30.01,GBP,,,Hotel,,,Booked,,\n", "transaction_id"),
            ("u3,a1,2026-03-02,Credit,30.00,GBP,,,Hotel,,,Booked,,\n", "transaction_id"),
            ("u3,a2,2026-03-02,Debit,30.00,GBP,,,Hotel,,,Booked,,\n", "transaction_id"),
            ("u3,a1,2026-03-02,Debit,30.01,GBP,,,Hotel,,,Pending,,\n", "transaction_id"),
            ("u3,a1,2026-03-02,Debit,30.01,GBP,,,Hotel,,,Cancelled,,\n", "transaction_id"),
            ("u3,a2,2026-03-02,Debit,30.00,GBP,,,Hotel,,,Cancelled,,\n", "transaction_id"),
        ] {
            // A good row before it is not stored either.
            let good = "u2,a1,2026-03-02,Debit,20.00,GBP,CCRD,POSD,Shop,,,Booked,,Green Grocer\n";
            let refused = run(&engine.db, &day(&format!("{good}{row}"))).await;
            let Err(Error::Refused(problems)) = refused else { panic!("{engine}: {row}") };
            let reason = "the database has other content under this identifier";
            assert_eq!(problems.list().len(), 1, "{engine}: {problems}");
            assert_eq!(problems.list()[0].to_string(), format!("transactions.csv line 3, {column}: {reason}"));
            assert_eq!((amounts(&engine.db).await, rows(&engine.db).await), (before, there.clone()), "{engine}: {row}");
        }
    }
}

#[tokio::test]
async fn what_was_cancelled_may_come_again() {
    for engine in engines::fresh().await {
        run(&engine.db, &day(FIRST_DAY)).await.unwrap();
        run(&engine.db, &day(SECOND_DAY)).await.unwrap();
        let hotel = "u3,a1,2026-03-05,Debit,30.00,GBP,,,Hotel,,,Booked,,\n";
        let report = run(&engine.db, &day(hotel)).await.unwrap();
        assert_eq!(counts(&report, File::Transactions), [1, 0, 0, 0], "{engine}");
        assert_eq!(amounts(&engine.db).await, (44_900, 0), "{engine}");
        sums(&engine.db).await;
    }
}

#[tokio::test]
async fn a_direct_debit_moves_on_and_never_back() {
    let debit = "d1,a3,Active,Beacon Energy,EN-4410078,Monthly,2026-02-14,118.00,GBP";
    let on = |day: &str, amount: &str| format!("d1,a3,Active,Beacon Energy,EN-4410078,Monthly,{day},{amount},GBP");
    for engine in engines::fresh().await {
        run(&engine.db, &example()).await.unwrap();
        let amelia = crate::import::customer_id(&engine.db, "amelia").await;
        for (row, updated, expected) in [
            (on("2026-03-16", "121.40"), 1, ("2026-03-16", 12_140)),
            (on("2026-03-16", "121.40"), 0, ("2026-03-16", 12_140)),
            (on("2026-03-16", "121.50"), 1, ("2026-03-16", 12_150)),
            (debit.to_owned(), 0, ("2026-03-16", 12_150)),
            ("d1,a3,Active,Beacon Energy,EN-4410078,Monthly,,,".to_owned(), 0, ("2026-03-16", 12_150)),
            ("d3,a1,Suspended,Ironworks Gym,,Monthly,2026-03-20,1.00,GBP".to_owned(), 1, ("2026-03-16", 12_150)),
        ] {
            let first = if row.starts_with("d1") { debit } else { "d3,a1,Suspended,Ironworks Gym,,Monthly,,," };
            let report = run(&engine.db, &change(example(), File::DirectDebits, first, &row)).await.unwrap();
            let file = of(&report, File::DirectDebits);
            assert_eq!((file.added, file.present, file.updated), (0, 4 - updated, updated), "{engine}: {row}");
            assert_eq!(report.changed(), updated > 0);
            let debits = possessions(&engine.db, amelia).await.direct_debits;
            let energy = debits.iter().find(|debit| debit.source.as_str() == "d1").unwrap();
            let previous = energy.previous.map(|paid| (paid.on.to_string(), paid.amount.minor()));
            assert_eq!(previous, Some((expected.0.to_owned(), expected.1)), "{engine}: {row}");
        }
        let other = change(example(), File::DirectDebits, "d1,a3,Active", "d1,a3,Expired");
        let refused = run(&engine.db, &other).await.unwrap_err().to_string();
        let reason = "direct_debits.csv line 2, direct_debit_id: the database has other content under this identifier";
        assert!(refused.contains(reason), "{refused}");
    }
}

#[tokio::test]
async fn a_statement_sums_up_what_the_same_load_brought() {
    let rows = "\
u1,a1,2026-02-28,Credit,500.00,GBP,,,Opening,,,Booked,,
u2,a1,2026-03-01,Debit,20.00,GBP,,,Shop,,,Booked,,
u3,a1,2026-03-31,Credit,1.50,GBP,,,Found,,,Booked,,
u4,a1,2026-03-31,Debit,5.00,GBP,,,Waits,,,Pending,,
u5,a1,2026-04-01,Debit,100.00,GBP,,,April,,,Booked,,
";
    let statements = "n1,a1,RegularPeriodic,,2026-03-01,2026-03-31,2026-04-01\n\
        n2,a1,Annual,2025,2025-01-01,2025-12-31,2026-01-02\n";
    for engine in engines::fresh().await {
        let content = [no_statements(), statements.as_bytes().to_vec()].concat();
        let report = run(&engine.db, &day(rows).with(File::Statements, content)).await.unwrap();
        assert_eq!(counts(&report, File::Statements), [2, 0, 0, 0], "{engine}");
        let amelia = crate::import::customer_id(&engine.db, "amelia").await;
        let told = possessions(&engine.db, amelia).await.statements;
        let figures = |source: &str| {
            let statement = told.iter().find(|told| told.statement.source.as_str() == source).unwrap();
            let figures = statement.figures;
            [figures.opening, figures.money_in, figures.money_out, figures.closing].map(Money::minor)
        };
        assert_eq!(figures("n1"), [50_000, 150, -2_000, 48_150], "{engine}");
        assert_eq!(figures("n2"), [0, 0, 0, 0], "{engine}");
    }
}

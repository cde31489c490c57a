//! The example of `examples/bank`, and what importing twice does.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use lombard_bank::import::{self, Error, File, Files, Progress, Report};
use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, AuditId};
use lombard_domain::money::Money;
use lombard_domain::party::Username;
use lombard_domain::permission::Window;
use lombard_domain::time::Instant;
use lombard_store::transaction::{PageQuery, StoredTransaction, Towards};
use lombard_store::{Db, account, customer, standing_order, transaction};

use crate::engines;

pub(crate) fn example() -> Files {
    Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bank")).unwrap()
}

/// Replaces a text that must be in a file.
pub(crate) fn change(files: Files, file: File, from: &str, to: &str) -> Files {
    let content = String::from_utf8(files.get(file).unwrap().to_vec()).unwrap();
    assert!(content.contains(from), "{from} is not in {}", file.name());
    files.with(file, content.replacen(from, to, 1).into_bytes())
}

pub(crate) async fn run(db: &Db, files: &Files) -> Result<Report, Error> {
    import::run(db, files, &record(), &mut |_| {}).await
}

/// All that can be told of a database by its sums.
pub(crate) async fn sums(db: &Db) -> (Vec<account::Totals>, Vec<transaction::Totals>, usize) {
    let mut tx = db.read().await.unwrap();
    let customers = customer::list(&mut tx, None, 10_000).await.unwrap().len();
    assert_eq!(account::unbalanced(&mut tx).await.unwrap(), 0);
    (account::totals(&mut tx).await.unwrap(), transaction::totals(&mut tx).await.unwrap(), customers)
}

pub(crate) async fn all_transactions(db: &Db, account: AccountId) -> Vec<StoredTransaction> {
    let query =
        PageQuery { after: None, towards: Towards::Newer, only: None, window: Window::default(), limit: i64::MAX };
    let mut all = transaction::page(&mut db.read().await.unwrap(), account, &query).await.unwrap();
    all.reverse();
    all
}

#[tokio::test]
async fn the_example_is_imported_as_it_is_written() {
    for engine in engines::fresh().await {
        let mut told = Vec::new();
        let report = import::run(&engine.db, &example(), &record(), &mut |progress| told.push(progress)).await.unwrap();
        assert_eq!(told.first(), Some(&Progress { done: 0, total: 58 }), "{engine}");
        assert_eq!(told.last(), Some(&Progress { done: 58, total: 58 }));
        assert!(told.is_sorted_by_key(|progress| progress.done));
        assert_eq!(report.to_string(), REPORT, "{engine}");

        let mut tx = engine.db.read().await.unwrap();
        let username = Username::new("Amelia").unwrap();
        let amelia = customer::credentials(&mut tx, &username).await.unwrap().unwrap();
        assert!(amelia.password_hash.is_none(), "nobody can sign in with what was imported");
        let held = account::of_customer(&mut tx, amelia.customer).await.unwrap();
        let names: Vec<_> = held.iter().map(|held| (held.account.source.as_str(), held.owners)).collect();
        assert_eq!(names, [("a1", 1), ("a2", 1), ("a3", 2)]);
        let orders = standing_order::of_account(&mut tx, held[0].account.id).await.unwrap();
        assert_eq!(orders.len(), 2);
        drop(tx);
        let rows = all_transactions(&engine.db, held[2].account.id).await;
        let balance = rows.last().unwrap().balance;
        assert_eq!(balance, Some(Money::new(62_720, Currency::GBP)), "{engine}");
        let quoted = rows.iter().filter_map(|row| row.transaction.description.as_ref());
        assert!(quoted.map(|text| text.as_str()).any(|text| text == "Green Grocer, Lombard St"));
    }
}

const REPORT: &str = "\
file                          rows         new   there already    repeated
customers.csv                    3           3               0           0
accounts.csv                     5           5               0           0
account_holders.csv              7           7               0           0
standing_orders.csv              4           4               0           0
transactions.csv                39          39               0           0

money in these files                        in                     out
EUR                                   3,161.00                  122.40
GBP                                  22,789.64                5,840.28

the bank now holds        accounts    transactions                balances
EUR                              1               5                3,038.60
GBP                              4              34               16,949.36

Every balance is the sum of its transactions.";

#[tokio::test]
async fn importing_twice_changes_nothing() {
    for engine in engines::fresh().await {
        run(&engine.db, &example()).await.unwrap();
        let before = sums(&engine.db).await;
        let again = run(&engine.db, &example()).await.unwrap();
        assert!(!again.changed(), "{engine}");
        assert!(again.files.iter().all(|file| file.added == 0 && file.present == file.rows()));
        assert!(again.to_string().ends_with("Nothing was new."));
        assert_eq!(sums(&engine.db).await, before);
    }
}

#[tokio::test]
async fn a_later_import_adds_what_is_new() {
    for engine in engines::fresh().await {
        run(&engine.db, &example()).await.unwrap();
        let line = "t40,a1,2026-01-06,Debit,10.00,GBP,,,Late,,\nt41,a1,2026-03-02,Credit,4.00,GBP,,,New,,\n";
        let mut longer = example().get(File::Transactions).unwrap().to_vec();
        longer.extend_from_slice(line.as_bytes());
        let report = run(&engine.db, &example().with(File::Transactions, longer)).await.unwrap();
        assert_eq!(report.files[4].added, 2, "{engine}");
        sums(&engine.db).await;
        let id = account_of(&engine.db, "amelia", "a1").await;
        let mut booked = 0;
        for row in all_transactions(&engine.db, id).await {
            booked += row.transaction.amount.minor();
            assert_eq!(row.balance, Some(Money::new(booked, Currency::GBP)), "{engine}");
        }
    }
}

async fn account_of(db: &Db, username: &str, source: &str) -> AccountId {
    let mut tx = db.read().await.unwrap();
    let username = Username::new(username).unwrap();
    let customer = customer::credentials(&mut tx, &username).await.unwrap().unwrap().customer;
    let held = account::of_customer(&mut tx, customer).await.unwrap();
    held.into_iter().find(|held| held.account.source.as_str() == source).unwrap().account.id
}

#[tokio::test]
async fn what_the_database_knows_otherwise_is_refused() {
    for engine in engines::fresh().await {
        run(&engine.db, &example()).await.unwrap();
        let before = sums(&engine.db).await;
        let new_line = "t99,a1,2026-03-02,Credit,4.00,GBP,,,New,,\n";
        let mut files = example();
        for (file, from, to) in [
            (File::Customers, "Amelia Hart", "Amelia Smith"),
            (File::Accounts, "Rainy day", "Sunny day"),
            (File::AccountHolders, "a4,c2,authorised", "a4,c2,owner"),
            (File::StandingOrders, "1350.00", "1360.00"),
            (File::Transactions, "1840.22", "1840.23"),
            (File::Transactions, "t2,a2", &format!("{new_line}t2,a2")),
        ] {
            files = change(files, file, from, to);
        }
        let refused = run(&engine.db, &files).await.unwrap_err().to_string();
        let expected = "nothing was imported; 5 problems:
  customers.csv line 2, customer_id: the database has other content under this identifier
  accounts.csv line 3, account_id: the database has other content under this identifier
  account_holders.csv line 7, role: the database knows this holder in another role
  standing_orders.csv line 4, standing_order_id: the database has other content under this identifier
  transactions.csv line 2, transaction_id: the database has other content under this identifier";
        assert_eq!(refused, expected, "{engine}");
        assert_eq!(sums(&engine.db).await, before, "nothing was stored");

        let clashing = change(example(), File::Customers, "c1,amelia", "c1,someone");
        let clashing = change(clashing, File::Customers, "c2,jonah", "c4,amelia,Other,,\nc2,jonah");
        let refused = run(&engine.db, &clashing).await.unwrap_err().to_string();
        assert!(
            refused.contains("customers.csv line 3, username: the database knows this user name as another customer's"),
            "{refused}"
        );
        assert_eq!(sums(&engine.db).await, before);
    }
}

#[test]
fn a_folder_without_files_says_which_are_missing() {
    let empty = tempfile::tempdir().unwrap();
    let files = Files::read(empty.path()).unwrap();
    let refused = import::parse(&files, &|_, _| 0).err().unwrap();
    let names: Vec<_> = refused.list().iter().map(ToString::to_string).collect();
    let expected = ["customers", "accounts", "account_holders", "transactions"];
    assert_eq!(names, expected.map(|name| format!("{name}.csv: this file is missing")));
    let folder: PathBuf = empty.path().join("customers.csv");
    std::fs::create_dir(folder).unwrap();
    assert!(matches!(Files::read(empty.path()), Err(Error::Unreadable { file: File::Customers, .. })));
}

/// What an import puts on record.
pub(crate) fn record() -> Entry {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = AuditId::from_bits(NEXT.fetch_add(1, Ordering::Relaxed).into());
    let at = Instant::from_seconds(0);
    Entry { id, at, event: Event::Imported, subject: Subject::default(), reason: None, interaction: None }
}

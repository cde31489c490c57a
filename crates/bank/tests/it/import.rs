//! The example of `examples/bank`, and what importing twice does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use lombard_bank::import::{self, Error, File, FileReport, Files, Progress, Report};
use lombard_domain::account::{
    Frequency, MandateStatus, OfferKind, ProductKind, ScheduledFor, Statement, StatementKind, Trust,
};
use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::currency::Currency;
use lombard_domain::id::{AccountId, AuditId, CustomerId};
use lombard_domain::money::Money;
use lombard_domain::party::Username;
use lombard_domain::permission::Window;
use lombard_domain::time::Instant;
use lombard_store::transaction::{PageQuery, StoredTransaction, Towards};
use lombard_store::{Db, account, contact, customer, transaction};

use crate::engines;
use crate::reader::possessions;

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
        assert_eq!(told.first(), Some(&Progress { done: 0, total: 91 }), "{engine}");
        assert_eq!(told.last(), Some(&Progress { done: 91, total: 91 }));
        assert!(told.is_sorted_by_key(|progress| progress.done));
        assert_eq!(report.to_string(), REPORT, "{engine}");

        let mut tx = engine.db.read().await.unwrap();
        let username = Username::new("Amelia").unwrap();
        let amelia = customer::credentials(&mut tx, &username).await.unwrap().unwrap();
        assert!(amelia.password_hash.is_none(), "nobody can sign in with what was imported");
        let held = account::of_customer(&mut tx, amelia.customer).await.unwrap();
        let names: Vec<_> = held.iter().map(|held| (held.account.source.as_str(), held.owners)).collect();
        assert_eq!(names, [("a1", 1), ("a2", 1), ("a3", 2)]);
        drop(tx);
        let orders = possessions(&engine.db, amelia.customer).await.standing_orders;
        assert_eq!(orders.iter().filter(|order| order.account == held[0].account.id).count(), 2);
        let rows = all_transactions(&engine.db, held[2].account.id).await;
        let balance = rows.last().unwrap().balance;
        assert_eq!(balance, Some(Money::new(62_720, Currency::GBP)), "{engine}");
        let quoted = rows.iter().filter_map(|row| row.transaction.description.as_ref());
        assert!(quoted.map(|text| text.as_str()).any(|text| text == "Green Grocer, Lombard St"));
    }
}

#[tokio::test]
async fn everything_beside_the_transactions_is_there_as_it_is_written() {
    for engine in engines::fresh().await {
        run(&engine.db, &example()).await.unwrap();
        let priya = customer_id(&engine.db, "priya").await;
        let has = possessions(&engine.db, priya).await;
        let saved = &has.beneficiaries[..];
        let saved: BTreeMap<_, _> = saved.iter().map(|saved| (saved.source.as_str(), saved)).collect();
        assert_eq!(saved.keys().copied().collect::<Vec<_>>(), ["b4", "b5"], "{engine}");
        assert_eq!((saved["b4"].trust, saved["b4"].name.is_none()), (Trust::Ordinary, true));
        assert_eq!((saved["b5"].trust, saved["b5"].name.as_ref().unwrap().as_str()), (Trust::Trusted, "Atelier Weiß"));
        assert_eq!(saved["b5"].reference.as_ref().unwrap().as_str(), "Rechnung 17");
        assert_eq!(saved["b5"].creditor.number(), "DE44500105175407324931");

        let [debit] = &has.direct_debits[..] else { panic!("{engine}") };
        let previous = debit.previous.unwrap();
        assert_eq!((debit.status, debit.frequency), (MandateStatus::Cancelled, Frequency::Quarterly));
        assert_eq!((debit.name.as_str(), debit.mandate.as_ref().unwrap().as_str()), ("Swiftline Mobile", "SM-7781"));
        assert_eq!((previous.on.to_string(), previous.amount.minor()), ("2025-11-28".to_owned(), 5460));

        let [payment] = &has.scheduled_payments[..] else { panic!("{engine}") };
        assert_eq!((payment.on.to_string(), payment.what), ("2029-01-15".to_owned(), ScheduledFor::Execution));
        assert_eq!((payment.amount, payment.reference.is_none()), (Money::new(24_000, Currency::EUR), true));

        let [offer] = &has.offers[..] else { panic!("{engine}") };
        assert_eq!((offer.kind, offer.description.as_str()), (OfferKind::Other, "A card reader for your shop"));
        assert!(offer.from.is_none() && offer.to.is_none() && offer.amount.is_none());

        let products: BTreeMap<_, _> =
            has.products.iter().map(|product| (product.code.as_str(), product.kind)).collect();
        assert_eq!(products, [("BUS-1", BUSINESS), ("BUS-2", BUSINESS)].into(), "{engine}");

        let february = has.statements.iter().find(|told| told.statement.source.as_str() == "m9").unwrap();
        let Statement { kind, from, to, made_on, .. } = &february.statement;
        assert_eq!(*kind, StatementKind::RegularPeriodic);
        assert_eq!([from, to, made_on].map(ToString::to_string), ["2026-02-01", "2026-02-28", "2026-03-01"]);
        let figures = february.figures;
        let figures = [figures.opening, figures.money_in, figures.money_out, figures.closing].map(Money::minor);
        assert_eq!(figures, [438_501, 145_000, -3999, 579_502], "{engine}");

        let person = contact::person(&mut engine.db.read().await.unwrap(), priya).await.unwrap().unwrap();
        let contact = person.contact.unwrap();
        assert_eq!(contact.phone.unwrap().as_str(), "+44-2079460103");
        assert!(contact.mobile.is_none());
        let address = contact.address.unwrap();
        let lines: Vec<_> = address.lines.iter().map(|line| line.as_str()).collect();
        assert_eq!(lines, ["Studio 3, The Ropery", "Quay Street"]);
        let rest = [address.post_code.unwrap().into_string(), address.town.unwrap().into_string()];
        assert_eq!((rest, address.country.unwrap().as_str()), (["ZX2 9QS", "Saltmarsh"].map(str::to_owned), "GB"));
    }
}

const BUSINESS: ProductKind = ProductKind::BusinessCurrentAccount;

const REPORT: &str = "\
file                          rows         new   there already    repeated
customers.csv                    3           3               0           0
parties.csv                      3           3               0           0
accounts.csv                     5           5               0           0
account_holders.csv              7           7               0           0
products.csv                     5           5               0           0
standing_orders.csv              4           4               0           0
beneficiaries.csv                5           5               0           0
direct_debits.csv                4           4               0           0
scheduled_payments.csv           3           3               0           0
offers.csv                       3           3               0           0
transactions.csv                39          39               0           0
statements.csv                  10          10               0           0

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
        assert_eq!(of(&report, File::Transactions).added, 2, "{engine}");
        sums(&engine.db).await;
        let id = account_of(&engine.db, "amelia", "a1").await;
        let mut booked = 0;
        for row in all_transactions(&engine.db, id).await {
            booked += row.transaction.amount.minor();
            assert_eq!(row.balance, Some(Money::new(booked, Currency::GBP)), "{engine}");
        }
    }
}

/// What became of one file.
pub(crate) fn of(report: &Report, file: File) -> &FileReport {
    report.files.iter().find(|report| report.file == file).unwrap()
}

pub(crate) async fn customer_id(db: &Db, username: &str) -> CustomerId {
    let mut tx = db.read().await.unwrap();
    let username = Username::new(username).unwrap();
    customer::credentials(&mut tx, &username).await.unwrap().unwrap().customer
}

pub(crate) async fn account_of(db: &Db, username: &str, source: &str) -> AccountId {
    let customer = customer_id(db, username).await;
    let mut tx = db.read().await.unwrap();
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
            (File::Parties, "12 Bell Yard", "14 Bell Yard"),
            (File::Products, "Instant Saver", "Slow Saver"),
            (File::Beneficiaries, "b1,a1,Trusted", "b1,a1,Ordinary"),
            (File::DirectDebits, "CT-552091", "CT-552092"),
            (File::ScheduledPayments, "75.50", "75.55"),
            (File::Offers, "A card reader", "Two card readers"),
            (File::Statements, "2026-01-31,2026-02-01", "2026-01-30,2026-02-01"),
            (File::Transactions, "1840.22", "1840.23"),
            (File::Transactions, "t2,a2", &format!("{new_line}t2,a2")),
        ] {
            files = change(files, file, from, to);
        }
        let refused = run(&engine.db, &files).await.unwrap_err().to_string();
        let expected = "nothing was imported; 12 problems:
  customers.csv line 2, customer_id: the database has other content under this identifier
  accounts.csv line 3, account_id: the database has other content under this identifier
  parties.csv line 2, customer_id: the database has other content for this customer
  account_holders.csv line 7, role: the database knows this holder in another role
  products.csv line 3, account_id: the database has another product for this account
  standing_orders.csv line 4, standing_order_id: the database has other content under this identifier
  beneficiaries.csv line 2, beneficiary_id: the database has other content under this identifier
  direct_debits.csv line 3, direct_debit_id: the database has other content under this identifier
  scheduled_payments.csv line 3, scheduled_payment_id: the database has other content under this identifier
  offers.csv line 4, offer_id: the database has other content under this identifier
  transactions.csv line 2, transaction_id: the database has other content under this identifier
  statements.csv line 2, statement_id: the database has other content under this identifier";
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
    Entry {
        id,
        at,
        event: Event::Imported,
        subject: Subject::default(),
        reason: None,
        interaction: None,
        address: None,
    }
}

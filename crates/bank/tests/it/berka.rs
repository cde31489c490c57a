//! A real bank's year: every account, every transaction, on both engines.

use std::collections::HashMap;
use std::path::Path;

use lombard_bank::import::{File, Files};
use lombard_domain::party::Username;
use lombard_store::{account, customer};

use crate::engines;
use crate::import::{all_transactions, run, sums};

/// The data, which is not part of the project; `None` with a printed line where it is not at hand.
fn berka() -> Option<Files> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/berka");
    if folder.is_dir() {
        return Some(Files::read(&folder).unwrap());
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

#[tokio::test]
async fn a_real_year_is_imported_whole_and_only_once() {
    let Some(files) = berka() else { return };
    for engine in engines::fresh().await {
        let report = run(&engine.db, &files).await.unwrap();
        let read = report.files.iter().filter(|file| file.rows() > 0);
        let added: Vec<_> = read.map(|file| (file.file, file.added)).collect();
        let expected = [
            (File::Customers, 1385),
            (File::Accounts, 1139),
            (File::AccountHolders, 1385),
            (File::StandingOrders, 1629),
            (File::Transactions, 28_205),
        ];
        assert_eq!(added, expected, "{engine}");
        let before = sums(&engine.db).await;
        assert_eq!((before.0[0].accounts, before.1[0].transactions, before.2), (1139, 28_205, 1385));
        let flow = report.flows[0];
        assert_eq!(Some(before.0[0].booked), flow.money_out.negated().and_then(|out| flow.money_in.plus(out)));

        let again = run(&engine.db, &files).await.unwrap();
        assert!(!again.changed(), "{engine}");
        assert_eq!(sums(&engine.db).await, before);
        every_account_reads_as_its_file(&engine.db, &files).await;
    }
}

/// Walks every account and compares it with the rows of the file, in their order.
async fn every_account_reads_as_its_file(db: &lombard_store::Db, files: &Files) {
    let text = |file| std::str::from_utf8(files.get(file).unwrap()).unwrap();
    let mut by_account: HashMap<&str, Vec<(&str, i64)>> = HashMap::new();
    for line in text(File::Transactions).lines().skip(1) {
        let fields: Vec<_> = line.split(',').collect();
        let minor: i64 = fields[4].replace('.', "").parse().unwrap();
        let signed = if fields[3] == "Debit" { -minor } else { minor };
        by_account.entry(fields[1]).or_default().push((fields[0], signed));
    }
    for line in text(File::AccountHolders).lines().skip(1).filter(|line| line.ends_with(",owner")) {
        let username = Username::new(&line.split(',').nth(1).unwrap().replace('c', "client")).unwrap();
        let mut tx = db.read().await.unwrap();
        let owner = customer::credentials(&mut tx, &username).await.unwrap().unwrap().customer;
        let held = account::of_customer(&mut tx, owner).await.unwrap();
        drop(tx);
        for account in held.into_iter().map(|held| held.account) {
            let rows = all_transactions(db, account.id).await;
            let expected = by_account.remove(account.source.as_str()).unwrap_or_default();
            let mut balance = 0;
            let read = rows.iter().map(|row| {
                balance += row.transaction.amount.minor();
                assert_eq!(row.balance.map(|money| money.minor()), Some(balance));
                (row.transaction.source.as_str(), row.transaction.amount.minor())
            });
            assert_eq!(read.collect::<Vec<_>>(), expected, "{}", account.source);
        }
    }
    assert!(by_account.is_empty(), "every transaction was met");
}

//! What customers are written: as files in a sandbox's folder, by a program that is killed again and again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::command::lombard;
use crate::customer::{Bank, Customer};
use crate::story::{SCOPE, Sandbox};

/// Signs in with a browser that nobody has seen.
async fn sign_in(bank: &Bank, customer: &Customer) {
    let browser = bank.browser();
    let page = browser.open("/my/consents").await;
    let page = browser.sign_in_with(&page, &customer.username, &customer.password, &customer.code).await;
    assert!(page.url.ends_with("/my/consents"), "{}", page.html);
}

/// The letters that are there.
fn letters(folder: &Path) -> Vec<(String, String)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    // A file that a killed program was writing has another name.
    let whole = files.filter(|file| file.extension().is_some_and(|end| end == "eml"));
    whole
        .map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(file).unwrap()))
        .collect()
}

async fn wait_for(folder: &Path, count: usize) -> Vec<(String, String)> {
    let began = Instant::now();
    loop {
        let found = letters(folder);
        if found.len() >= count {
            return found;
        }
        assert!(began.elapsed() < ARRIVAL_MAX, "{} of {count} letters", found.len());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_sandbox_shows_what_customers_are_written() {
    let sandbox = Sandbox::new();
    let server = sandbox.start().await;
    let bank = sandbox.bank();
    let folder = sandbox.folder().join("receipts");
    assert!(server.stdout().contains(folder.to_str().unwrap()), "it says where");
    let app = bank.register().await;
    bank.connect(&app, &sandbox.customer("alice"), SCOPE).await;
    let found = wait_for(&folder, 2).await;
    let (consents, sign_ins): (Vec<_>, Vec<_>) =
        found.iter().partition(|(_, text)| text.contains("The app calls itself"));
    assert_eq!((consents.len(), sign_ins.len()), (1, 1), "{found:?}");
    for (id, text) in &found {
        assert!(text.contains(&format!("Message-ID: <{id}@localhost>")), "{text}");
        assert!(text.contains("To: alice@example.com") && text.contains("/my/consents"), "{text}");
    }
    assert!(server.ops("/metrics").await.contains("lombard_receipts_total{outcome=\"sent\"} 2"));

    // What an operator does is told by the server.
    lombard(&["customer", "enrol-totp", "alice", "--data", &sandbox.data()]).good();
    lombard(&["customer", "enrol-totp", "alice", "--data", &sandbox.data()]).good();
    let found = wait_for(&folder, 3).await;
    assert_eq!(found.iter().filter(|(_, text)| text.contains("was replaced")).count(), 1, "{found:?}");
    server.stop().await;
}

#[tokio::test]
async fn no_letter_is_lost_by_a_kill_and_none_is_there_twice() {
    let sandbox = Sandbox::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut answered = 0_usize;
    for _ in 0..ROUNDS {
        let server = sandbox.start().await;
        let bank = sandbox.bank();
        for username in ["alice", "bob"] {
            sign_in(&bank, &sandbox.customer(username)).await;
            answered += 1;
        }
        // Before the letters are begun, in the middle of them, or after.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        sleep(Duration::from_micros((random >> 33) % 2_500_000)).await;
        server.kill();
    }
    // What was claimed by a program that was killed is free after two minutes; nobody needs to wait for that here.
    let database = rusqlite::Connection::open(sandbox.folder().join("bank.db")).unwrap();
    database.execute("UPDATE receipt SET next_at = at WHERE next_at IS NOT NULL", []).unwrap();
    let server = sandbox.start().await;
    let found = wait_for(&sandbox.folder().join("receipts"), answered).await;
    let began = Instant::now();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    while count("SELECT COUNT(*) FROM receipt WHERE status = 'waiting'") > 0 {
        assert!(began.elapsed() < ARRIVAL_MAX, "not noted as sent");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(count("SELECT COUNT(*) FROM receipt WHERE status = 'sent'"), i64::try_from(answered).unwrap());
    let mut names = database.prepare("SELECT id FROM receipt").unwrap();
    let names: BTreeSet<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>(), names);
    server.stop().await;
}

/// How often the program is killed.
const ROUNDS: u32 = 5;
/// How long letters may take on a busy machine.
const ARRIVAL_MAX: Duration = Duration::from_secs(30);

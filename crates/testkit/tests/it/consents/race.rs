//! One revocation against a thousand reads: none that began after it was answered succeeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lombard_auth::Call;
use lombard_domain::consent::Revoker;
use lombard_domain::id::ConsentId;
use lombard_testkit::{App, Engine, TestBank};

use super::{ACCESS, FOR_ACCOUNTS, Lodger, USUAL, asking_for, authorised, delete};

/// Calls in all, and how many of them run at the same time.
const READS: usize = 1000;
const READERS: usize = 8;

/// Who ends the consent.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The app deletes it.
    App,
    /// The bank takes it back.
    Bank,
}

/// What the readers saw.
#[derive(Default)]
struct Seen {
    answered: AtomicUsize,
    allowed: AtomicUsize,
    /// Whoever ended it has been told that it is ended.
    ended: AtomicBool,
    begun_after: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_that_begins_after_the_end_succeeds() {
    for engine in Engine::ALL {
        let lodger = Lodger::at(TestBank::on(engine).await).await;
        for end in [End::App, End::Bank] {
            let id = lodger.lodged(&asking_for(USUAL)).await;
            let token = authorised(&lodger, "amelia", FOR_ACCOUNTS, &id).await.access;
            let account = lodger.app.accounts(&token).await.remove(0);
            let seen = Arc::new(Seen::default());
            let readers: Vec<_> = (0..READERS)
                .map(|_| tokio::spawn(read(lodger.app.clone(), token.clone(), account.clone(), seen.clone())))
                .collect();
            while seen.answered.load(Ordering::SeqCst) < READS / 4 {
                // A loop without rest would take the readers' processor.
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            match end {
                End::App => {
                    let gone = delete(&lodger.app, &format!("{ACCESS}/{id}"), &lodger.accounts).await;
                    assert_eq!(gone.status, 204);
                }
                End::Bank => {
                    let id: ConsentId = id.parse().unwrap();
                    let by = Call::local("operator");
                    assert!(lodger.bank.auth.revoke_by_operator(by, id, Revoker::BankForFraud).await.unwrap());
                }
            }
            seen.ended.store(true, Ordering::SeqCst);
            for reader in readers {
                reader.await.unwrap();
            }
            assert!(seen.allowed.load(Ordering::SeqCst) >= READS / 4, "{engine:?} {end:?}: nothing was read before");
            assert!(seen.begun_after.load(Ordering::SeqCst) >= READERS, "{engine:?} {end:?}: nothing was asked after");
            assert!(seen.answered.load(Ordering::SeqCst) >= READS);
        }
    }
}

/// Reads until enough was read, and at least once after the end.
async fn read(app: App, token: String, account: String, seen: Arc<Seen>) {
    let paths =
        ["/accounts".to_owned(), format!("/accounts/{account}/balances"), format!("/accounts/{account}/transactions")];
    let (mut turn, mut asked_after) = (0, false);
    while !asked_after || seen.answered.load(Ordering::SeqCst) < READS {
        let path = &paths[turn % paths.len()];
        turn += 1;
        let after = seen.ended.load(Ordering::SeqCst);
        let answer = app.answer(path, &token).await;
        seen.answered.fetch_add(1, Ordering::SeqCst);
        let refused = (answer.status, answer.code().as_str()) == (401, "TKSP");
        assert!(answer.status == 200 || refused, "{path}: {}", answer.text);
        asked_after |= after;
        if answer.status == 200 {
            assert!(!after, "{path} was read after it had been ended");
            seen.allowed.fetch_add(1, Ordering::SeqCst);
        } else if after {
            seen.begun_after.fetch_add(1, Ordering::SeqCst);
        }
    }
}

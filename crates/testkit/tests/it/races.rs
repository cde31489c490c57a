//! What happens at the same time: no read that begins after a consent was taken back gets anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lombard_testkit::{App, Engine, Form, TestBank};

/// Calls in all, and how many of them run at the same time.
const READS: usize = 200;
const READERS: usize = 8;

/// What the readers saw.
#[derive(Default)]
struct Seen {
    answered: AtomicUsize,
    allowed: AtomicUsize,
    /// The customer has been told that the app is stopped.
    revoked: AtomicBool,
    begun_after: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_that_begins_after_the_revocation_succeeds() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let app = App::register(&bank).await;
        let tokens = app.connect(&bank, "amelia", "accounts:read balances:read transactions:read").await;
        let account = app.accounts(&tokens.access).await.remove(0);
        let browser = bank.browser();
        let page = browser.open("/my/consents").await;
        let page = browser.sign_in(&page, "amelia").await;
        let form = Form::all(&page.html).into_iter().find(|form| form.action.ends_with("/revoke")).unwrap();

        let seen = Arc::new(Seen::default());
        let readers: Vec<_> = (0..READERS)
            .map(|_| tokio::spawn(read(app.clone(), tokens.access.clone(), account.clone(), seen.clone())))
            .collect();
        while seen.answered.load(Ordering::SeqCst) < READS / 4 {
            tokio::task::yield_now().await;
        }
        assert_eq!(browser.post(&form.action, &form.hidden).await.status, 200);
        seen.revoked.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.await.unwrap();
        }
        assert!(seen.allowed.load(Ordering::SeqCst) >= READS / 4, "{engine:?}: nothing was read before");
        assert!(seen.begun_after.load(Ordering::SeqCst) >= READERS, "{engine:?}: nothing was asked for after");
        assert_eq!(app.refresh(&tokens.refresh).await.status(), 400);
    }
}

/// Reads until enough was read, and then a few times more after the revocation.
async fn read(app: App, token: String, account: String, seen: Arc<Seen>) {
    let paths =
        ["/accounts".to_owned(), format!("/accounts/{account}/balances"), format!("/accounts/{account}/transactions")];
    let mut turn = 0;
    while !seen.revoked.load(Ordering::SeqCst) || seen.answered.load(Ordering::SeqCst) < READS || turn == 0 {
        let path = &paths[turn % paths.len()];
        turn += 1;
        let after = seen.revoked.load(Ordering::SeqCst);
        let answer = app.answer(path, &token).await;
        seen.answered.fetch_add(1, Ordering::SeqCst);
        assert!(
            answer.status == 200 || (answer.status, answer.code().as_str()) == (401, "TKSP"),
            "{path}: {}",
            answer.text
        );
        if answer.status == 200 {
            assert!(!after, "{path} was read after the customer had been told that it cannot be");
            seen.allowed.fetch_add(1, Ordering::SeqCst);
        } else if after {
            seen.begun_after.fetch_add(1, Ordering::SeqCst);
        }
    }
}

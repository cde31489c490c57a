//! What is told arrives: once at least, from whichever node, and nobody waits for it.

use lombard_auth::receipt::Postman;
use lombard_domain::time::Span;
use lombard_store::receipt::Waiting;
use lombard_testkit::{Engine, MailManner, TestBank};

use super::sign_in;

/// One round of a postman, and what is begun in it.
async fn round(bank: &TestBank) {
    let mut postman = Postman::new(bank.auth.clone()).unwrap();
    postman.round().await.unwrap();
    postman.settle().await;
}

async fn waiting(bank: &TestBank) -> i64 {
    bank.auth.waiting_receipts().await.unwrap().count
}

#[tokio::test]
async fn a_crash_between_sending_and_noting_it_repeats_the_same_letter_and_loses_none() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        sign_in(&bank.browser(), "amelia").await;
        bank.mailbox.behaves(MailManner::Unconfirmed);
        let mut postman = Postman::new(bank.auth.clone()).unwrap();
        assert_eq!(postman.round().await.unwrap(), 1);
        while bank.mailbox.mail().is_empty() {
            tokio::task::yield_now().await;
        }
        drop(postman);
        bank.mailbox.behaves(MailManner::Taken);
        assert_eq!(bank.deliver().await.len(), 1, "{engine:?}: it is still theirs who crashed");
        bank.clock.advance(Span::seconds(120));
        let mail = bank.deliver().await;
        assert_eq!(mail.len(), 2, "{engine:?}");
        assert_eq!(mail[0].receipt, mail[1].receipt, "{engine:?}: the same identifier, the same words");
        assert_eq!(waiting(&bank).await, 0, "{engine:?}");
    }
}

#[tokio::test]
async fn what_does_not_work_is_tried_again_with_growing_pauses_for_about_a_day() {
    let bank = TestBank::new().await;
    sign_in(&bank.browser(), "amelia").await;
    bank.mailbox.behaves(MailManner::Later);
    let (begun, mut attempts) = (bank.auth.now(), 0);
    while waiting(&bank).await == 1 {
        let mut postman = Postman::new(bank.auth.clone()).unwrap();
        attempts += postman.round().await.unwrap();
        postman.settle().await;
        bank.clock.advance(Span::minutes(1));
        assert!(attempts < 30, "it must end");
    }
    let hours = bank.auth.now().since(begun).whole_seconds() / 3600;
    assert_eq!(attempts, 13);
    assert!((20..=27).contains(&hours), "{hours} hours");
    bank.mailbox.behaves(MailManner::Taken);
    bank.clock.advance(Span::days(1));
    assert!(bank.deliver().await.is_empty(), "given up");
}

#[tokio::test]
async fn what_works_the_second_time_arrives_once() {
    let bank = TestBank::new().await;
    sign_in(&bank.browser(), "amelia").await;
    bank.mailbox.behaves(MailManner::Later);
    round(&bank).await;
    bank.mailbox.behaves(MailManner::Taken);
    assert!(bank.deliver().await.is_empty(), "not at once");
    bank.clock.advance(Span::seconds(38));
    assert_eq!(bank.deliver().await.len(), 1);
    bank.clock.advance(Span::hours(1));
    assert_eq!(bank.deliver().await.len(), 1);
}

#[tokio::test]
async fn a_refusal_for_good_is_not_tried_again() {
    let bank = TestBank::new().await;
    sign_in(&bank.browser(), "amelia").await;
    bank.mailbox.behaves(MailManner::Never);
    round(&bank).await;
    assert_eq!(waiting(&bank).await, 0);
    bank.mailbox.behaves(MailManner::Taken);
    bank.clock.advance(Span::days(2));
    assert!(bank.deliver().await.is_empty());
}

#[tokio::test]
async fn who_has_no_address_stops_nobody() {
    let bank = TestBank::new().await;
    let mut tx = bank.db.begin("test").await.unwrap();
    let people = lombard_store::customer::list(&mut tx, None, 100).await.unwrap();
    drop(tx);
    let without = people.iter().find(|one| one.email.is_none()).expect("a customer of the example without an address");
    sign_in(&bank.browser(), without.username.as_str()).await;
    sign_in(&bank.browser(), "amelia").await;
    let mail = bank.deliver().await;
    assert_eq!(mail.len(), 1);
    assert_eq!(bank.auth.waiting_receipts().await.unwrap(), Waiting { count: 0, oldest: None });
}

#[tokio::test]
async fn two_nodes_send_each_letter_once() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        for _ in 0..6 {
            sign_in(&bank.browser(), "amelia").await;
            sign_in(&bank.browser(), "jonah").await;
        }
        assert_eq!(waiting(&bank).await, 12, "{engine:?}");
        let node = bank.another_node().await;
        let mut postmen = [&bank.auth, &node.auth].map(|auth| Postman::new(auth.clone()).unwrap());
        while waiting(&bank).await > 0 {
            let [here, there] = &mut postmen;
            let (here, there) = tokio::join!(here.round(), there.round());
            assert!(here.is_ok() && there.is_ok());
            for postman in &mut postmen {
                postman.settle().await;
            }
        }
        let mut ids: Vec<_> = bank.mailbox.mail().iter().map(|mail| mail.receipt.id).collect();
        assert_eq!(ids.len(), 12, "{engine:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 12, "{engine:?}");
    }
}

#[tokio::test]
async fn nothing_of_an_erased_customer_is_sent_or_left() {
    let bank = TestBank::new().await;
    sign_in(&bank.browser(), "amelia").await;
    sign_in(&bank.browser(), "jonah").await;
    assert!(bank.auth.erase_customer(TestBank::OPERATOR, "amelia").await.unwrap().is_some());
    let mail = bank.deliver().await;
    assert_eq!(mail.len(), 1);
    assert!(mail[0].to.contains("jonah"), "{}", mail[0].to);
    let rows = bank.rows().await;
    assert_eq!((rows["device"], rows["receipt"]), (1, 1), "another's stay");
}

#[tokio::test]
async fn what_was_told_is_forgotten_after_a_week() {
    let bank = TestBank::new().await;
    sign_in(&bank.browser(), "amelia").await;
    bank.deliver().await;
    sign_in(&bank.browser(), "jonah").await;
    for (days, left) in [(6, 2), (1, 0)] {
        bank.clock.advance(Span::days(days));
        bank.auth.forget_what_is_over().await.unwrap();
        assert_eq!(bank.rows().await["receipt"], left, "sent or not");
    }
}

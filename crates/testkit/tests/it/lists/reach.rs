//! Of whose accounts a list is, whatever the link says.

use lombard_domain::notification::Reason;
use lombard_domain::text::Text;
use lombard_store::account;
use lombard_testkit::Engine;

use super::{Bank, List, SCOPE, link};

#[tokio::test]
async fn a_closed_account_drops_out_alone() {
    for engine in Engine::ALL {
        let bank = Bank::on(engine).await;
        for list in List::ALL {
            bank.add(list, 0..250, &[0, 1, 2]).await;
        }
        let before = link(&bank.page("/beneficiaries").await, "Next").unwrap();
        let closed = bank.accounts[1].clone();
        // The five are a3 to a7, in the order of opening.
        let mut tx = bank.bank.db.begin("test").await.unwrap();
        let source: Text<64> = Text::new("a4").unwrap();
        account::close(&mut tx, &source, Reason::AccountClosure, bank.bank.auth.now()).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        for list in List::ALL {
            let page = bank.page(&bank.path(list, None)).await;
            let mut ids = list.ids(&page);
            let next = bank.page(&link(&page, "Next").unwrap()).await;
            ids.extend(list.ids(&next));
            assert_eq!(ids.len(), 167, "{engine:?} {list:?}: 84 of the first, 83 of the third");
            assert!(ids.iter().all(|(account, _)| *account != closed), "{engine:?} {list:?}");
            for place in [0, 2, 3] {
                assert_eq!(bank.answer(&bank.path(list, Some(place))).await.status, 200);
            }
            let answer = bank.answer(&bank.path(list, Some(1))).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "U011"), "{engine:?}: {}", answer.text);
        }
        // A link from before still leads on.
        let page = bank.page(&before).await;
        assert!(List::Beneficiaries.ids(&page).iter().all(|(account, _)| *account != closed), "{engine:?}");
    }
}

#[tokio::test]
async fn a_list_is_of_the_chosen_accounts_only() {
    for engine in Engine::ALL {
        let bank = Bank::on(engine).await;
        let chosen = [bank.accounts[0].clone(), bank.accounts[3].clone()];
        let token = bank.app.connect_to(&bank.bank, "five", SCOPE, &chosen).await.access;
        let other = bank.app.connect(&bank.bank, "walker", SCOPE).await.access;
        for list in List::ALL {
            bank.add(list, 0..500, &[0, 1, 2, 3, 4]).await;
            let mut ids = Vec::new();
            let mut next = Some(format!("/{}", list.path()));
            while let Some(path) = next {
                let page = bank.app.read(&path, &token).await;
                ids.extend(list.ids(&page));
                next = link(&page, "Next");
            }
            assert_eq!(ids.len(), 200, "{engine:?} {list:?}");
            assert!(ids.iter().all(|(account, _)| chosen.contains(account)), "{engine:?} {list:?}");

            // A link of the wider consent, and another customer's: within what is one's own it leads on, and nowhere else.
            let wider = link(&bank.page(&bank.path(list, None)).await, "Next").unwrap();
            let page = bank.app.read(&wider, &token).await;
            assert!(list.ids(&page).iter().all(|(account, _)| chosen.contains(account)), "{engine:?} {list:?}");
            for path in [wider, format!("/{}", list.path())] {
                let page = bank.app.read(&path, &other).await;
                assert_eq!(list.rows(&page).len(), 0, "{engine:?} {list:?}: {path}");
                assert!(page["Links"].get("Next").is_none() && page["Links"].get("Prev").is_none());
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_place_in_a_list_is_refused() {
    let bank = Bank::on(Engine::Sqlite).await;
    for list in List::ALL {
        bank.add(list, 0..250, &[0]).await;
    }
    let next = link(&bank.page("/offers").await, "Next").unwrap();
    let good = next.rsplit_once("page=").unwrap().1;
    let cut = good.split_at(43).0;
    let changed = format!("B{}", &good[1..]);
    let bad = ["0", "1", "2", "x", "Ag==", "AQ", "%00", "%ff", cut, &format!("{good}A"), &changed, "null"];
    for list in List::ALL {
        for path in [bank.path(list, None), bank.path(list, Some(0))] {
            for page in bad {
                let answer = bank.answer(&format!("{path}?page={page}")).await;
                assert_eq!((answer.status, answer.code().as_str()), (400, "U002"), "{path} {page}: {}", answer.text);
                let at = &answer.json()["Errors"][0]["Path"];
                assert!(at == "page" || at == "query", "{at}");
                assert!(page.len() < 3 || !answer.text.contains(page), "{page} is echoed");
            }
            let twice = bank.answer(&format!("{path}?page={good}&page={good}")).await;
            assert_eq!((twice.status, twice.code().as_str()), (400, "U002"), "{}", twice.text);
            // Whoever may not read learns nothing about the query.
            assert_eq!(bank.app.answer(&format!("{path}?page=x"), "x").await.status, 401);
            // A place in another list is a place; what is not a parameter of the list is ignored.
            let elsewhere = bank.answer(&format!("{path}?page={good}&fromBookingDateTime=x&x=y")).await;
            assert_eq!(elsewhere.status, 200, "{}", elsewhere.text);
        }
    }
}

#[tokio::test]
async fn a_card_number_is_shown_whole_to_nobody_who_did_not_ask() {
    let bank = Bank::on(Engine::Sqlite).await;
    for list in List::ALL {
        bank.add(list, 0..20, &[0, 1, 2, 3, 4]).await;
        let answer = bank.answer(&bank.path(list, None)).await;
        assert!(!answer.text.contains("4111111111111111"), "{list:?}");
    }
}

#[tokio::test]
async fn of_an_account_that_went_to_another_bank_only_that_is_told() {
    for engine in Engine::ALL {
        let bank = Bank::on(engine).await;
        bank.add(List::Beneficiaries, 0..10, &[1]).await;
        let gone = bank.accounts[1].clone();
        let mut tx = bank.bank.db.begin("test").await.unwrap();
        let source: Text<64> = Text::new("a4").unwrap();
        account::close(&mut tx, &source, Reason::Switched, bank.bank.auth.now()).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let all = bank.page("/accounts").await;
        let one = bank.page(&format!("/accounts/{gone}")).await;
        let told = one["Data"]["Account"][0].clone();
        assert_eq!(told["Status"], "Deleted", "{engine:?}: {one}");
        assert_eq!(told["SwitchStatus"], "UK.CASS.SwitchCompleted", "{engine:?}");
        assert_eq!(told["StatusUpdateDateTime"], bank.bank.auth.now().rfc3339(), "{engine:?}");
        let others: Vec<_> = all["Data"]["Account"].as_array().unwrap().iter().filter(|it| **it != told).collect();
        assert_eq!(others.len(), 4, "{engine:?}: {all}");
        assert!(others.iter().all(|it| it["Status"] == "Enabled" && it.get("SwitchStatus").is_none()), "{engine:?}");
        for list in List::ALL {
            let answer = bank.answer(&bank.path(list, Some(1))).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "U011"), "{engine:?}: {}", answer.text);
        }
        assert!(!bank.answer(&bank.path(List::Beneficiaries, None)).await.text.contains(&gone), "{engine:?}");
    }
}

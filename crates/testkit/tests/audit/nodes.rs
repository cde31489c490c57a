//! Several nodes chain the same record.

use lombard_auth::audit::{ListQuery, Whose};
use lombard_domain::audit::Event;
use lombard_store::audit;
use lombard_testkit::{Engine, TestBank};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_chain_at_once_make_one_chain() {
    for engine in Engine::ALL {
        let bank = TestBank::on(engine).await;
        let other = bank.another_node().await;
        let before = bank.record(1_000_000).await.len();
        let mut chaining = Vec::new();
        for auth in [bank.auth.clone(), other.auth.clone(), bank.auth.clone(), other.auth.clone()] {
            chaining.push(tokio::spawn(async move {
                for _ in 0..ROUNDS {
                    // One that was in the way of another changed nothing, and tries again in the next round.
                    let _ = auth.seal_record().await;
                    tokio::task::yield_now().await;
                }
            }));
        }
        for _ in 0..ROUNDS {
            let entries: Vec<_> = (0..7).map(|_| bank.auth.operator_entry(Event::Imported)).collect();
            let mut tx = bank.db.begin("test").await.unwrap();
            audit::append(&mut tx, &entries).await.unwrap();
            tx.commit().await.unwrap();
        }
        for one in chaining {
            one.await.unwrap();
        }
        bank.seal().await;
        let checked = bank.auth.verify_record(None).await.unwrap();
        assert_eq!(checked.waiting, 0, "{engine:?}");
        let entries = usize::try_from(checked.chain.unwrap().entries).unwrap();
        assert_eq!(entries, before + 7 * ROUNDS, "{engine:?}");
        let query = ListQuery { whose: Whose::Anybody, since: None, until: None, before: None, limit: 1_000_000 };
        assert_eq!(other.auth.list_record(&query).await.unwrap().len(), entries, "{engine:?}");
    }
}

/// How often each node chains.
const ROUNDS: usize = 40;

//! The record of what happened, its inbox and its chain.

mod chain;
mod plans;

use std::net::IpAddr;

use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::id::{AuditId, ConsentId};
use lombard_domain::time::{Instant, Span};
use lombard_store::audit::{self, ListQuery, Recorded, Whose};
use lombard_store::{Error, Tx};

use crate::engines;
use crate::raw;
use crate::world::{account, app, at, customer};

/// An entry of second `n` with identifiers of the same number.
fn happened(n: u128, event: Event) -> Entry {
    let when = at(i64::try_from(n).unwrap());
    Entry {
        id: AuditId::from_bits(AuditId::first_of(when).bits() | n),
        at: when,
        event,
        subject: Subject {
            client: Some(app(n)),
            customer: Some(customer(n)),
            consent: Some(ConsentId::from_bits(n)),
            account: Some(account(n)),
        },
        reason: Some("because"),
        interaction: Some(format!("call-{n}")),
        address: Some(IpAddr::from([192, 0, 2, u8::try_from(n % 250).unwrap()])),
    }
}

fn recorded(position: i64, entry: &Entry) -> Recorded {
    Recorded {
        position,
        id: entry.id.to_string(),
        at: entry.at.micros(),
        event: entry.event.code().to_owned(),
        outcome: entry.event.outcome().code().to_owned(),
        client: entry.subject.client.map(|id| id.to_string()),
        customer: entry.subject.customer.map(|id| id.to_string()),
        consent: entry.subject.consent.map(|id| id.to_string()),
        account: entry.subject.account.map(|id| id.to_string()),
        reason: entry.reason.map(str::to_owned),
        interaction: entry.interaction.clone(),
        address: entry.address,
    }
}

fn last_first(found: impl Iterator<Item = Recorded>) -> Vec<Recorded> {
    let mut found: Vec<_> = found.collect();
    found.reverse();
    found
}

fn query(whose: Whose, limit: i64) -> ListQuery {
    ListQuery { whose, since: None, until: None, before: None, limit }
}

async fn newest(tx: &mut Tx, limit: i64) -> Vec<Recorded> {
    audit::list(tx, &query(Whose::Anybody, limit)).await.unwrap()
}

#[tokio::test]
async fn every_event_is_recorded_as_it_happened_the_newest_first() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let mut entries: Vec<_> = (1..).zip(Event::ALL).map(|(n, event)| happened(n, *event)).collect();
        entries[0] =
            Entry { subject: Subject::default(), reason: None, interaction: None, address: None, ..entries[0].clone() };
        entries[1].address = Some("2001:db8::7".parse().unwrap());
        audit::append(&mut tx, &entries).await.unwrap();
        chain::move_all(&mut tx, 7).await;
        let expected = last_first((1..).zip(&entries).map(|(position, entry)| recorded(position, entry)));
        assert_eq!(newest(&mut tx, 100).await, expected, "{engine}");
        assert_eq!(newest(&mut tx, 2).await, expected[..2], "{engine}");
    }
}

#[tokio::test]
async fn nothing_happened_at_first() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &[]).await.unwrap();
        chain::move_all(&mut tx, 9).await;
        assert!(newest(&mut tx, 9).await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn addresses_of_apps_are_sealed_under_a_key_of_their_day_and_those_of_customers_under_their_own() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let on = |day: i64, n, event| Entry { at: at(0).plus(Span::days(day)), ..happened(n, event) };
        let mut entries = [
            on(0, 1, Event::DataRead),
            on(0, 2, Event::DataRead),
            on(1, 3, Event::DataRead),
            on(1, 4, Event::SignedIn),
            on(2, 5, Event::DataRead),
        ];
        entries[4].address = None;
        for entry in &entries {
            audit::append(&mut tx, std::slice::from_ref(entry)).await.unwrap();
        }
        chain::move_all(&mut tx, 9).await;
        let expected = last_first((1..).zip(&entries).map(|(position, entry)| recorded(position, entry)));
        assert_eq!(newest(&mut tx, 9).await, expected, "{engine}");
        tx.commit().await.unwrap();
        let mut owners = raw::rows(&engine.url, "SELECT owner FROM data_key WHERE owner <> 'bank'").await;
        owners.sort();
        let [first, second] = [0, 1].map(|day| format!("record {}", at(0).plus(Span::days(day)).date()));
        assert_eq!(owners, [customer(4).to_string(), first, second], "{engine}");
    }
}

#[tokio::test]
async fn an_entry_is_never_replaced() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &[happened(1, Event::SignedIn)]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = engine.db.begin("test").await.unwrap();
        let again = audit::append(&mut tx, &[happened(2, Event::SignedOut), happened(1, Event::SignedOut)]).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{engine}");
        drop(tx);
        let mut tx = engine.db.begin("test").await.unwrap();
        chain::move_all(&mut tx, 9).await;
        assert_eq!(newest(&mut tx, 9).await, [recorded(1, &happened(1, Event::SignedIn))], "{engine}");
    }
}

#[tokio::test]
async fn entries_are_found_by_whom_they_are_about_and_by_time_page_by_page() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        // Number n is about app, customer and consent n modulo 3. More of one are in the spans than are looked through at once.
        let entries: Vec<_> = (0..300)
            .map(|n| Entry { subject: happened(n % 3, Event::DataRead).subject, ..happened(n, Event::DataRead) })
            .collect();
        for some in entries.chunks(3) {
            audit::append(&mut tx, some).await.unwrap();
            chain::move_all(&mut tx, 3).await;
        }
        let of = |one: &Entry| one.subject.client == Some(app(1));
        let numbered = (1..).zip(&entries).filter(|(_, one)| of(one));
        let expected = last_first(numbered.map(|(position, one)| recorded(position, one)));
        assert_eq!(expected.len(), 100);
        for whose in [Whose::Client(app(1)), Whose::Customer(customer(1)), Whose::Consent(ConsentId::from_bits(1))] {
            assert_eq!(audit::list(&mut tx, &query(whose, 999)).await.unwrap(), expected, "{whose:?} on {engine}");
            let (mut walked, mut before) = (Vec::new(), None);
            while walked.len() < 100 {
                let page = audit::list(&mut tx, &ListQuery { before, ..query(whose, 30) }).await.unwrap();
                assert!(!page.is_empty() && page.len() <= 30, "{engine}");
                before = Some(page.last().unwrap().position);
                walked.extend(page);
            }
            assert_eq!(walked, expected, "{whose:?} on {engine}");
            // From second 10 to before second 20: number 10, 13, 16, 19.
            let span = ListQuery { since: Some(at(10)), until: Some(at(20)), ..query(whose, 99) };
            assert_eq!(audit::list(&mut tx, &span).await.unwrap(), expected[93..97], "{whose:?} on {engine}");
            let later = ListQuery { since: Some(at(400)), ..query(whose, 99) };
            assert!(audit::list(&mut tx, &later).await.unwrap().is_empty(), "{whose:?} on {engine}");
        }
        let nobody = query(Whose::Client(app(7)), 9);
        assert!(audit::list(&mut tx, &nobody).await.unwrap().is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn a_customers_accesses_are_counted_for_each_way() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let entry = |n: u128, event| Entry { subject: happened(1, event).subject, ..happened(n, event) };
        let reads = [1, 2, 5].map(|n| entry(n, Event::DataRead));
        audit::append(&mut tx, &reads).await.unwrap();
        chain::move_all(&mut tx, 2).await;
        let more = [entry(6, Event::DataRead), entry(7, Event::DataRefused), happened(8, Event::DataRead)];
        audit::append(&mut tx, &more).await.unwrap();
        chain::move_all(&mut tx, 9).await;
        let all = audit::accesses(&mut tx, &query(Whose::Anybody, 99), customer(1)).await.unwrap();
        let told: Vec<_> = all.iter().map(|one| (one.event.as_str(), one.count, one.first, one.last)).collect();
        let second = |n| at(n).micros();
        let expected = [("data.read", 4, second(1), second(6)), ("data.refused", 1, second(7), second(7))];
        assert_eq!(told, expected, "{engine}");
        assert_eq!(all[0].client, Some(app(1).to_string()), "{engine}");
        let later = ListQuery { since: Some(at(5)), until: Some(at(7)), ..query(Whose::Anybody, 99) };
        let later = audit::accesses(&mut tx, &later, customer(1)).await.unwrap();
        assert_eq!(later.iter().map(|one| one.count).collect::<Vec<_>>(), [2], "{engine}");
        let one = audit::accesses(&mut tx, &query(Whose::Anybody, 1), customer(1)).await.unwrap();
        assert_eq!(one.len(), 1, "{engine}");
    }
}

#[tokio::test]
async fn the_address_of_a_caller_is_not_in_the_database_as_it_is() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &[happened(7, Event::SignedIn)]).await.unwrap();
        tx.commit().await.unwrap();
        let rows = raw::rows(&engine.url, "SELECT packed FROM audit_inbox").await;
        assert!(rows.len() == 1 && !rows[0].contains("c0000207"), "{engine}: {}", rows[0]);
        let mut tx = engine.db.begin("test").await.unwrap();
        chain::move_all(&mut tx, 9).await;
        tx.commit().await.unwrap();
        let rows = raw::rows(&engine.url, "SELECT address FROM audit").await;
        assert_eq!(rows.len(), 1, "{engine}");
        assert!(rows[0].len() > 40 && !rows[0].contains("c0000207"), "{engine}: {}", rows[0]);
        // In another row it cannot be opened, and is not taken for that row's.
        let other = happened(8, Event::SignedIn);
        let moved = format!("UPDATE audit SET id = '{}'", other.id);
        raw::execute(&engine.url, &format!("{}{moved}", chain::without_triggers(&engine))).await;
        let mut read = engine.db.read().await.unwrap();
        assert_eq!(newest(&mut read, 1).await[0].address, None, "{engine}");
    }
}

#[tokio::test]
async fn the_oldest_that_waits_tells_how_far_the_chain_is_behind() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(audit::oldest_waiting(&mut tx).await.unwrap(), None, "{engine}");
        audit::append(&mut tx, &[happened(9, Event::SignedIn), happened(4, Event::SignedIn)]).await.unwrap();
        let oldest: Option<Instant> = audit::oldest_waiting(&mut tx).await.unwrap();
        assert_eq!(oldest, Some(at(4)), "{engine}");
        assert_eq!(at(9).since(oldest.unwrap()), Span::seconds(5));
    }
}

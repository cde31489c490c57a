//! The record of what happened.

use lombard_domain::audit::{Entry, Event, Subject};
use lombard_domain::id::{AuditId, ConsentId};
use lombard_store::Error;
use lombard_store::audit::{self, Recorded};

use crate::engines;
use crate::world::{account, app, at, customer};

fn happened(n: u128, event: Event) -> Entry {
    Entry {
        id: AuditId::from_bits(n),
        at: at(i64::try_from(n).unwrap()),
        event,
        subject: Subject {
            client: Some(app(n)),
            customer: Some(customer(n)),
            consent: Some(ConsentId::from_bits(n)),
            account: Some(account(n)),
        },
        reason: Some("because"),
        interaction: Some(format!("call-{n}")),
    }
}

fn recorded(entry: &Entry) -> Recorded {
    Recorded {
        at: entry.at.micros(),
        event: entry.event.code().to_owned(),
        client: entry.subject.client.map(|id| id.to_string()),
        customer: entry.subject.customer.map(|id| id.to_string()),
        consent: entry.subject.consent.map(|id| id.to_string()),
        account: entry.subject.account.map(|id| id.to_string()),
        reason: entry.reason.map(str::to_owned),
        interaction: entry.interaction.clone(),
    }
}

#[tokio::test]
async fn every_event_is_recorded_as_it_happened_the_newest_first() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let mut entries: Vec<_> = (1..).zip(Event::ALL).map(|(n, event)| happened(n, *event)).collect();
        entries[0] = Entry { subject: Subject::default(), reason: None, interaction: None, ..entries[0].clone() };
        audit::append(&mut tx, &entries).await.unwrap();
        let expected: Vec<_> = entries.iter().rev().map(recorded).collect();
        assert_eq!(audit::newest(&mut tx, 100).await.unwrap(), expected, "{engine}");
        assert_eq!(audit::newest(&mut tx, 2).await.unwrap(), expected[..2], "{engine}");
    }
}

#[tokio::test]
async fn nothing_happened_at_first() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &[]).await.unwrap();
        assert!(audit::newest(&mut tx, 9).await.unwrap().is_empty(), "{engine}");
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
        let mut read = engine.db.read().await.unwrap();
        assert_eq!(audit::newest(&mut read, 9).await.unwrap(), [recorded(&happened(1, Event::SignedIn))], "{engine}");
    }
}

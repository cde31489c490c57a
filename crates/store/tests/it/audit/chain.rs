//! Moving entries into the chain, and what the database itself refuses.

use std::collections::BTreeSet;

use lombard_domain::audit::{Chained, Event, Line};
use lombard_domain::secret::Secret;
use lombard_store::audit::{self, AuditKey, Checked, Head, StoredCheckpoint};
use lombard_store::{Error, Tx};

use super::happened;
use crate::engines::{self, Engine};
use crate::raw;
use crate::world::at;

/// Moves everything from the inbox into the chain, so many at once, with hashes that mean nothing.
pub(super) async fn move_all(tx: &mut Tx, at_once: i64) {
    audit::start_chain(tx, &vec![0]).await.unwrap();
    loop {
        let taken = audit::take(tx, at_once).await.unwrap();
        if taken.is_empty() {
            return;
        }
        let head = audit::head(tx).await.unwrap().unwrap();
        let chained: Vec<_> = (head.position + 1..)
            .zip(taken)
            .map(|(position, one)| {
                assert!(one.genuine);
                let (line, mac) = one.entry;
                Chained { position, line, mac, hash: vec![1; 32] }
            })
            .collect();
        let to = Head { position: chained.last().unwrap().position, hash: vec![1; 32] };
        assert!(audit::advance(tx, head.position, &to).await.unwrap());
        audit::extend(tx, &chained).await.unwrap();
    }
}

/// What waits, row by row.
async fn waiting(tx: &mut Tx) -> Vec<Checked<Line>> {
    let rows = audit::waiting_after(tx, "", 99).await.unwrap();
    rows.into_iter().flat_map(|(_, entries)| entries).collect()
}

/// Takes away what keeps the record from being changed.
pub(super) fn without_triggers(engine: &Engine) -> String {
    let on = |table: &str| if engine.name == "postgres" { format!(" ON {table}") } else { String::new() };
    let inbox = format!("DROP TRIGGER audit_inbox_unchanged{};", on("audit_inbox"));
    let chain = format!("DROP TRIGGER audit_unchanged{};", on("audit"));
    format!("{inbox}{chain}")
}

#[tokio::test]
async fn entries_are_taken_from_the_inbox_oldest_first_and_read_back_from_the_chain() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        let entries: Vec<_> = [5, 3, 4, 1, 2].map(|n| happened(n, Event::DataRead)).into();
        audit::append(&mut tx, &entries).await.unwrap();
        audit::append(&mut tx, &[happened(6, Event::DataRead)]).await.unwrap();
        let rows = audit::waiting_after(&mut tx, "", 9).await.unwrap();
        assert_eq!(rows.iter().map(|(_, row)| row.len()).collect::<Vec<_>>(), [5, 1], "{engine}");
        let next = audit::waiting_after(&mut tx, &rows[0].0, 1).await.unwrap();
        assert_eq!(next[0].1[0].entry.id, happened(6, Event::DataRead).id.to_string(), "{engine}");
        let waiting = waiting(&mut tx).await;
        let ids: Vec<_> = (1..=6).map(|n| happened(n, Event::DataRead).id.to_string()).collect();
        let found: BTreeSet<_> = waiting.iter().map(|one| one.entry.id.clone()).collect();
        assert_eq!(found, ids.iter().cloned().collect(), "{engine}");
        assert!(waiting.iter().all(|one| one.genuine), "{engine}");

        move_all(&mut tx, 2).await;
        assert!(audit::waiting_after(&mut tx, "", 9).await.unwrap().is_empty(), "{engine}");
        let chained = audit::chained_after(&mut tx, 0, 9).await.unwrap();
        assert!(chained.iter().all(|one| one.genuine && one.entry.hash == [1; 32]), "{engine}");
        let found: Vec<_> = chained.iter().map(|one| (one.entry.position, one.entry.line.id.clone())).collect();
        assert_eq!(found, (1..).zip(ids.clone()).collect::<Vec<_>>(), "{engine}");
        // The first row tells of what was before them, in the order in which it was told.
        assert_eq!(waiting[3].entry, chained[0].entry.line, "{engine}");
        let page = audit::chained_after(&mut tx, 2, 2).await.unwrap();
        assert_eq!(page.iter().map(|one| one.entry.position).collect::<Vec<_>>(), [3, 4], "{engine}");
        // Two were wanted at once, and a row is taken as a whole.
        let span = |first, last| Some(audit::Span { first, last });
        for (second, expected) in [(0, span(1, 5)), (5, span(1, 5)), (6, span(6, 6)), (7, None)] {
            assert_eq!(audit::span_at(&mut tx, at(second)).await.unwrap(), expected, "{second} on {engine}");
        }
    }
}

#[tokio::test]
async fn spans_lead_from_whom_entries_are_about_to_the_entries() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for n in [1, 2] {
            audit::append(&mut tx, &[happened(n, Event::SignedIn), happened(n + 2, Event::SignedIn)]).await.unwrap();
            move_all(&mut tx, 9).await;
        }
        let span = |first, last| audit::Span { first, last };
        let spans = [(span(1, 2), at(3).micros()), (span(3, 4), at(4).micros())];
        assert_eq!(audit::spans_after(&mut tx, 0, 9).await.unwrap(), spans, "{engine}");
        assert_eq!(audit::spans_after(&mut tx, 2, 9).await.unwrap(), spans[1..], "{engine}");
        assert_eq!(audit::spans_after(&mut tx, 0, 1).await.unwrap(), spans[..1], "{engine}");
        let (mut walked, mut cursor) = (Vec::new(), (String::new(), 0));
        loop {
            let page = audit::subjects_after(&mut tx, &cursor.0, cursor.1, 5).await.unwrap();
            let Some((subject, span)) = page.last().cloned() else { break };
            cursor = (subject, span.last);
            walked.extend(page);
        }
        assert_eq!(walked.len(), 12, "{engine}: app, customer and consent of four entries");
        let mut sorted = walked.clone();
        sorted.sort_by(|a, b| (&a.0, a.1.last).cmp(&(&b.0, b.1.last)));
        assert_eq!(walked, sorted, "{engine}");
    }
}

#[tokio::test]
async fn the_end_of_the_chain_is_moved_by_one_who_knows_where_it_is() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(audit::head(&mut tx).await.unwrap(), None, "{engine}");
        audit::start_chain(&mut tx, &vec![7; 32]).await.unwrap();
        audit::start_chain(&mut tx, &vec![8; 32]).await.unwrap();
        let first = Head { position: 0, hash: vec![7; 32] };
        assert_eq!(audit::head(&mut tx).await.unwrap(), Some(first.clone()), "{engine}");
        assert_eq!(first.digest().unwrap(), [7; 32]);
        let to = |position| Head { position, hash: vec![9] };
        assert!(audit::advance(&mut tx, 0, &to(4)).await.unwrap(), "{engine}");
        assert!(!audit::advance(&mut tx, 0, &to(5)).await.unwrap(), "{engine}: another was faster");
        let head = audit::head(&mut tx).await.unwrap().unwrap();
        assert_eq!(head, to(4), "{engine}");
        assert!(matches!(head.digest(), Err(Error::Corrupt(_))), "{engine}");
    }
}

#[tokio::test]
async fn a_place_in_the_chain_is_taken_once() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &[happened(1, Event::SignedIn)]).await.unwrap();
        move_all(&mut tx, 1).await;
        let mut one = audit::chained_after(&mut tx, 0, 1).await.unwrap().remove(0).entry;
        one.line.id = "aud_other".to_owned();
        assert!(matches!(audit::extend(&mut tx, &[one]).await, Err(Error::Conflict(_))), "{engine}");
    }
}

#[tokio::test]
async fn an_entry_that_was_edited_before_or_after_it_was_chained_is_not_genuine() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &[happened(1, Event::SignInFailed), happened(2, Event::SignInFailed)]).await.unwrap();
        tx.commit().await.unwrap();
        raw::execute(&engine.url, &without_triggers(&engine)).await;
        // A letter of the first entry's outcome.
        edit_inbox(&engine, |packed| replace(packed, "refused", "refuseD")).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        let expected = [("refuseD", false), ("refused", true)];
        let told = |one: &Checked<Line>| (one.entry.outcome.clone(), one.genuine);
        let expected = expected.map(|(outcome, genuine)| (outcome.to_owned(), genuine));
        assert_eq!(waiting(&mut tx).await.iter().map(told).collect::<Vec<_>>(), expected, "{engine}");
        let taken = audit::take(&mut tx, 9).await.unwrap();
        assert_eq!(taken.iter().map(|one| one.genuine).collect::<Vec<_>>(), [false, true], "{engine}");
        drop(tx);
        edit_inbox(&engine, |packed| replace(packed, "refuseD", "refused")).await;
        let mut tx = engine.db.begin("test").await.unwrap();
        move_all(&mut tx, 9).await;
        tx.commit().await.unwrap();
        raw::execute(&engine.url, "UPDATE audit SET outcome = 'done'").await;
        let mut tx = engine.db.read().await.unwrap();
        let chained = audit::chained_after(&mut tx, 0, 9).await.unwrap();
        assert!(chained.len() == 2 && chained.iter().all(|one| !one.genuine), "{engine}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_in_the_inbox_is_kept_as_what_is_not_genuine() {
    for engine in engines::fresh().await {
        let edits: [(&str, Edit, usize); 5] = [
            ("cut off", |packed| packed[..packed.len() - 1].to_vec(), 1),
            ("too long", |packed| [packed, vec![0; 7]].concat(), 2),
            ("a length", |packed| [vec![255; 4], packed[4..].to_vec()].concat(), 0),
            ("a version", |packed| [packed[..4].to_vec(), vec![9], packed[5..].to_vec()].concat(), 1),
            ("nothing of it", |_| vec![1], 0),
        ];
        for (name, edit, good) in edits {
            let mut tx = engine.db.begin("test").await.unwrap();
            let entries = [happened(1, Event::SignedIn), happened(2, Event::SignedIn)];
            audit::append(&mut tx, &entries).await.unwrap();
            tx.commit().await.unwrap();
            if name == "cut off" {
                raw::execute(&engine.url, &without_triggers(&engine)).await;
            }
            edit_inbox(&engine, edit).await;
            let mut tx = engine.db.begin("test").await.unwrap();
            let taken = audit::take(&mut tx, 9).await.unwrap();
            assert_eq!(taken.iter().filter(|one| one.genuine).count(), good, "{name} on {engine}");
            let broken: Vec<_> = taken.iter().filter(|one| !one.genuine).map(|one| &one.entry).collect();
            assert_eq!(broken.len(), 1, "{name} on {engine}");
            let (line, kept) = broken[0];
            assert_eq!((&line.id, line.event.as_str()), (&entries[0].id.to_string(), "record.unreadable"), "{name}");
            assert!(!kept.is_empty(), "{name} on {engine}");
            tx.commit().await.unwrap();
        }
    }
}

/// How somebody changes a row of the inbox.
type Edit = fn(Vec<u8>) -> Vec<u8>;

/// Changes the only row of the inbox.
async fn edit_inbox(engine: &Engine, edit: impl Fn(Vec<u8>) -> Vec<u8>) {
    let row = raw::rows(&engine.url, "SELECT packed FROM audit_inbox").await.remove(0);
    let packed = raw::unhex(&row);
    let edited = raw::hex(&edit(packed));
    let value = if engine.name == "postgres" { format!("'\\x{edited}'") } else { format!("x'{edited}'") };
    raw::execute(&engine.url, &format!("UPDATE audit_inbox SET packed = {value}")).await;
}

/// Replaces the first of a text in bytes.
fn replace(mut bytes: Vec<u8>, old: &str, new: &str) -> Vec<u8> {
    let place = bytes.windows(old.len()).position(|some| some == old.as_bytes()).unwrap();
    bytes.splice(place..place + old.len(), new.bytes());
    bytes
}

#[tokio::test]
async fn the_database_refuses_to_change_or_shorten_the_record() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        audit::append(&mut tx, &[happened(1, Event::SignedIn)]).await.unwrap();
        move_all(&mut tx, 1).await;
        audit::append(&mut tx, &[happened(2, Event::SignedIn)]).await.unwrap();
        audit::add_checkpoint(&mut tx, &checkpoint(1)).await.unwrap();
        tx.commit().await.unwrap();
        let mut refused = vec![
            "UPDATE audit SET outcome = 'refused'",
            "DELETE FROM audit",
            "UPDATE audit_inbox SET entries = 7",
            "UPDATE audit_span SET last_at = 7",
            "DELETE FROM audit_span",
            "UPDATE audit_subject SET subject = ''",
            "DELETE FROM audit_subject",
            "UPDATE audit_checkpoint SET jws = ''",
            "DELETE FROM audit_checkpoint",
        ];
        if engine.name == "postgres" {
            refused.extend([
                "TRUNCATE audit",
                "TRUNCATE audit_checkpoint",
                "TRUNCATE audit_span",
                "TRUNCATE audit_subject",
            ]);
        }
        for sql in refused {
            let why = raw::refusal(&engine.url, sql).await;
            assert!(why.contains("the record is never"), "{sql} on {engine}: {why}");
        }
        let mut tx = engine.db.read().await.unwrap();
        assert!(audit::chained_after(&mut tx, 0, 9).await.unwrap()[0].genuine, "{engine}");
    }
}

fn checkpoint(position: i64) -> StoredCheckpoint {
    StoredCheckpoint { position, at: at(position), jws: format!("signed-{position}") }
}

#[tokio::test]
async fn checkpoints_are_kept_in_the_order_of_their_places() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        assert_eq!(audit::newest_checkpoint(&mut tx).await.unwrap(), None, "{engine}");
        for position in [10, 30, 20] {
            audit::add_checkpoint(&mut tx, &checkpoint(position)).await.unwrap();
        }
        // The first of a place stays.
        audit::add_checkpoint(&mut tx, &StoredCheckpoint { jws: "other".to_owned(), ..checkpoint(20) }).await.unwrap();
        assert_eq!(audit::newest_checkpoint(&mut tx).await.unwrap(), Some(checkpoint(30)), "{engine}");
        let after = audit::checkpoints_after(&mut tx, 10, 9).await.unwrap();
        assert_eq!(after, [checkpoint(20), checkpoint(30)], "{engine}");
        assert_eq!(audit::checkpoints_after(&mut tx, 0, 1).await.unwrap(), [checkpoint(10)], "{engine}");
        for (from, found) in [(1, Some(10)), (10, Some(10)), (11, Some(20)), (31, None)] {
            let expected = found.map(checkpoint);
            assert_eq!(audit::checkpoint_from(&mut tx, from).await.unwrap(), expected, "{engine}");
        }
    }
}

#[tokio::test]
async fn a_key_for_checkpoints_is_sealed() {
    for engine in engines::fresh().await {
        let mut tx = engine.db.begin("test").await.unwrap();
        for (kid, second) in [("b", 2), ("a", 1)] {
            let private = Secret::new(format!("the private part of {kid}").into_bytes());
            let key = AuditKey { kid: kid.to_owned(), alg: "EdDSA".to_owned(), private, created_at: at(second) };
            audit::add_audit_key(&mut tx, &key).await.unwrap();
        }
        let keys = audit::audit_keys(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["a", "b"], "{engine}");
        assert_eq!(keys[1].private.expose(), b"the private part of b", "{engine}");
        assert_eq!((keys[1].alg.as_str(), keys[1].created_at), ("EdDSA", at(2)), "{engine}");
        let rows = raw::rows(&engine.url, "SELECT sealed FROM audit_key").await;
        assert!(rows.iter().all(|row| !row.contains(&raw::hex(b"private"))), "{engine}");
        assert_ne!(audit::database_name(&engine.db), [0; 32]);
    }
}

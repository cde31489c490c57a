//! Somebody edits the database with SQL, in a random way, in a random record; the verifier names the first bad entry.

use lombard_auth::audit::{Fault, Wrong};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::trail::{Made, Plan, Trail};

/// An edit. Places are taken modulo what there is.
#[derive(Clone, Debug)]
enum Edit {
    /// Nothing.
    None,
    /// One column of an entry.
    Column(u16, usize),
    /// The number of an entry.
    Position(u16),
    /// An entry is deleted; the rest stays, or is given new numbers.
    Delete(u16, Rest),
    /// An entry of somebody's own, at a place or behind the end.
    Insert(u16),
    /// Two entries change places.
    Swap(u16, u16),
    /// The end is cut off: entries, checkpoints, and the mark of where the chain ends.
    CutOff(u16),
    /// One column of an entry; all hashes behind it are made anew.
    Rehash(u16, usize),
    /// An entry is deleted, the rest given new numbers and new hashes.
    DeleteAndRehash(u16),
    /// An entry of somebody's own, and new hashes.
    InsertAndRehash(u16),
    /// A checkpoint's text, or the time beside it.
    Checkpoint(u16, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Stays,
    ClosesUp,
}

/// What must be found.
#[derive(Debug)]
enum Expected {
    /// Nothing, with or without a checkpoint that was kept elsewhere.
    Good,
    /// This place and one of these words.
    At(i64, &'static [Wrong]),
    /// A checkpoint at this place knows another chain; the edit is behind `since`.
    Rewritten { since: i64, at: i64 },
    /// Nothing without a checkpoint that was kept elsewhere, with it that the end is missing from this place on.
    OnlyWithKept(i64),
}

/// Each column, and how somebody changes it.
const COLUMNS: [(&str, &str); 13] = [
    ("id", "'aud_0'"),
    ("at", "at + 1"),
    ("event", "event || 'x'"),
    ("outcome", "CASE outcome WHEN 'done' THEN 'refused' ELSE 'done' END"),
    ("client_id", "CASE WHEN client_id IS NULL THEN '' END"),
    ("customer_id", "COALESCE(customer_id, '') || 'x'"),
    ("consent_id", "CASE WHEN consent_id IS NULL THEN 'con_1' END"),
    ("account_id", "COALESCE(account_id, '') || 'x'"),
    ("reason", "CASE WHEN reason IS NULL THEN 'because' END"),
    ("interaction", "COALESCE(interaction, '') || 'x'"),
    ("address", "CAST(COALESCE(address, x'') || x'01' AS BLOB)"),
    ("mac", "CAST(mac || x'01' AS BLOB)"),
    ("hash", "CAST(hash || x'01' AS BLOB)"),
];

fn edit() -> impl Strategy<Value = Edit> {
    let column = || 0..COLUMNS.len();
    prop_oneof![
        1 => Just(Edit::None),
        4 => (any::<u16>(), column()).prop_map(|(place, column)| Edit::Column(place, column)),
        1 => any::<u16>().prop_map(Edit::Position),
        1 => any::<u16>().prop_map(|place| Edit::Delete(place, Rest::Stays)),
        2 => any::<u16>().prop_map(|place| Edit::Delete(place, Rest::ClosesUp)),
        2 => any::<u16>().prop_map(Edit::Insert),
        2 => any::<(u16, u16)>().prop_map(|(one, other)| Edit::Swap(one, other)),
        2 => any::<u16>().prop_map(Edit::CutOff),
        // Neither the keyed digest nor the hash: what is left of them cannot be told from an entry that somebody made.
        2 => (any::<u16>(), 0..COLUMNS.len() - 1).prop_map(|(place, column)| Edit::Rehash(place, column)),
        2 => any::<u16>().prop_map(Edit::DeleteAndRehash),
        1 => any::<u16>().prop_map(Edit::InsertAndRehash),
        1 => any::<(u16, bool)>().prop_map(|(place, text)| Edit::Checkpoint(place, text)),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    (any::<u64>(), vec((1..9_usize, any::<bool>()), 1..5)).prop_map(|(seed, batches)| Plan { seed, batches })
}

impl Trail {
    fn sql(&self, sql: &str) {
        self.raw.execute_batch(sql).expect(sql);
    }

    fn make_room(&self, at: i64) {
        self.sql(&format!(
            "UPDATE audit SET position = -position - 1 WHERE position >= {at};
            UPDATE audit SET position = -position WHERE position < 0"
        ));
    }

    fn close_up(&self, at: i64) {
        self.sql(&format!(
            "UPDATE audit SET position = -position WHERE position > {at};
            UPDATE audit SET position = -position - 1 WHERE position < 0"
        ));
    }

    fn insert(&self, at: i64) {
        self.make_room(at);
        self.sql(&format!(
            "INSERT INTO audit (position, id, at, event, outcome, mac, hash)
            VALUES ({at}, 'aud_9', 1, 'data.read', 'done', zeroblob(32), zeroblob(32))"
        ));
    }

    fn tamper(&self, made: &Made, edit: &Edit) -> Expected {
        let n = made.size;
        let place = |place: u16| i64::from(place) % n + 1;
        let column = |at: i64, (name, new): (&str, &str)| {
            self.sql(&format!("UPDATE audit SET {name} = {new} WHERE position = {at}"));
        };
        match *edit {
            Edit::None => Expected::Good,
            Edit::Column(at, which) => {
                column(place(at), COLUMNS[which]);
                Expected::At(place(at), &[Wrong::Changed])
            }
            Edit::Position(at) => {
                column(place(at), ("position", "position + 1000"));
                Expected::At(place(at), &[Wrong::Reordered])
            }
            Edit::Delete(at, rest) => {
                self.sql(&format!("DELETE FROM audit WHERE position = {}", place(at)));
                if rest == Rest::ClosesUp {
                    self.close_up(place(at));
                }
                Expected::At(place(at), &[Wrong::Removed])
            }
            Edit::Insert(at) => {
                let at = i64::from(at) % (n + 1) + 1;
                self.insert(at);
                Expected::At(at, &[Wrong::Inserted])
            }
            Edit::Swap(one, other) => {
                let (low, high) = (place(one).min(place(other)), place(one).max(place(other)));
                if low == high {
                    return Expected::Good;
                }
                self.sql(&format!(
                    "UPDATE audit SET position = -1 WHERE position = {low};
                    UPDATE audit SET position = {low} WHERE position = {high};
                    UPDATE audit SET position = {high} WHERE position = -1"
                ));
                Expected::At(low, &[Wrong::Reordered])
            }
            Edit::CutOff(at) => {
                let last = place(at);
                self.sql(&format!(
                    "DELETE FROM audit WHERE position > {last}; DELETE FROM audit_checkpoint WHERE position > {last};
                    UPDATE audit_head SET position = {last}, hash = (SELECT hash FROM audit WHERE position = {last})"
                ));
                if last == n { Expected::Good } else { Expected::OnlyWithKept(last + 1) }
            }
            Edit::Rehash(at, which) => {
                column(place(at), COLUMNS[which]);
                self.rehash(place(at));
                Expected::At(place(at), &[Wrong::Forged])
            }
            Edit::DeleteAndRehash(at) => {
                let at = place(at);
                self.sql(&format!("DELETE FROM audit WHERE position = {at}"));
                self.close_up(at);
                self.rehash(at);
                let since = made.checkpoints.iter().copied().rfind(|known| *known < at).unwrap_or(0);
                match made.checkpoints.iter().copied().find(|known| *known >= at) {
                    Some(known) if known < n => Expected::Rewritten { since, at: known },
                    Some(_) => Expected::At(n, &[Wrong::Removed]),
                    None => Expected::OnlyWithKept(n),
                }
            }
            Edit::InsertAndRehash(at) => {
                let at = i64::from(at) % (n + 1) + 1;
                self.insert(at);
                self.rehash(at);
                Expected::At(at, &[Wrong::Forged])
            }
            Edit::Checkpoint(which, text) => {
                let Some(at) = made.checkpoints.get(usize::from(which) % made.checkpoints.len().max(1)) else {
                    return Expected::Good;
                };
                let new = if text { "jws = substr(jws, 2)" } else { "at = at + 5000000" };
                self.sql(&format!("UPDATE audit_checkpoint SET {new} WHERE position = {at}"));
                Expected::At(*at, &[Wrong::Checkpoint])
            }
        }
    }
}

fn compare(found: Result<(), Fault>, expected: &Expected, kept: bool) -> Result<(), TestCaseError> {
    match (expected, found) {
        (Expected::Good, Ok(())) => {}
        (Expected::OnlyWithKept(_), Ok(())) if !kept => {}
        // Whoever cut the end off did not think of what leads to the entries.
        (Expected::OnlyWithKept(_), Err(fault)) if !kept && fault.wrong == Wrong::Lookup => {}
        (Expected::OnlyWithKept(at), Err(fault)) if kept => {
            prop_assert_eq!((fault.position, fault.wrong), (Some(*at), Wrong::Removed));
        }
        (Expected::At(at, words), Err(fault)) => {
            prop_assert_eq!(fault.position, Some(*at), "{}", fault);
            prop_assert!(words.contains(&fault.wrong), "{}", fault);
        }
        (Expected::Rewritten { since, at }, Err(fault)) => {
            prop_assert_eq!(fault.position, Some(*at), "{}", fault);
            prop_assert_eq!(fault.wrong, Wrong::Rewritten { since: *since });
        }
        (expected, found) => prop_assert!(false, "{:?} instead of {:?}, kept: {}", found, expected, kept),
    }
    Ok(())
}

#[test]
fn whatever_is_edited_the_first_bad_entry_is_named() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let trail = runtime.block_on(Trail::new());
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(plan(), edit(), any::<bool>()), |(plan, edit, forgets_last)| {
        runtime.block_on(async {
            let mut made = trail.make(&plan).await;
            if forgets_last {
                trail.sql(&format!("DELETE FROM audit_checkpoint WHERE position = {}", made.size));
                made.checkpoints = trail.checkpoints();
            }
            let check = async |kept| trail.bank.auth.verify_record(kept).await.unwrap().chain.map(|_| ());
            prop_assert_eq!(check(Some(&made.kept)).await, Ok(()));
            let expected = trail.tamper(&made, &edit);
            compare(check(None).await, &expected, false)?;
            compare(check(Some(&made.kept)).await, &expected, true)
        })
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_long_record_is_checked_page_by_page() {
    let trail = Trail::new().await;
    let made = trail.make(&Plan { seed: 1, batches: vec![(1200, false), (1100, true), (257, false)] }).await;
    let checked = trail.bank.auth.verify_record(None).await.unwrap();
    let proven = checked.chain.unwrap();
    assert_eq!((proven.entries, proven.last, proven.checkpoint), (2557, 2557, 2557));
    assert_eq!((checked.waiting, checked.newest.unwrap().position), (0, 2557));
    assert_eq!(made.size, 2557);
    // The one that belongs there is two pages away.
    let expected = trail.tamper(&made, &Edit::Swap(99, 2299));
    assert!(matches!(expected, Expected::At(100, [Wrong::Reordered])));
    let fault = trail.bank.auth.verify_record(None).await.unwrap().chain.unwrap_err();
    assert_eq!((fault.position, fault.wrong), (Some(100), Wrong::Reordered));
    assert!(fault.to_string().starts_with("position 100, entry aud_"), "{fault}");
}

#[tokio::test]
async fn an_entry_that_was_edited_before_it_was_chained_is_named() {
    let trail = Trail::new().await;
    trail.make(&Plan { seed: 1, batches: vec![(3, false)] }).await;
    let mut tx = trail.bank.db.begin("test").await.unwrap();
    let entry = trail.bank.auth.operator_entry(lombard_domain::audit::Event::Imported);
    lombard_store::audit::append(&mut tx, std::slice::from_ref(&entry)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(trail.bank.auth.verify_record(None).await.unwrap().waiting, 1);
    let mut packed: Vec<u8> = trail.raw.query_row("SELECT packed FROM audit_inbox", [], |row| row.get(0)).unwrap();
    let place = packed.windows(4).position(|some| some == b"done").unwrap();
    packed.splice(place..place + 4, *b"dome");
    trail.raw.execute("UPDATE audit_inbox SET packed = ?1", [packed]).unwrap();
    let fault = trail.bank.auth.verify_record(None).await.unwrap().chain.unwrap_err();
    let id = Some(entry.id.to_string());
    assert_eq!(fault, Fault { position: None, id: id.clone(), wrong: Wrong::Forged });
    // Once it is chained it is named by its place.
    trail.bank.seal().await;
    let fault = trail.bank.auth.verify_record(None).await.unwrap().chain.unwrap_err();
    assert_eq!(fault, Fault { position: Some(4), id, wrong: Wrong::Forged });
}

#[tokio::test]
async fn a_chain_whose_end_was_taken_away_is_not_believed() {
    let trail = Trail::new().await;
    trail.make(&Plan { seed: 1, batches: vec![(3, false)] }).await;
    trail.sql("UPDATE audit_head SET hash = zeroblob(32)");
    let fault = trail.bank.auth.verify_record(None).await.unwrap().chain.unwrap_err();
    assert_eq!((fault.position, fault.wrong), (Some(3), Wrong::Head));
    trail.sql("DELETE FROM audit_head");
    let fault = trail.bank.auth.verify_record(None).await.unwrap().chain.unwrap_err();
    assert_eq!((fault.position, fault.wrong), (Some(1), Wrong::Head));
    trail.sql("DELETE FROM audit; DELETE FROM audit_checkpoint; DELETE FROM audit_span; DELETE FROM audit_subject");
    trail.bank.auth.verify_record(None).await.unwrap().chain.unwrap();
}

#[tokio::test]
async fn whoever_hides_an_entry_from_look_ups_is_found() {
    let trail = Trail::new().await;
    let hide = [
        "DELETE FROM audit_subject WHERE subject = (SELECT MAX(subject) FROM audit_subject)",
        "UPDATE audit_subject SET subject = subject || 'x' WHERE subject = (SELECT MAX(subject) FROM audit_subject)",
        "INSERT INTO audit_subject VALUES ('cli_other', 5, 1)",
        "UPDATE audit_subject SET first_position = first_position + 1 WHERE last_position = 5",
        "DELETE FROM audit_span WHERE last_position = 5",
        "DELETE FROM audit_span WHERE last_position = 12",
        "UPDATE audit_span SET last_at = last_at - 1 WHERE last_position = 5",
        "UPDATE audit_span SET first_position = 7 WHERE last_position = 12",
        "UPDATE audit_span SET last_position = 13 WHERE last_position = 12",
        // Whoever cut the end off, where a span ends, left the span behind.
        "DELETE FROM audit WHERE position > 5; DELETE FROM audit_checkpoint;
        UPDATE audit_head SET position = 5, hash = (SELECT hash FROM audit WHERE position = 5)",
    ];
    for sql in hide {
        trail.make(&Plan { seed: 3, batches: vec![(5, false), (7, true)] }).await;
        assert!(trail.bank.auth.verify_record(None).await.unwrap().chain.is_ok(), "{sql}");
        trail.sql(sql);
        let fault = trail.bank.auth.verify_record(None).await.unwrap().chain.unwrap_err();
        assert_eq!(fault.wrong, Wrong::Lookup, "{sql}");
    }
}

/// Random records and edits.
const CASES: u32 = 200;

//! An exported record is checked by itself: no database, no secret. Whoever edits the file is found out.

use lombard_auth::audit::{AuditKeys, BundleError, CheckedBundle, Part, Wrong, verify_bundle};
use lombard_domain::time::{Clock as _, Span};
use lombard_testkit::TestBank;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::trail::{Plan, Trail};

/// An edit of the file. Places are taken modulo how many entries there are.
#[derive(Clone, Debug)]
enum Edit {
    None,
    /// A bit of an entry's line.
    Bit(u16, u16, u8),
    Remove(u16),
    Repeat(u16),
    Swap(u16, u16),
    /// The file ends after so many entries; whether its last line is put back, with the right number.
    CutOff(u16, bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        1 => Just(Edit::None),
        6 => (any::<u16>(), any::<u16>(), 0..7_u8).prop_map(|(at, byte, bit)| Edit::Bit(at, byte, bit)),
        2 => any::<u16>().prop_map(Edit::Remove),
        2 => any::<u16>().prop_map(Edit::Repeat),
        2 => any::<(u16, u16)>().prop_map(|(one, other)| Edit::Swap(one, other)),
        2 => any::<(u16, bool)>().prop_map(|(after, end)| Edit::CutOff(after, end)),
    ]
}

async fn export(trail: &Trail, part: Part) -> Vec<u8> {
    let mut out = Vec::new();
    trail.bank.auth.export_record(part, &mut out).await.unwrap().expect("something is on record");
    out
}

/// The place of the first bad entry, and what is said of it.
fn first_bad(checked: Result<CheckedBundle, BundleError>) -> Option<(i64, Wrong)> {
    let fault = checked.expect("a bundle").chain.err()?;
    Some((fault.position.expect("a place"), fault.wrong))
}

#[test]
fn whatever_is_edited_in_a_bundle_the_first_bad_entry_is_named() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let trail = runtime.block_on(Trail::new());
    let plan = (any::<u64>(), vec((1..7_usize, any::<bool>()), 1..4));
    let plan = plan.prop_map(|(seed, batches)| Plan { seed, batches });
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(plan, edit()), |(plan, edit)| {
        let made = runtime.block_on(trail.make(&plan));
        let file = runtime.block_on(export(&trail, Part::default()));
        let mut lines: Vec<Vec<u8>> = file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let is_entry = |line: &Vec<u8>| line.starts_with(b"{\"kind\":\"entry\"");
        let entries: Vec<usize> = (0..lines.len()).filter(|at| is_entry(&lines[*at])).collect();
        prop_assert_eq!(i64::try_from(entries.len()).unwrap(), made.size);
        let place = |at: u16| usize::from(at) % entries.len();
        let position = |place: usize| i64::try_from(place).unwrap() + 1;
        let mut words: &[Wrong] = &[];
        let expected = match edit {
            Edit::None => None,
            Edit::Bit(at, byte, bit) => {
                let line = &mut lines[entries[place(at)]];
                let byte = usize::from(byte) % (line.len() - 1);
                line[byte] ^= 1 << bit;
                words = &[Wrong::Changed, Wrong::Unreadable, Wrong::Removed, Wrong::Reordered];
                Some(position(place(at)))
            }
            Edit::Remove(at) => {
                lines.remove(entries[place(at)]);
                words = &[Wrong::Removed];
                Some(position(place(at)))
            }
            Edit::Repeat(at) => {
                let line = lines[entries[place(at)]].clone();
                lines.insert(entries[place(at)] + 1, line);
                words = &[Wrong::Inserted, Wrong::Changed];
                Some(position(place(at)) + 1)
            }
            Edit::Swap(one, other) => {
                let (low, high) = (place(one).min(place(other)), place(one).max(place(other)));
                lines.swap(entries[low], entries[high]);
                words = &[Wrong::Reordered];
                (low != high).then_some(position(low))
            }
            Edit::CutOff(after, end) => {
                let count = place(after) + 1;
                lines.truncate(entries[place(after)] + 1);
                if end {
                    lines.push(format!("{{\"kind\":\"end\",\"entries\":{count}}}\n").into_bytes());
                }
                words = &[Wrong::Removed, Wrong::Uncovered];
                // Behind the last entry that a checkpoint covers.
                Some(position(count))
            }
        };
        let edited = lines.concat();
        let kept = made.kept.jws.as_str();
        let found = first_bad(verify_bundle(&edited[..], None, Some(kept)));
        match (expected, found, &edit) {
            (None, None, _) => {}
            // Cut off right where the last line belongs, or in front of the last checkpoint: the kept one stands in for it.
            (Some(at), None, Edit::CutOff(_, true)) if at == made.size + 1 => {}
            (Some(at), Some((found, wrong)), _) => {
                prop_assert!(found == at && words.contains(&wrong), "{:?} at {} instead of {}", wrong, found, at);
            }
            (expected, found, _) => prop_assert!(false, "{:?} instead of {:?}", found, expected),
        }
        Ok(())
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_part_of_the_record_begins_and_ends_where_checkpoints_vouch_for_it() {
    let trail = Trail::new().await;
    let hour = Span::hours(1);
    trail.make(&Plan { seed: 3, batches: vec![(5, true)] }).await;
    let mut moments = vec![trail.bank.clock.now()];
    for _ in 0..3 {
        trail.bank.clock.advance(hour);
        let entries: Vec<_> =
            (0..4).map(|_| trail.bank.auth.operator_entry(lombard_domain::audit::Event::Imported)).collect();
        let mut tx = trail.bank.db.begin("test").await.unwrap();
        lombard_store::audit::append(&mut tx, &entries).await.unwrap();
        tx.commit().await.unwrap();
        trail.bank.seal().await;
        moments.push(trail.bank.clock.now());
    }
    // The second of the three, with a little room at both ends.
    let part = Part { since: Some(moments[2]), until: Some(moments[2].plus(Span::seconds(1))) };
    let file = export(&trail, part).await;
    let checked = verify_bundle(&file[..], None, None).unwrap();
    let proven = checked.chain.unwrap();
    assert_eq!(checked.first, 10);
    assert!(proven.last >= 13 && proven.entries == u64::try_from(proven.last - 9).unwrap(), "{proven:?}");
    // What the bundle says of the place before its first entry cannot be made up.
    let text = String::from_utf8(file).unwrap();
    let before = text.split("\"before\":\"").nth(1).unwrap();
    let forged = text.replacen(&before[..64], &"0".repeat(64), 1);
    let found = first_bad(verify_bundle(forged.as_bytes(), None, None));
    assert_eq!(found, Some((9, Wrong::Rewritten { since: 0 })));
    let later = Part { since: Some(moments[3].plus(hour)), until: None };
    let nothing = trail.bank.auth.export_record(later, &mut Vec::new()).await.unwrap();
    assert_eq!(nothing, None);
}

#[tokio::test]
async fn a_bundle_that_somebody_else_made_is_refused_by_the_banks_own_key() {
    let (ours, theirs) = (Trail::new().await, Trail::new().await);
    let plan = Plan { seed: 1, batches: vec![(5, true)] };
    let (made, other) = (ours.make(&plan).await, theirs.make(&plan).await);
    let forged = export(&theirs, Part::default()).await;
    // By itself it fits together; only the bank's key tells.
    verify_bundle(&forged[..], None, None).unwrap().chain.unwrap();
    let keys = ours.bank.auth.audit_keys().await.unwrap();
    let keys = AuditKeys::parse(keys.to_json().to_string().as_bytes()).unwrap();
    let found = first_bad(verify_bundle(&forged[..], Some(&keys), None));
    assert_eq!(found.map(|(_, wrong)| wrong), Some(Wrong::Checkpoint));
    let good = export(&ours, Part::default()).await;
    verify_bundle(&good[..], Some(&keys), Some(&made.kept.jws)).unwrap().chain.unwrap();
    let foreign = verify_bundle(&good[..], None, Some(&other.kept.jws));
    assert!(matches!(foreign, Err(BundleError::Checkpoint(_))));
    assert!(ours.bank.auth.kept_checkpoint(&other.kept.jws).await.unwrap().is_err());
    assert!(ours.bank.auth.kept_checkpoint(&made.kept.jws).await.unwrap().is_ok());
    for no_bundle in [&b""[..], b"{}", b"\n", b"not json\n"] {
        assert!(matches!(verify_bundle(no_bundle, None, None), Err(BundleError::NotABundle)));
    }
    assert!(AuditKeys::parse(br#"{"keys":[]}"#).is_err());
}

#[tokio::test]
async fn what_former_keys_signed_is_checked_as_before() {
    let trail = Trail::new().await;
    let before = trail.make(&Plan { seed: 1, batches: vec![(5, true)] }).await;
    let auth = &trail.bank.auth;
    let keys = async || AuditKeys::parse(auth.audit_keys().await.unwrap().to_json().to_string().as_bytes()).unwrap();
    let former = keys().await;
    for turn in 1..=2 {
        let kid = auth.rotate_audit_key(TestBank::OPERATOR).await.unwrap();
        let made = auth.make_checkpoint().await.unwrap().unwrap();
        let both = keys().await;
        assert_eq!(both.to_json()["keys"].as_array().unwrap().len(), 1 + turn);
        assert!(both.to_json().to_string().contains(&kid));
        assert!(former.open(&made.jws).is_err() && both.open(&made.jws).is_ok(), "the newest signs");
        let kept = auth.kept_checkpoint(&before.kept.jws).await.unwrap().unwrap();
        auth.verify_record(Some(&kept)).await.unwrap().chain.unwrap();
        let file = export(&trail, Part::default()).await;
        verify_bundle(&file[..], Some(&both), Some(&before.kept.jws)).unwrap().chain.unwrap();
        let found = first_bad(verify_bundle(&file[..], Some(&former), None));
        assert_eq!(found.map(|(_, wrong)| wrong), Some(Wrong::Checkpoint), "an auditor who was not told");
    }
}

#[tokio::test]
async fn a_bundle_names_nobody() {
    let bank = TestBank::new().await;
    bank.browser().open("/authorize?client_id=nobody").await;
    let mut out = Vec::new();
    bank.auth.export_record(Part::default(), &mut out).await.unwrap().unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("bank.imported") && !text.contains("127.0.0.1"), "{text}");
}

/// Random records and edits.
const CASES: u32 = 200;

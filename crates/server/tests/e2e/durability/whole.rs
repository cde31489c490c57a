//! A look into the file that a crash left: no half of anything, and every change on record.

use std::collections::BTreeSet;
use std::path::Path;

use lombard_domain::audit::Line;
use rusqlite::Connection;

/// Nothing in the database is half-made.
pub(crate) fn check(file: &Path) {
    let database = open(file);
    assert_eq!(texts(&database, "PRAGMA integrity_check"), ["ok"]);
    assert!(texts(&database, "SELECT \"table\" FROM pragma_foreign_key_check").is_empty());
    for (what, query) in HALVES {
        let halves = texts(&database, query);
        assert!(halves.is_empty(), "{what}: {halves:?}");
    }
}

/// Every one of these calls has its entry.
pub(crate) fn every_read_is_on_record(file: &Path, reads: &[String]) {
    let database = open(file);
    let recorded = texts(&database, "SELECT interaction FROM record WHERE event = 'data.read'");
    let recorded: BTreeSet<_> = recorded.iter().collect();
    let missing: Vec<_> = reads.iter().filter(|read| !recorded.contains(read)).collect();
    assert!(missing.is_empty(), "{} of {} reads are not on record: {missing:?}", missing.len(), reads.len());
}

/// Opens the file; `record` has the entries that are chained and those that are not yet.
fn open(file: &Path) -> Connection {
    let database = Connection::open(file).unwrap();
    let columns = "event, client_id, consent_id, interaction";
    database.execute_batch(&format!("CREATE TEMP TABLE record AS SELECT {columns} FROM audit")).unwrap();
    for packed in waiting(&database) {
        let mut rest = &packed[..];
        while let Some((length, more)) = rest.split_first_chunk() {
            let (entry, more) = more.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
            let Line { event, client, consent, interaction, .. } = Line::decode(entry).unwrap();
            let insert = format!("INSERT INTO record ({columns}) VALUES (?1, ?2, ?3, ?4)");
            database.execute(&insert, (event, client, consent, interaction)).unwrap();
            rest = &more[KEYED_DIGEST..];
        }
    }
    database
}

/// The rows of the inbox.
fn waiting(database: &Connection) -> Vec<Vec<u8>> {
    let mut statement = database.prepare("SELECT packed FROM audit_inbox").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Bytes behind each entry of the inbox.
const KEYED_DIGEST: usize = 32;

fn texts(database: &Connection, query: &str) -> Vec<String> {
    let mut statement = database.prepare(query).expect(query);
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What must not be, and what finds it.
const HALVES: [(&str, &str); 6] = [
    (
        "apps without their entry on record",
        "SELECT id FROM client WHERE id NOT IN (SELECT client_id FROM record WHERE event = 'client.registered')",
    ),
    (
        "entries on record of apps that are not there",
        "SELECT client_id FROM record WHERE event = 'client.registered' AND client_id NOT IN (SELECT id FROM client)",
    ),
    (
        "allowed consents without accounts, history, grant or entry",
        "SELECT id FROM consent WHERE status = 'authorised' AND NOT (
            EXISTS (SELECT 1 FROM consent_account a WHERE a.consent_id = consent.id)
            AND EXISTS (SELECT 1 FROM consent_history h WHERE h.consent_id = consent.id AND h.status = consent.status)
            AND EXISTS (SELECT 1 FROM consent_grant g WHERE g.consent_id = consent.id)
            AND EXISTS (SELECT 1 FROM record WHERE event = 'consent.authorised' AND record.consent_id = consent.id))",
    ),
    (
        "entries of allowed consents that are not there",
        "SELECT consent_id FROM record WHERE event = 'consent.authorised' AND consent_id NOT IN (SELECT id FROM consent)",
    ),
    (
        "used codes that gave no tokens, or whose tokens are not on record",
        "SELECT grant_id FROM code WHERE used_at IS NOT NULL AND NOT (
            EXISTS (SELECT 1 FROM access_token t WHERE t.grant_id = code.grant_id)
            AND EXISTS (SELECT 1 FROM refresh_token t WHERE t.grant_id = code.grant_id)
            AND EXISTS (SELECT 1 FROM consent_grant g JOIN record ON record.consent_id = g.consent_id
                        WHERE g.id = code.grant_id AND record.event = 'token.issued'))",
    ),
    (
        "tokens of codes that were not used",
        "SELECT grant_id FROM code WHERE used_at IS NULL
            AND (grant_id IN (SELECT grant_id FROM access_token) OR grant_id IN (SELECT grant_id FROM refresh_token))",
    ),
];

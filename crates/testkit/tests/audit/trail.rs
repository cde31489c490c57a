//! A record made of random entries, and the raw database under it.
//!
//! The hash of an entry is computed here once more, from what the documentation says, so that the server's own is not its only witness.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use lombard_auth::audit::Checkpoint;
use lombard_domain::audit::{Entry, Event, Line, Subject};
use lombard_domain::id::{AccountId, AuditId, ClientId, ConsentId, CustomerId};
use lombard_domain::random::{Random as _, bytes};
use lombard_domain::time::{Clock as _, Span};
use lombard_store::audit;
use lombard_testkit::TestBank;
use rusqlite::Connection;

/// What a record is made of.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// How many entries are chained at once; after each, whether a checkpoint is made.
    pub(crate) batches: Vec<(usize, bool)>,
}

/// A bank with a record that can be broken.
pub(crate) struct Trail {
    pub(crate) bank: TestBank,
    pub(crate) raw: Connection,
}

/// A record as it was made.
pub(crate) struct Made {
    /// How many entries there are.
    pub(crate) size: i64,
    /// The places of the stored checkpoints.
    pub(crate) checkpoints: Vec<i64>,
    /// The newest, as somebody else keeps it.
    pub(crate) kept: Checkpoint,
}

impl Trail {
    pub(crate) async fn new() -> Self {
        let bank = TestBank::new().await;
        let raw = Connection::open(bank.file()).unwrap();
        raw.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
        for name in ["", "inbox_", "checkpoint_", "span_", "subject_"] {
            let both = format!("DROP TRIGGER audit_{name}unchanged; DROP TRIGGER IF EXISTS audit_{name}undeleted");
            raw.execute_batch(&both).unwrap();
        }
        Self { bank, raw }
    }

    /// Forgets what was, and makes a record anew.
    pub(crate) async fn make(&self, plan: &Plan) -> Made {
        let tables = ["audit", "audit_span", "audit_subject", "audit_inbox", "audit_head", "audit_checkpoint"];
        self.raw.execute_batch(&format!("BEGIN; DELETE FROM {}; COMMIT", tables.join("; DELETE FROM "))).unwrap();
        let random = TestBank::seeded(plan.seed);
        let mut size = 0;
        for (count, checkpoint) in &plan.batches {
            let entries: Vec<_> = (0..*count).map(|_| self.entry(&random)).collect();
            size += i64::try_from(*count).unwrap();
            let mut tx = self.bank.db.begin("test").await.unwrap();
            audit::append(&mut tx, &entries).await.unwrap();
            tx.commit().await.unwrap();
            self.bank.seal().await;
            if *checkpoint {
                self.bank.auth.make_checkpoint().await.unwrap();
            }
        }
        let kept = self.bank.auth.make_checkpoint().await.unwrap().unwrap();
        assert_eq!(kept.position, size);
        Made { size, checkpoints: self.checkpoints(), kept }
    }

    pub(crate) fn checkpoints(&self) -> Vec<i64> {
        let mut found = self.raw.prepare("SELECT position FROM audit_checkpoint ORDER BY position").unwrap();
        let rows = found.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn entry(&self, random: &lombard_testkit::SeededRandom) -> Entry {
        let [kind, has, tail, ..]: [u8; 8] = bytes(random);
        self.bank.clock.advance(Span::seconds(i64::from(tail % 7)));
        let at = self.bank.clock.now();
        let bit = |place: u8| has & (1 << place) != 0;
        let mut number = [0];
        random.fill(&mut number);
        let number = u128::from(number[0] % 4);
        Entry {
            id: AuditId::ordered(random, at),
            at,
            event: Event::ALL[usize::from(kind) % Event::ALL.len()],
            subject: Subject {
                client: bit(0).then(|| ClientId::from_bits(number)),
                customer: bit(1).then(|| CustomerId::from_bits(number)),
                consent: bit(2).then(|| ConsentId::from_bits(number)),
                account: bit(3).then(|| AccountId::from_bits(number)),
            },
            reason: bit(4).then_some("because"),
            interaction: bit(5).then(|| format!("call-{kind}")),
            address: bit(6).then(|| IpAddr::from([192, 0, 2, tail])),
        }
    }

    /// Computes all hashes from a place on anew, as somebody does who has no keys, and moves the end of the chain.
    pub(crate) fn rehash(&self, from: i64) {
        let before = self.raw.query_row("SELECT hash FROM audit WHERE position = ?1", [from - 1], |row| row.get(0));
        let mut before: Vec<u8> = before.unwrap_or_else(|_| {
            let name: Vec<String> =
                audit::database_name(&self.bank.db).iter().map(|byte| format!("{byte:02x}")).collect();
            digest(&SHA256, format!("lombard audit chain 1 start\n{}", name.concat()).as_bytes()).as_ref().to_vec()
        });
        for (position, line, mac) in self.rows(from) {
            let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
            let parts = [
                b"lombard audit chain 1 entry\n".to_vec(),
                length(&before),
                before.clone(),
                position.to_be_bytes().to_vec(),
                length(&mac),
                mac,
                line.encode(),
            ];
            before = digest(&SHA256, &parts.concat()).as_ref().to_vec();
            self.raw.execute("UPDATE audit SET hash = ?1 WHERE position = ?2", (&before, position)).unwrap();
        }
        self.raw
            .execute(
                "UPDATE audit_head SET hash = ?1, position = COALESCE((SELECT MAX(position) FROM audit), 0) WHERE name = 'chain'",
                [&before],
            )
            .unwrap();
    }

    fn rows(&self, from: i64) -> Vec<(i64, Line, Vec<u8>)> {
        let sql = "SELECT position, id, at, event, outcome, client_id, customer_id, consent_id, account_id, reason, interaction,
            address, mac FROM audit WHERE position >= ?1 ORDER BY position";
        let mut found = self.raw.prepare(sql).unwrap();
        let rows = found.query_map([from], |row| {
            let line = Line {
                id: row.get(1)?,
                at: row.get(2)?,
                event: row.get(3)?,
                outcome: row.get(4)?,
                client: row.get(5)?,
                customer: row.get(6)?,
                consent: row.get(7)?,
                account: row.get(8)?,
                reason: row.get(9)?,
                interaction: row.get(10)?,
                address: row.get(11)?,
            };
            Ok((row.get(0)?, line, row.get(12)?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}

//! What the bank has answered: the promises that it must keep after a crash.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lombard_testkit::{App, Tokens};
use tokio::time::{Instant, sleep};

/// Answers.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) apps: Vec<App>,
    /// Codes that nobody has tried to exchange.
    pub(crate) codes: Vec<(App, String)>,
    /// Codes that were exchanged.
    pub(crate) spent: Vec<(App, String)>,
    pub(crate) tokens: Vec<(App, Tokens)>,
    pub(crate) revoked: Vec<(App, Tokens)>,
    /// The interaction ids of reads.
    pub(crate) reads: Vec<String>,
}

impl Ledger {
    /// Adds those of another.
    pub(crate) fn add(&mut self, other: Self) {
        self.apps.extend(other.apps);
        self.codes.extend(other.codes);
        self.spent.extend(other.spent);
        self.tokens.extend(other.tokens);
        self.revoked.extend(other.revoked);
        self.reads.extend(other.reads);
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { apps, codes, spent, tokens, revoked, reads } = self;
        let [apps, codes, spent] = [apps.len(), codes.len(), spent.len()];
        let [tokens, revoked, reads] = [tokens.len(), revoked.len(), reads.len()];
        write!(
            f,
            "{apps} apps, {codes} unused codes and {spent} used, {tokens} tokens, {revoked} revocations, {reads} reads"
        )
    }
}

/// A ledger that several write.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Ledger>>);

impl Shared {
    /// Writes in it.
    pub(crate) fn note(&self, write: impl FnOnce(&mut Ledger)) {
        write(&mut self.0.lock().unwrap());
    }

    /// Waits until so many calls with tokens and codes have been answered.
    ///
    /// # Panics
    /// If that takes too long.
    pub(crate) async fn filled(&self, answers: u64) {
        let began = Instant::now();
        while self.answers() < answers {
            assert!(began.elapsed() < FILLED_MAX, "only {} answers", self.answers());
            sleep(Duration::from_millis(2)).await;
        }
    }

    fn answers(&self) -> u64 {
        let ledger = self.0.lock().unwrap();
        let answers = ledger.codes.len() + ledger.tokens.len() + ledger.revoked.len() + ledger.reads.len();
        u64::try_from(answers).unwrap()
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Ledger {
        mem::take(&mut self.0.lock().unwrap())
    }
}

/// How long the bank may take for that, unoptimised and on a busy machine.
const FILLED_MAX: Duration = Duration::from_secs(30);

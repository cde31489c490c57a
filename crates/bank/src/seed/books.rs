//! The books of the demo bank while its story is told: who has how much, and what was written down.

use std::collections::BTreeMap;

use lombard_domain::time::Date;

use super::plan::{Account, Firm};

/// One line on one account.
pub(super) struct Line {
    pub(super) account: &'static Account,
    pub(super) day: Date,
    /// Minutes since midnight.
    pub(super) minute: i64,
    /// Its number among the account's lines of that day.
    pub(super) number: i64,
    pub(super) minor: i64,
    pub(super) code: Code,
    pub(super) text: &'static str,
    pub(super) other: Other,
}

/// Who was on the other side.
#[derive(Clone, Copy)]
pub(super) enum Other {
    /// The holder of another account here.
    Account(&'static Account),
    /// A firm whose account is known.
    Firm(&'static Firm),
    /// The bank itself.
    Nobody,
    /// A shop.
    Shop(&'static str),
}

/// What sort of movement, in ISO 20022's words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(pub(super) &'static str, pub(super) &'static str);

pub(super) const CARD_PAYMENT: Code = Code("CCRD", "POSD");
pub(super) const CASH: Code = Code("CCRD", "CWDL");
pub(super) const CREDIT_CARD_PAYMENT: Code = Code("CCRD", "POSC");
pub(super) const DIRECT_DEBIT: Code = Code("RDDT", "PMDD");
pub(super) const INTEREST: Code = Code("MCOP", "INTR");
pub(super) const ORDER_IN: Code = Code("RCDT", "STDO");
pub(super) const ORDER_OUT: Code = Code("ICDT", "STDO");
pub(super) const PLANNED_OUT: Code = Code("ICDT", "DMCT");
pub(super) const SALARY: Code = Code("RCDT", "SALA");
pub(super) const TRANSFER_IN: Code = Code("RCDT", "BOOK");
pub(super) const TRANSFER_OUT: Code = Code("ICDT", "BOOK");

impl Code {
    /// Whether a shop's payment waits a day or two before it is final.
    pub(super) fn waits(self) -> bool {
        self == CARD_PAYMENT || self == CREDIT_CARD_PAYMENT
    }
}

/// Something that is written down on one account.
#[derive(Clone, Copy)]
pub(super) struct Posting {
    pub(super) minute: i64,
    pub(super) minor: i64,
    pub(super) code: Code,
    pub(super) text: &'static str,
    pub(super) other: Other,
}

/// Money that goes from one account here to another.
pub(super) struct Transfer {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) minute: i64,
    pub(super) minor: i64,
    /// The codes on the account that pays and on the one that is paid.
    pub(super) codes: (Code, Code),
    pub(super) text: &'static str,
}

/// The books.
pub(super) struct Books {
    accounts: BTreeMap<&'static str, &'static Account>,
    balances: BTreeMap<&'static str, i64>,
    day: Date,
    numbers: BTreeMap<&'static str, i64>,
    lines: Vec<Line>,
}

impl Books {
    /// Empty books: every account has what it had when the story began.
    pub(super) fn open(accounts: &'static [Account], day: Date) -> Self {
        Self {
            accounts: accounts.iter().map(|account| (account.key, account)).collect(),
            balances: accounts.iter().map(|account| (account.key, account.opening)).collect(),
            day,
            numbers: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// Begins a new day.
    pub(super) fn turn(&mut self, day: Date) {
        self.day = day;
        self.numbers.clear();
    }

    /// How much is in an account.
    pub(super) fn balance(&self, account: &str) -> i64 {
        self.balances.get(account).copied().unwrap_or(0)
    }

    /// Writes something down.
    pub(super) fn post(&mut self, account: &'static str, posting: Posting) {
        let Some(account) = self.accounts.get(account).copied() else { return };
        *self.balances.entry(account.key).or_default() += posting.minor;
        let number = self.numbers.entry(account.key).or_default();
        *number += 1;
        let Posting { minute, minor, code, text, other } = posting;
        self.lines.push(Line { account, day: self.day, minute, number: *number, minor, code, text, other });
    }

    /// Writes a transfer down on both accounts.
    pub(super) fn transfer(&mut self, transfer: &Transfer) {
        let Transfer { from, to, minute, minor, codes, text } = *transfer;
        let (Some(payer), Some(payee)) = (self.accounts.get(from).copied(), self.accounts.get(to).copied()) else {
            return;
        };
        let (out, into) = codes;
        self.post(from, Posting { minute, minor: -minor, code: out, text, other: Other::Account(payee) });
        self.post(to, Posting { minute, minor, code: into, text, other: Other::Account(payer) });
    }

    /// Drops what was written down so far; what is in the accounts stays.
    pub(super) fn forget(&mut self) {
        self.lines.clear();
    }

    /// What was written down.
    pub(super) fn close(self) -> Vec<Line> {
        self.lines
    }
}

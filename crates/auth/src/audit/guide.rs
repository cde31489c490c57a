//! Whether look-ups find every entry: what the tables say that lead to entries, beside the entries themselves.
//!
//! The chain does not cover those tables. Somebody who hides an entry from look-ups leaves the chain as it is, so a check compares them.
//! The spans are compared as the entries go by; whom they are about is added up on both sides, and the sums are compared.

use std::collections::{BTreeSet, VecDeque};

use aws_lc_rs::digest::{Context, SHA256};
use lombard_domain::audit::Chained;
use lombard_store::audit::{self, Span};

use super::fault::{Fault, Wrong};
use crate::Auth;
use crate::error::Result;

/// Follows the spans while entries go by.
#[derive(Default)]
pub(super) struct Guide {
    /// Spans that are stored and not passed, each with its latest time.
    ahead: VecDeque<(Span, i64)>,
    /// The last position of the last of them.
    read_to: i64,
    /// The last position of the last that was passed.
    passed: i64,
    /// Of the entries since then: whom they are about, and the latest time.
    subjects: BTreeSet<String>,
    last_at: Option<i64>,
    sum: Sum,
    /// The first position that no span leads to as it should.
    lost: Option<i64>,
}

/// What rows come to, in whatever order they are added: how many, and their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    rows: u64,
    digests: u128,
}

impl Guide {
    /// Looks at the entries that come next.
    pub(super) async fn follow(&mut self, auth: &Auth, entries: &[Chained]) -> Result<()> {
        for entry in entries {
            if self.lost.is_some() {
                return Ok(());
            }
            if self.ahead.is_empty() {
                let page = audit::spans_after(&mut auth.db().read().await?, self.read_to, PAGE).await?;
                self.read_to = page.last().map_or(self.read_to, |(span, _)| span.last);
                self.ahead.extend(page);
            }
            self.pass(entry);
        }
        Ok(())
    }

    fn pass(&mut self, entry: &Chained) {
        let Some((span, last_at)) = self.ahead.front().copied() else {
            self.lost = Some(entry.position);
            return;
        };
        let line = &entry.line;
        let subjects = [&line.client, &line.customer, &line.consent].into_iter().flatten();
        self.subjects.extend(subjects.cloned());
        self.last_at = self.last_at.max(Some(line.at));
        let is_in_it = span.first == self.passed.saturating_add(1) && entry.position <= span.last;
        if !is_in_it || (entry.position == span.last && self.last_at != Some(last_at)) {
            self.lost = Some(entry.position);
        } else if entry.position == span.last {
            for subject in std::mem::take(&mut self.subjects) {
                self.sum.add(&subject, span);
            }
            (self.passed, self.last_at) = (span.last, None);
            self.ahead.pop_front();
        }
    }

    /// The first entry that a look-up would miss; nothing if it would find all.
    pub(super) async fn finish(self, auth: &Auth) -> Result<Option<Fault>> {
        let fault = |position| Some(Fault { position: Some(position), id: None, wrong: Wrong::Lookup });
        if let Some(lost) = self.lost {
            return Ok(fault(lost));
        }
        if self.last_at.is_some() {
            // The last span goes on behind the last entry.
            return Ok(fault(self.passed.saturating_add(1)));
        }
        if let Some((beyond, _)) = audit::spans_after(&mut auth.db().read().await?, self.passed, 1).await?.first() {
            // One that was added meanwhile has its entries.
            let entries = audit::chained_after(&mut auth.db().read().await?, self.passed, 1).await?;
            if entries.is_empty() {
                return Ok(fault(beyond.first));
            }
        }
        let (mut stored, mut cursor) = (Sum::default(), (String::new(), 0));
        loop {
            let page = audit::subjects_after(&mut auth.db().read().await?, &cursor.0, cursor.1, PAGE).await?;
            for (subject, span) in page.iter().filter(|(_, span)| span.last <= self.passed) {
                stored.add(subject, *span);
            }
            let Some((subject, span)) = page.into_iter().last() else { break };
            cursor = (subject, span.last);
        }
        // Which row it is that is missing or too many, the sums do not tell.
        Ok(if stored == self.sum { None } else { fault(1) })
    }
}

impl Sum {
    fn add(&mut self, subject: &str, span: Span) {
        let mut context = Context::new(&SHA256);
        context.update(&span.first.to_be_bytes());
        context.update(&span.last.to_be_bytes());
        context.update(subject.as_bytes());
        let digest = context.finish();
        let half = digest.as_ref().first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
        self.rows = self.rows.saturating_add(1);
        self.digests = self.digests.wrapping_add(half);
    }
}

/// Rows read at once.
const PAGE: i64 = 1000;

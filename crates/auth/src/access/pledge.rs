//! Reads that are put on record while what they read is fetched.

use std::sync::{Mutex, PoisonError};

use super::{Denied, Flaw};
use crate::record::{Outcome, Writing};

/// What a call promises: that its read will be on record before anything of it is given.
///
/// Whoever lets the gate pledge has to wait for [`Pledge::kept`] before the answer leaves, whatever the answer is. Writing a group to disk and
/// fetching what is read then go on at the same time.
#[derive(Debug, Default)]
pub struct Pledge(Mutex<Vec<Writing>>);

impl Pledge {
    pub(super) fn make(&self, writing: Writing) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(writing);
    }

    /// Returns when everything that was promised is safe on disk.
    ///
    /// # Errors
    /// [`Denied`] says why nothing may be given: the proof has come before, or the record could not be written.
    pub async fn kept(&self) -> Result<(), Denied> {
        let promised = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for writing in promised {
            on_record(writing).await?;
        }
        Ok(())
    }
}

/// Returns when a read that takes no place is safe on disk.
pub(super) async fn on_record(writing: Writing) -> Result<(), Denied> {
    match writing.end().await? {
        Outcome::Done(_) | Outcome::Full(_) => Ok(()),
        Outcome::Replayed { .. } => Err(Denied::Proof(Flaw::Replayed)),
    }
}

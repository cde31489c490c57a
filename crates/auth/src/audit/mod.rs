//! The record as evidence: its chain, signed checkpoints, and the verifier that names the first bad entry.
//!
//! ```text
//! a change, or a read ─▶ inbox ── about a second ──▶ chain ── about a minute ──▶ checkpoint ─▶ kept elsewhere
//!                        keyed digest                hash of all before          signature
//! ```
//!
//! An entry is stored before a call is answered and chained afterwards, so that no call waits for the one before it. The verifier is
//! given entries in order and asks nobody: it knows neither the database nor a clock, and so works on an exported bundle as well.
//! It must never mend what it finds.

mod bundle;
mod chain;
mod checkpoint;
mod export;
mod fault;
mod guide;
mod hex;
mod live;
mod lookup;
mod sealer;
mod suspicion;
mod verifier;

pub use bundle::{BundleError, CheckedBundle, verify_bundle};
pub use chain::Hash;
pub use checkpoint::{AuditKeys, BadCheckpoint, Checkpoint, first_checkpoint};
pub use export::{Exported, Part};
pub use fault::{Fault, Mac, Wrong};
pub use live::Checked;
pub use lombard_store::audit::{Access, ListQuery, Recorded, Whose};
pub use lookup::AccessReport;
pub use sealer::begin_to_count;
pub use verifier::{Proven, Verifier};

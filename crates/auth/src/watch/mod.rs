//! Watching: the record is read as it grows, rules say who behaves as an attacker does, and measures follow from their scores.
//!
//! What rules remember is in the memory of each node. How far the record was read is in the database: of several nodes one moves that
//! place, and it raises the alarms of those entries in the same transaction, with what follows from them; the others only take the
//! entries in. The rules are `lombard_domain::watch`. Nothing here is asked on the way of a call, but for what is in force.

mod fact;
mod force;
mod fresh;
mod operator;
mod reader;
mod respond;

use std::sync::{Arc, RwLock};

use lombard_domain::audit::Subject;
use lombard_domain::watch::Accused;
use tokio::sync::Mutex;

use crate::Call;

pub use lombard_domain::watch::{Measure, Response, Rule, Setting, Steps};
pub use lombard_store::watch::{Lift, StoredAlarm, StoredMeasure};
pub use operator::Case;
pub use reader::{Watched, begin_to_count};

use force::InForce;
use fresh::Fresh;
use reader::Warm;

/// What a node knows.
#[derive(Default)]
pub(crate) struct Watch {
    /// The rules, with what they remember; `None` until they have read what came before.
    memory: Mutex<Option<Warm>>,
    /// What the rules have not seen yet, as far as this node has it at hand.
    fresh: Fresh,
    /// What is in force, as it was a moment ago.
    force: RwLock<Arc<InForce>>,
}

/// How what is done here is named on record.
const WATCHING: Call<'static> = Call::local("watching");

/// Whom an entry is about that accuses somebody. A network stands in no entry but as the sealed address of a call.
fn subject_of(accused: Accused) -> Subject {
    match accused {
        Accused::Bank | Accused::Network(_) => Subject::default(),
        Accused::Client(id) => Subject { client: Some(id), ..Subject::default() },
        Accused::Customer(id) => Subject { customer: Some(id), ..Subject::default() },
    }
}

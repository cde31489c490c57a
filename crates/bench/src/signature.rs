//! What part of the server's work are signatures: counted operations, at what one costs in this process on this machine.
//!
//! Computed and not profiled: what surrounds a signature (base64, JSON, reading a key) is not counted as signature work. The
//! operations are those of the server, which the testkit's keys share with it.

use std::hint::black_box;
use std::time::Duration;

use lombard_testkit::fapi::FapiSetup;
use lombard_testkit::{Purpose, TestKey};

use crate::process;

/// The server's operations with ES256 for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signatures {
    pub(crate) verified: u32,
    pub(crate) signed: u32,
}

/// What one operation with ES256 costs, in processor microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Costs {
    pub(crate) verify: f64,
    pub(crate) sign: f64,
}

impl Signatures {
    /// No operation.
    pub(crate) const NONE: Self = Self { verified: 0, signed: 0 };
}

impl Costs {
    /// Signs and verifies for a while, when nothing else runs in this process.
    ///
    /// # Errors
    /// This is not Linux, or the library fails.
    pub(crate) fn measure() -> anyhow::Result<Self> {
        let key = TestKey::new(FapiSetup::default().alg, Purpose::App);
        let message = [b'm'; MESSAGE_BYTES];
        let signature = key.signing.sign(&message)?;
        let public = key.signing.public().public_key();
        let sign = cpu_micros(|| Ok(key.signing.sign(black_box(&message))?))?;
        let verify = cpu_micros(|| Ok(public.verify(black_box(&message), black_box(&signature))?))?;
        Ok(Self { verify, sign })
    }

    /// What so many operations cost, in processor microseconds.
    pub(crate) fn of(self, signatures: Signatures) -> f64 {
        f64::from(signatures.verified) * self.verify + f64::from(signatures.signed) * self.sign
    }
}

/// Processor microseconds of one operation, from many.
fn cpu_micros<T>(mut operation: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<f64> {
    let this = std::process::id();
    let before = process::cpu(this)?;
    let mut operations = 0_u32;
    loop {
        for _ in 0..BETWEEN_LOOKS {
            black_box(operation()?);
        }
        operations = operations.saturating_add(BETWEEN_LOOKS);
        let used = process::cpu(this)?.saturating_sub(before);
        if used >= LONG_ENOUGH {
            return Ok(used.as_secs_f64() * 1e6 / f64::from(operations));
        }
    }
}

/// About as long as what is signed of a proof or a token.
const MESSAGE_BYTES: usize = 512;
/// Operations between two looks at the clock.
const BETWEEN_LOOKS: u32 = 256;
/// Fifty times as long as Linux counts exactly.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_cost_what_each_costs() {
        let costs = Costs { verify: 60.0, sign: 20.0 };
        assert!((costs.of(Signatures { verified: 2, signed: 1 }) - 140.0).abs() < 1e-9);
        assert!(costs.of(Signatures::NONE).abs() < 1e-9);
    }

    #[test]
    fn an_operation_takes_some_time() {
        let costs = Costs::measure().unwrap();
        assert!(costs.verify > 0.0 && costs.sign > 0.0, "{costs:?}");
    }
}

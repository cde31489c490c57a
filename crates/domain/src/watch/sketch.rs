//! How many different things there were, in 256 bytes: HyperLogLog (Flajolet and others, 2007), with whole numbers only.
//!
//! Adding the same thing again changes nothing, and the order does not matter. The error is about 7 in 100, and less for small counts.

/// How many different things there were, about.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sketch {
    /// For each register, the most zeros that a thing of it began with, and one more; empty: nothing came yet.
    registers: Vec<u8>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Sketch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "about {}", self.estimate())
    }
}

impl Sketch {
    /// Nothing came yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { registers: Vec::new() }
    }

    /// Adds a thing by its number; whether that could change how many there are.
    pub fn add(&mut self, thing: u128) -> bool {
        let (register, zeros) = place_of(thing);
        if self.registers.is_empty() {
            self.registers = vec![0; REGISTERS];
        }
        match self.registers.get_mut(register) {
            Some(most) if *most < zeros => {
                *most = zeros;
                true
            }
            Some(_) | None => false,
        }
    }

    /// How many different things were added, about.
    #[must_use]
    pub fn estimate(&self) -> u32 {
        if self.registers.is_empty() {
            return 0;
        }
        let empty = self.registers.iter().filter(|most| **most == 0).count();
        let sum: u64 = self.registers.iter().map(|most| ONE >> most).sum();
        let raw = ALPHA_SQUARE.saturating_mul(ONE).checked_div(sum).unwrap_or(0) / THOUSAND;
        let estimate = if raw <= SMALL && empty > 0 { small(empty) } else { raw };
        u32::try_from(estimate).unwrap_or(u32::MAX)
    }
}

/// As many different things as it takes, on average, until so many registers are left empty.
fn small(empty: usize) -> u64 {
    let step = |left: usize| MANY.saturating_mul(THOUSAND).checked_div(u64::try_from(left).unwrap_or(1)).unwrap_or(0);
    let sum: u64 = (empty + 1..=REGISTERS).map(step).sum();
    (sum + THOUSAND / 2) / THOUSAND
}

/// Identifiers are drawn by chance or digests, but their bits are mixed all the same: nothing here may depend on how they were made.
fn place_of(thing: u128) -> (usize, u8) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = thing.to_be_bytes();
    let mixed = mix(u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ mix(u64::from_be_bytes([i, j, k, l, m, n, o, p])));
    let register = usize::try_from(mixed & (MANY - 1)).unwrap_or(0);
    let zeros = (mixed >> 8 | 1).leading_zeros().saturating_sub(8).saturating_add(1);
    (register, u8::try_from(zeros).unwrap_or(u8::MAX))
}

/// The finalizer of `SplitMix64`.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

impl From<Sketch> for String {
    fn from(sketch: Sketch) -> Self {
        sketch.registers.iter().map(|most| char::from(most.saturating_add(FIRST_LETTER))).collect()
    }
}

impl TryFrom<String> for Sketch {
    type Error = BadSketch;

    fn try_from(text: String) -> Result<Self, BadSketch> {
        if !text.is_empty() && text.len() != REGISTERS {
            return Err(BadSketch);
        }
        let registers = text.bytes().map(|byte| byte.checked_sub(FIRST_LETTER).filter(|most| *most <= ZEROS_MAX));
        Ok(Self { registers: registers.collect::<Option<_>>().ok_or(BadSketch)? })
    }
}

/// The text is no sketch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a sketch of how many there were")]
pub struct BadSketch;

const REGISTERS: usize = 256;
const MANY: u64 = 256;
/// One, with room for small shares; times the constant it is below 2^64.
const ONE: u64 = 1 << 36;
/// The constant of the paper for 256 registers, 0.7182726, times their square, in thousands.
const ALPHA_SQUARE: u64 = 47_072_713;
const THOUSAND: u64 = 1_000;
/// Up to here the empty registers tell more.
const SMALL: u64 = 640;
/// What a register holds at most: 56 bits of zeros.
const ZEROS_MAX: u8 = 57;
const FIRST_LETTER: u8 = b'A';

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(things: impl Iterator<Item = u128>) -> Sketch {
        let mut sketch = Sketch::new();
        things.for_each(|thing| {
            sketch.add(thing);
        });
        sketch
    }

    #[test]
    fn counts_different_things_about_right() {
        for many in [0_u32, 1, 2, 10, 50, 100, 300, 600, 1_000, 5_000, 50_000, 1_000_000] {
            let estimate = of((0..u128::from(many)).map(|n| n.wrapping_mul(0x1234_5678_9abc_def1))).estimate();
            let error = estimate.abs_diff(many);
            assert!(error <= 1 + many / 5, "{many}: {estimate}");
        }
    }

    proptest! {
        #[test]
        fn neither_order_nor_repetition_matter(mut things: Vec<u128>) {
            let straight = of(things.iter().copied());
            things.reverse();
            things.extend(things.clone());
            prop_assert_eq!(of(things.into_iter()), straight);
        }

        #[test]
        fn is_read_back_as_it_was_written(things: Vec<u128>) {
            let sketch = of(things.into_iter());
            let text = serde_json::to_string(&sketch).unwrap();
            prop_assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sketch);
        }

        #[test]
        fn survives_any_text(text: String) {
            let _ = Sketch::try_from(text).map(|sketch| sketch.estimate());
        }
    }
}

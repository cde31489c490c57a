//! Random numbers that a test can repeat.

use std::sync::Mutex;

use aws_lc_rs::digest;
use lombard_domain::random::Random;

/// Draws numbers from a seed: SHA-256 of the seed and a counter. For tests only.
pub struct SeededRandom {
    seed: u64,
    drawn: Mutex<u64>,
}

impl SeededRandom {
    /// The numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: Mutex::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut drawn = self.drawn.lock().expect("no test panics while drawing");
        for chunk in bytes.chunks_mut(32) {
            *drawn += 1;
            let block = [self.seed.to_be_bytes(), drawn.to_be_bytes()].concat();
            let digest = digest::digest(&digest::SHA256, &block);
            for (to, from) in chunk.iter_mut().zip(digest.as_ref()) {
                *to = *from;
            }
        }
    }
}

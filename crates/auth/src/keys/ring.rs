//! The keys as they stand in memory: one line of them per algorithm, and which of a line signs or is published at a moment.
//!
//! ```text
//! made ── lead ──▶ signs ──▶ the next one signs ── RETIRED_AFTER ──▶ known for hints alone ──▶ forgotten (housekeeping)
//!  └──────────────────────── published ───────────────────────────┘
//! ```
//!
//! Decides by the time that it is given; it must never read a clock, a database or a random number.

use std::sync::{Arc, Mutex};

use lombard_domain::time::{Instant, Span};

use super::seen::Seen;
use crate::jose::{Alg, PublicJwk, SigningKey};

/// All keys, and the access tokens that they were seen to have signed. Other keys come with an empty memory.
#[derive(Default)]
pub(super) struct Ring {
    es256: Line,
    ps256: Line,
    eddsa: Line,
    pub(super) seen: Mutex<Seen>,
}

/// The keys of one algorithm, in the order in which they sign.
#[derive(Default)]
pub(super) struct Line {
    keys: Vec<Held>,
}

/// A key, and since when it signs.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) key: Arc<SigningKey>,
    pub(super) active_from: Instant,
}

impl Ring {
    /// Puts keys in their lines; they come in the order in which they sign.
    pub(super) fn new(keys: Vec<Held>) -> Self {
        let mut ring = Self::default();
        for held in keys {
            let line = match held.key.alg() {
                Alg::Es256 => &mut ring.es256,
                Alg::Ps256 => &mut ring.ps256,
                Alg::EdDsa => &mut ring.eddsa,
            };
            line.keys.push(held);
        }
        ring
    }

    pub(super) fn line(&self, alg: Alg) -> &Line {
        match alg {
            Alg::Es256 => &self.es256,
            Alg::Ps256 => &self.ps256,
            Alg::EdDsa => &self.eddsa,
        }
    }

    /// A key by its name, which is its thumbprint and therefore unlike any other's, whatever their algorithms.
    pub(super) fn find(&self, kid: &str) -> Option<&Arc<SigningKey>> {
        self.keys().map(|held| &held.key).find(|key| key.kid() == kid)
    }

    /// Whether both have the same keys, which sign from the same times on.
    pub(super) fn has_just(&self, other: &Self) -> bool {
        let name = |held: &Held| (held.key.kid().to_owned(), held.active_from);
        self.keys().map(name).eq(other.keys().map(name))
    }

    fn keys(&self) -> impl Iterator<Item = &Held> {
        Alg::ALL.into_iter().flat_map(|alg| &self.line(alg).keys)
    }
}

impl Line {
    /// The key whose turn it is.
    pub(super) fn current(&self, now: Instant) -> Option<&SigningKey> {
        self.held(now).map(|held| held.key.as_ref())
    }

    /// Since when that one signs.
    pub(super) fn current_since(&self, now: Instant) -> Option<Instant> {
        self.held(now).map(|held| held.active_from)
    }

    fn held(&self, now: Instant) -> Option<&Held> {
        self.keys.iter().rev().find(|held| held.active_from <= now).or_else(|| self.keys.first())
    }

    /// Every key that signed and is not forgotten, and the next one.
    pub(super) fn kept(&self) -> impl Iterator<Item = &PublicJwk> {
        self.keys.iter().map(|held| held.key.public())
    }

    /// The next key, the current one, and former ones while something that they signed may still be valid.
    pub(super) fn published(&self, now: Instant) -> impl Iterator<Item = &PublicJwk> {
        let successors = self.keys.iter().skip(1).map(|held| Some(held.active_from)).chain([None]);
        self.keys
            .iter()
            .zip(successors)
            .filter(move |(_, successor)| successor.is_none_or(|from| now < from.plus(RETIRED_AFTER)))
            .map(|(held, _)| held.key.public())
    }
}

/// A key stays published so long after the next one has begun to sign; nothing that is signed is valid for longer.
const RETIRED_AFTER: Span = Span::hours(1);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    /// Three keys of each algorithm; an RSA key takes a second to make, so that all tests share them.
    static KEYS: LazyLock<Vec<Arc<SigningKey>>> = LazyLock::new(|| {
        let kinds = Alg::ALL.into_iter().flat_map(|alg| [alg; 3]);
        kinds.map(|alg| Arc::new(SigningKey::generate(alg).unwrap())).collect()
    });

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    /// Keys of one algorithm that begin to sign at these seconds.
    fn line(alg: Alg, from: &[i64]) -> Vec<Held> {
        let keys = KEYS.iter().filter(|key| key.alg() == alg);
        keys.zip(from).map(|(key, from)| Held { key: Arc::clone(key), active_from: at(*from) }).collect()
    }

    fn kids<'a>(keys: impl Iterator<Item = &'a PublicJwk>) -> Vec<&'a str> {
        keys.map(|key| key.kid().unwrap()).collect()
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_until_nothing_of_its_own_is_valid() {
        let hour = RETIRED_AFTER.whole_seconds();
        for alg in Alg::ALL {
            let keys = line(alg, &[0, 600, 10_000]);
            let [a, b, c] = [0, 1, 2].map(|place| keys[place].key.kid().to_owned());
            let ring = Ring::new(keys);
            for (now, signs, published) in [
                (0, &a, vec![&a, &b, &c]),
                (599, &a, vec![&a, &b, &c]),
                (600, &b, vec![&a, &b, &c]),
                (600 + hour - 1, &b, vec![&a, &b, &c]),
                (600 + hour, &b, vec![&b, &c]),
                (9_999, &b, vec![&b, &c]),
                (10_000, &c, vec![&b, &c]),
                (10_000 + hour, &c, vec![&c]),
                (1_000_000, &c, vec![&c]),
                // A clock that was set back: the oldest key signs rather than none.
                (-5, &a, vec![&a, &b, &c]),
            ] {
                assert_eq!(ring.line(alg).current(at(now)).unwrap().kid(), signs, "{alg} at {now}");
                assert_eq!(kids(ring.line(alg).published(at(now))), published, "{alg} at {now}");
            }
        }
    }

    #[test]
    fn lines_do_not_touch_each_other() {
        let keys = [line(Alg::Es256, &[0, 600]), line(Alg::Ps256, &[300])].concat();
        let ring = Ring::new(keys);
        assert_eq!(ring.line(Alg::Ps256).current(at(600)).unwrap().alg(), Alg::Ps256);
        assert_eq!(kids(ring.line(Alg::Ps256).published(at(1_000_000))).len(), 1, "retired by nobody of its line");
        assert!(ring.line(Alg::EdDsa).current(at(0)).is_none());
        assert_eq!(ring.line(Alg::EdDsa).published(at(0)).count(), 0);
    }

    #[test]
    fn tells_whether_anything_changed() {
        let [old, new] = [0, 600].map(|from| line(Alg::EdDsa, &[from]));
        let both = || [line(Alg::Es256, &[0]), old.clone()].concat();
        assert!(Ring::new(both()).has_just(&Ring::new(both())));
        for (others, why) in [
            (vec![], "none"),
            (line(Alg::Es256, &[0]), "one less"),
            (line(Alg::EdDsa, &[0, 5]), "as many, but others"),
            ([line(Alg::Es256, &[0]), new].concat(), "another time"),
            ([both(), line(Alg::Ps256, &[0])].concat(), "one more"),
        ] {
            assert!(!Ring::new(both()).has_just(&Ring::new(others)), "{why}");
        }
    }

    proptest! {
        #[test]
        fn whatever_signs_is_published_and_stays_so_while_what_it_signed_is_valid(
            mut from in prop::array::uniform9(0i64..20_000), now in 0i64..40_000, later in 0i64..3_600,
        ) {
            for line in from.chunks_mut(3) {
                line.sort_unstable();
            }
            let all = Alg::ALL.into_iter().zip(from.chunks(3)).flat_map(|(alg, from)| line(alg, from));
            let ring = Ring::new(all.collect());
            let mut names = BTreeSet::new();
            for alg in Alg::ALL {
                let signs = ring.line(alg).current(at(now)).unwrap();
                prop_assert_eq!(signs.alg(), alg);
                for moment in [now, now + later] {
                    prop_assert!(kids(ring.line(alg).published(at(moment))).contains(&signs.kid()));
                }
                for name in kids(ring.line(alg).published(at(now))) {
                    prop_assert!(names.insert(name.to_owned()), "two published keys share a name");
                    prop_assert_eq!(ring.find(name).unwrap().alg(), alg);
                }
            }
        }
    }
}

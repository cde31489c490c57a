//! What a sealed value withstands.

use proptest::prelude::*;

use super::*;

struct Chance;

impl Random for Chance {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

fn key(id: i64, byte: u8) -> Arc<DataKey> {
    Arc::new(DataKey::new(id, &Secret::new([byte; 32])).unwrap())
}

/// With the keys 1 and 2 at hand.
fn crypt() -> Crypt {
    let crypt = Crypt::new(Box::new(Chance));
    crypt.hold(key(1, 1));
    crypt.hold(key(2, 2));
    crypt
}

const HERE: Place<'_> = Place { table: "customer", column: "sealed", row: "cus_1" };

#[test]
fn opens_what_it_sealed_and_only_there() {
    let crypt = crypt();
    let sealed = crypt.seal(&key(1, 1), HERE, b"Ann").unwrap();
    assert_eq!(crypt.open(HERE, &sealed).unwrap(), b"Ann");
    for elsewhere in
        [Place { row: "cus_2", ..HERE }, Place { column: "other", ..HERE }, Place { table: "account", ..HERE }]
    {
        assert!(matches!(crypt.open(elsewhere, &sealed), Err(Error::Corrupt(_))), "{elsewhere:?}");
    }
}

#[test]
fn notices_every_changed_bit() {
    let crypt = crypt();
    let sealed = crypt.seal(&key(1, 1), HERE, b"Ann").unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(crypt.open(HERE, &changed).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(crypt.open(HERE, &sealed[..length]).is_err());
    }
}

#[test]
fn another_owners_key_opens_nothing() {
    let crypt = crypt();
    let sealed = crypt.seal(&key(1, 1), HERE, b"Ann").unwrap();
    let mut claimed = sealed.clone();
    claimed[1..9].copy_from_slice(&2_i64.to_be_bytes());
    assert!(matches!(crypt.open(HERE, &claimed), Err(Error::Corrupt(_))));
    crypt.drop_key(1);
    assert!(matches!(crypt.open(HERE, &sealed), Err(Error::KeyNotHeld(1))));
}

#[test]
fn a_value_of_the_former_form_is_told_from_a_broken_one() {
    assert!(matches!(crypt().open(HERE, &[1; 40]), Err(Error::Outdated)));
    assert!(matches!(crypt().open(HERE, &[3; 40]), Err(Error::Corrupt(_))));
}

#[test]
fn never_seals_twice_alike() {
    let (crypt, key) = (crypt(), key(1, 1));
    assert_ne!(crypt.seal(&key, HERE, b"Ann").unwrap(), crypt.seal(&key, HERE, b"Ann").unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_key_is_held_for_its_life_and_the_banks_own_for_ever() {
    let crypt = crypt();
    crypt.keep(key(3, 3));
    tokio::time::advance(KEY_LIFE - Duration::from_millis(1)).await;
    assert!(crypt.held(1).is_some());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(crypt.held(1).is_none(), "the database is asked again");
    assert!(crypt.held(3).is_some());
}

#[tokio::test(start_paused = true)]
async fn no_more_keys_are_held_than_there_is_place_for() {
    let crypt = Crypt::new(Box::new(Chance));
    crypt.keep(key(0, 0));
    let one = Secret::new([1; 32]);
    for id in 1..=i64::try_from(KEYS_HELD).unwrap() + 10 {
        crypt.hold(Arc::new(DataKey::new(id, &one).unwrap()));
        assert!(crypt.held(id).is_some());
    }
    assert!(crypt.held.read().unwrap().len() <= KEYS_HELD);
    assert!(crypt.held(0).is_some(), "the bank's own is never pushed out");
}

proptest! {
    #[test]
    fn any_value_comes_back_from_its_place_and_from_no_other(
        plain in proptest::collection::vec(any::<u8>(), 0..300),
        row in ".{0,40}",
        other in ".{0,40}",
        place in 0..400_usize,
        flip in 1..=255_u8,
    ) {
        let (crypt, key) = (crypt(), key(1, 1));
        let here = Place { row: &row, ..HERE };
        let sealed = crypt.seal(&key, here, &plain).unwrap();
        prop_assert_eq!(crypt.open(here, &sealed).unwrap(), plain);
        prop_assert_eq!(crypt.open(Place { row: &other, ..HERE }, &sealed).is_ok(), row == other);
        let mut changed = sealed;
        let place = place % changed.len();
        changed[place] ^= flip;
        prop_assert!(crypt.open(here, &changed).is_err());
    }
}

/// What opening costs, for whoever changes it: `cargo test -p lombard-store --release --lib opening_costs -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn opening_costs() {
    let crypt = Crypt::new(Box::new(Chance));
    for id in 0..1_000 {
        crypt.hold(key(id, 7));
    }
    let plain = [b'x'; 120];
    let sealed: Vec<_> = (0..1_000).map(|id| crypt.seal(&key(id, 7), HERE, &plain).unwrap()).collect();
    let begun = Instant::now();
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        bytes += sealed.iter().map(|sealed| crypt.open(HERE, sealed).unwrap().len()).sum::<usize>();
    }
    let each = begun.elapsed().as_nanos() / u128::try_from(ROUNDS * sealed.len()).unwrap();
    println!("{each} ns for a value of {} bytes", bytes / (ROUNDS * sealed.len()));
}

const ROUNDS: usize = 1_000;

//! Names of apps: what they look like, and what they hide.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_domain::look_alike::{Look, hides_something, mixes_alphabets};

fuzz_target!(|names: (&str, &str)| {
    let (one, other) = (Look::of(names.0), Look::of(names.1));
    assert_eq!(one.is_like(other.skeleton()), other.is_like(one.skeleton()));
    let _ = (one.speaks_for(&other), hides_something(names.0), mixes_alphabets(names.1));
});

//! Bodies of UK Open Banking: each is read, or everything that is wrong with it is told in codes and paths that fit an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_domain::id::ConsentId;
use lombard_domain::time::Instant;
use lombard_http::bodies::{Body, faults};

fuzz_target!(|bytes: &[u8]| {
    let now = Instant::from_seconds(1_772_452_800);
    let consent = ConsentId::from_bits(1);
    for body in [Body::AccountAccessConsent, Body::FundsConfirmationConsent, Body::FundsConfirmation(consent)] {
        let told = faults(body, bytes, now);
        assert!(told.len() <= 20, "nobody reads so much");
        for (code, path) in &told {
            assert_eq!(code.len(), 4);
            assert!(
                path.as_ref().is_none_or(|path| path.len() <= 200 && path.bytes().all(|byte| byte.is_ascii_graphic()))
            );
        }
        if serde_json::from_slice::<serde_json::Value>(bytes).is_err() {
            assert_eq!(told, [("U010", None)], "no JSON is no body");
        }
    }
});

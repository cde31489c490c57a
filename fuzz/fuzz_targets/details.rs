//! Rich authorization requests: what is understood is told back in the same sense, and everything else is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_domain::oauth::AccountInformation;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    const API: &str = "https://bank.example";
    if let Ok(details) = AccountInformation::parse(text, API) {
        assert!(!details.actions.is_empty());
        let told = details.to_json(API, &[]).to_string();
        assert_eq!(AccountInformation::parse(&told, API).expect("our own words"), details);
        assert!(details.is_within(&details));
    }
});

//! Rich authorization requests: what is understood is told back in the same sense, and everything else is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_domain::oauth::Details;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    const API: &str = "https://bank.example";
    if let Ok(details) = Details::parse(text, API) {
        assert!(!details.scopes().is_empty());
        let stored = serde_json::to_string(&details).expect("a form to be stored in");
        assert_eq!(serde_json::from_str::<Details>(&stored).expect("as it was stored"), details);
        let told = details.to_json(API, &[]).to_string();
        assert_eq!(Details::parse(&told, API).expect("our own words"), details);
        assert!(details.is_within(&details));
    }
});

//! Values in queries, paths and files: dates, amounts, account numbers, ids, page keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_bank::PageKey;
use lombard_domain::account::{Identification, Scheme};
use lombard_domain::currency::Currency;
use lombard_domain::id::AccountId;
use lombard_domain::money::Money;
use lombard_domain::text::Text;
use lombard_domain::time::{Date, Instant};

fuzz_target!(|text: &str| {
    let _ = Instant::from_iso_8601(text);
    let _ = text.parse::<Date>();
    let _ = Text::<40>::new(text);
    if let Ok(id) = text.parse::<AccountId>() {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(key) = text.parse::<PageKey>() {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(money) = Money::parse(text, Currency::GBP) {
        assert_eq!(Money::parse(&money.unsigned_decimal(), Currency::GBP), Ok(money));
    }
    for scheme in Scheme::ALL {
        let _ = Identification::new(*scheme, text);
    }
});

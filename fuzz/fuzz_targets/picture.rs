//! Logos of apps: bytes of any kind make one small picture of ours, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lombard_auth::client::redraw;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(png) = redraw(bytes) {
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        assert_eq!(redraw(&png).map(|again| again.is_empty()), Ok(false));
    }
});

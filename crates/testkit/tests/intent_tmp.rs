#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#[path = "it/intent/mod.rs"]
mod intent;
#[path = "it/discovery.rs"]
mod discovery;
fn nobody_like(id: &str) -> String {
    let (start, end) = id.split_at(id.len() - 1);
    format!("{start}{}", if end == "0" { "1" } else { "0" })
}

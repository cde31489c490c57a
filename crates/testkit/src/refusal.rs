//! How OAuth's endpoints refuse, with what is true of every refusal checked on the way.

use reqwest::Response;
use serde_json::Value;

/// Status and code of a refusal, such as `400 invalid_grant`.
///
/// # Panics
/// Unless it is JSON with a code and a printable sentence (RFC 6749 5.2), must not be kept, and names its interaction.
pub async fn refusal(response: Response) -> String {
    let status = response.status();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("cache-control"), "no-store");
    assert!(!header("x-fapi-interaction-id").is_empty());
    let challenged = !header("www-authenticate").is_empty();
    let body: Value = response.json().await.expect("JSON");
    if status == reqwest::StatusCode::UNAUTHORIZED
        && body.get("error").and_then(Value::as_str) != Some("invalid_client")
    {
        // RFC 6749 5.2 has the challenge for those clients only that tried the header.
        assert!(challenged, "RFC 9110 15.5.2: a 401 says how to authenticate");
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {body}"));
    let printable = |b: u8| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\';
    assert!(text("error_description").bytes().all(printable), "RFC 6749 5.2: {body}");
    format!("{} {}", status.as_u16(), text("error"))
}

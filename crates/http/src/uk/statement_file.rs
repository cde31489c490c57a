//! A statement as a document: a PDF file to keep.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use lombard_bank::StatementFile;
use lombard_domain::permission::ReadStatementFiles;

use super::allowed::AllowedDocument;
use super::docs::DataRefused;
use super::error::Problem;
use super::statement_query::{Named, unknown};
use crate::app::App;
use crate::parts::interaction::InteractionId;

/// A statement, as the document that the bank would send to the customer.
#[utoipa::path(get, path = "/open-banking/v4.0/aisp/accounts/{account}/statements/{statement}/file", tag = "accounts",
    operation_id = "getStatementFile",
    params(("account" = String, Path, description = "AccountId", max_length = 40),
        ("statement" = String, Path, description = "StatementId", max_length = 40)),
    responses((status = 200, description = "The document", content_type = "application/pdf", body = Vec<u8>), DataRefused),
    security(("customer" = ["accounts"]), ("customer" = ["statements:read"])))]
pub(super) async fn of_statement(
    State(app): State<App>,
    id: InteractionId,
    AllowedDocument(access): AllowedDocument<ReadStatementFiles>,
    named: Named,
) -> Result<Response, Problem> {
    let found = app.bank.statement_file(&access, named.id(&id)?, &app.site.bank_name).await;
    let found = found.map_err(|error| Problem::from(error).with_id(id.as_str()))?;
    Ok(attached(found.ok_or_else(|| unknown(&id))?))
}

/// A file that is to be kept and not to be shown by a browser, whatever it takes it for.
fn attached(file: StatementFile) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", safe(&file.name)));
    let disposition = disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (CONTENT_DISPOSITION, disposition),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, file.content).into_response()
}

/// A name that is one file's on every system: letters, digits, full stops and hyphens, not beginning with a full stop.
fn safe(name: &str) -> String {
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-');
    let name: String = name.chars().filter(allowed).take(NAME_MAX).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "statement.pdf".to_owned() } else { name.to_owned() }
}

/// The longest name of a file, in characters.
const NAME_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes_or_its_folder() {
        for (name, expected) in [
            ("statement-2026-01-31.pdf", "statement-2026-01-31.pdf"),
            ("a\"; filename=\"x.exe", "afilenamex.exe"),
            ("../../etc/passwd", "etcpasswd"),
            ("\r\nSet-Cookie: a", "Set-Cookiea"),
            ("…", "statement.pdf"),
        ] {
            assert_eq!(safe(name), expected);
        }
    }
}

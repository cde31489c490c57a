//! How a refused call is told what is missing: `WWW-Authenticate` (RFC 6750 3, RFC 9449 7.1).

use lombard_auth::access::Denied;
use lombard_auth::oauth::discovery::READABLE;
use lombard_domain::oauth::Scope;
use lombard_domain::permission::{ReadPartyCustomer, ReadStatementFiles, Right as _};

/// The challenges for a refusal. `details` are parameters that each has, such as where to learn more.
pub(crate) fn of(denied: &Denied, details: &str) -> Vec<String> {
    let bearer = |error: &str| format!("Bearer {details}{error}");
    let dpop = |error: &str| format!("DPoP {details}, algs=\"{}\"{error}", READABLE.join(" "));
    match denied {
        Denied::Account
        | Denied::Busy
        | Denied::Internal(_)
        | Denied::Limited(_)
        | Denied::Presence
        | Denied::Unattended(_) => Vec::new(),
        Denied::ConsentEnded(_) | Denied::Expired | Denied::InvalidToken | Denied::OtherCertificate => {
            vec![bearer(INVALID_TOKEN), dpop(INVALID_TOKEN)]
        }
        // RFC 6750 3.1: a call without a token is told only that one is needed.
        Denied::NoToken => vec![bearer(""), dpop("")],
        Denied::Nonce => vec![dpop(", error=\"use_dpop_nonce\"")],
        Denied::Permission(right) => {
            vec![bearer(&format!(", error=\"insufficient_scope\", scope=\"{}\"", scope(right)))]
        }
        Denied::Proof(_) => vec![dpop(", error=\"invalid_dpop_proof\"")],
    }
}

/// The scope that gives a right; most have one name.
fn scope(right: &str) -> &str {
    match right {
        ReadPartyCustomer::NAME => Scope::PartiesRead.name(),
        ReadStatementFiles::NAME => Scope::StatementsRead.name(),
        own => own,
    }
}

const INVALID_TOKEN: &str = ", error=\"invalid_token\"";

//! Query parameters of lists: dates in every form that third parties send, and the place of a page.

use http::Uri;
use lombard_auth::Door;
use lombard_auth::oauth::Params;
use lombard_bank::PageKey;
use lombard_domain::permission::Window;
use lombard_domain::time::Instant;

use super::error::Problem;
use crate::app::App;
use crate::parts::body;

/// What narrows a list of transactions.
pub(super) struct Filters {
    pub(super) window: Window,
    pub(super) page: Option<PageKey>,
    from: Option<String>,
    to: Option<String>,
}

impl Filters {
    /// Reads `fromBookingDateTime`, `toBookingDateTime` (both inclusive) and the page of a link of ours; others are ignored.
    pub(super) fn read(uri: &Uri) -> Result<Self, Problem> {
        let params = body::query(uri).map_err(|_| Problem::field("U002", "The query cannot be read", "query"))?;
        let (from, from_text) = date_time(&params, FROM)?;
        let (to, to_text) = date_time(&params, TO)?;
        let page = match params.get(PAGE) {
            Ok(None) => None,
            Ok(Some(text)) => Some(text.parse().map_err(|_| Problem::field("U002", "Not a page of this list", PAGE))?),
            Err(_) => return Err(Problem::field("U002", "The parameter is repeated", PAGE)),
        };
        Ok(Self { window: Window { from, to }, page, from: from_text, to: to_text })
    }

    /// The address of a page of the same list, with the same filters.
    pub(super) fn address(&self, path: &str, page: Option<PageKey>) -> String {
        let page = page.map(|key| key.to_string());
        let pairs = [(FROM, &self.from), (TO, &self.to), (PAGE, &page)];
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in pairs {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// The address of a resource, absolute, at the listener by which the call came: a token that is bound to a certificate works
/// at that one only.
pub(super) fn address(app: &App, door: Door, path: &str) -> String {
    format!("{}/open-banking/v4.0/aisp{path}", app.auth.policy().base(door))
}

fn date_time(params: &Params, name: &'static str) -> Result<(Option<Instant>, Option<String>), Problem> {
    let text = params.get(name).map_err(|_| Problem::field("U003", "The parameter is repeated", name))?;
    let Some(text) = text else { return Ok((None, None)) };
    let instant = Instant::from_iso_8601(text).ok_or_else(|| Problem::field("U003", "Not a date and time", name))?;
    Ok((Some(instant), Some(text.to_owned())))
}

const FROM: &str = "fromBookingDateTime";
const TO: &str = "toBookingDateTime";
const PAGE: &str = "page";

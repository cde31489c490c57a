//! What a client may ask for: scopes, and types of rich authorization requests. Where a directory vouches for it, no more than the roles
//! of its software allow (UK Dynamic Client Registration 3.3).

use lombard_domain::oauth::{Details, ResponseType, Role, Scope, ScopeSet};
use lombard_domain::text::Text;

use super::Terms;
use super::fields::{BadMetadata, Fields, invalid};

/// Reads `authorization_details_types` (RFC 9396 10); `None`: all.
pub(super) fn details(fields: &Fields, terms: &Terms<'_>) -> Result<Option<Vec<Text<80>>>, BadMetadata> {
    let text = |name: &str| Text::new(name).map_err(|why| invalid(format!("{DETAILS} {why}")));
    let Some(asked) = fields.list(DETAILS)? else {
        let possible: Vec<&str> = Details::TYPES.into_iter().filter(|name| has_role(terms, role_for(name))).collect();
        if possible.len() == Details::TYPES.len() {
            return Ok(None);
        }
        return possible.into_iter().map(text).collect::<Result<_, _>>().map(Some);
    };
    let mut types: Vec<Text<80>> = Vec::new();
    for name in asked {
        if !Details::TYPES.contains(&name) {
            return Err(invalid(format!("{DETAILS} can only be {}", Details::TYPES.join(", "))));
        }
        if !has_role(terms, role_for(name)) {
            return Err(lacks_role(DETAILS, role_for(name)));
        }
        if types.iter().all(|known| known.as_str() != name) {
            types.push(text(name)?);
        }
    }
    Ok(Some(types))
}

/// Reads `scope`; what is missing defaults to everything that is possible.
pub(super) fn scope(
    fields: &Fields,
    terms: &Terms<'_>,
    resource_server: bool,
    types: &[ResponseType],
) -> Result<ScopeSet, BadMetadata> {
    let Some(text) = fields.text("scope")?.filter(|scope| !scope.is_empty()) else {
        let possible = Scope::ALL.iter().copied().filter(|scope| has_role(terms, role_of(*scope)));
        return Ok(if resource_server { ScopeSet::default() } else { possible.collect() });
    };
    let asked = offered(text)?;
    if let Some(foreign) = asked.iter().find(|scope| !has_role(terms, role_of(*scope))) {
        return Err(lacks_role("scope", role_of(foreign)));
    }
    // Software of the UK directory names the scopes of its roles and no others, but an ID token needs `openid`; the answer says so
    // (RFC 7591 3.2.1).
    let identity = types.contains(&ResponseType::CodeIdToken).then_some(Scope::OpenId);
    Ok(asked.iter().chain(identity).collect())
}

/// The scopes that are asked for and exist here. One of the standard that this bank does not offer is left out, which the answer says
/// (RFC 7591 3.2.1): software of the UK registers with the same words at every bank.
fn offered(text: &str) -> Result<ScopeSet, BadMetadata> {
    let names: Vec<&str> = text.split(' ').filter(|name| *name != PAYMENTS).collect();
    if names.is_empty() {
        return Err(invalid(format!("scope: {PAYMENTS} is not offered here, and nothing else is asked for")));
    }
    ScopeSet::parse(&names.join(" ")).map_err(|_| {
        let foreign = names.iter().find(|name| is_token(name) && ScopeSet::parse(name).is_err());
        invalid(foreign.map_or_else(
            || "scope must be names that exist here, with one space between them".to_owned(),
            |name| format!("scope: {name} does not exist here"),
        ))
    })
}

/// Whether a name is one that a scope can have (RFC 6749 3.3), so that it can stand in an answer.
fn is_token(name: &str) -> bool {
    let allowed = |b: u8| (0x21..0x7f).contains(&b) && !matches!(b, b'"' | b'\\');
    (1..=TOLD_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

/// The role without which a scope is of no use to anybody.
fn role_of(scope: Scope) -> Option<Role> {
    match scope {
        Scope::FundsConfirmations => Some(Role::Cbpii),
        other => (!other.permissions().is_empty()).then_some(Role::Aisp),
    }
}

fn role_for(details_type: &str) -> Option<Role> {
    let scope = Details::scope_of_lodged(details_type).unwrap_or(Scope::AccountsRead);
    role_of(scope)
}

/// Whether nobody speaks of roles, or the one that is needed is among them.
fn has_role(terms: &Terms<'_>, needed: Option<Role>) -> bool {
    let (Some(statement), Some(needed)) = (terms.statement, needed) else { return true };
    statement.software().software_roles.contains(&needed)
}

fn lacks_role(name: &str, needed: Option<Role>) -> BadMetadata {
    let needed = needed.map_or("", Role::name);
    invalid(format!("{name}: the software statement does not have the role {needed} that this needs"))
}

const DETAILS: &str = "authorization_details_types";
/// UK Open Banking: making payments.
const PAYMENTS: &str = "payments";
/// Characters of a name that is told back.
const TOLD_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_the_standard_has_and_the_bank_does_not() {
        for (asked, registered) in [
            ("openid accounts payments", "openid accounts"),
            ("payments fundsconfirmations payments", "fundsconfirmations"),
            ("openid", "openid"),
        ] {
            assert_eq!(offered(asked).unwrap().to_string(), registered, "{asked}");
        }
        for nothing in ["payments", "payments payments"] {
            assert!(offered(nothing).unwrap_err().description.contains("payments is not offered"), "{nothing}");
        }
    }

    #[test]
    fn names_an_unknown_scope_only_where_it_can_stand_in_an_answer() {
        let longest = "x".repeat(64);
        for (asked, named) in [
            ("openid admin", "scope: admin does"),
            ("payments https://a.example/b", "scope: https://a.example/b does"),
            (&longest, longest.as_str()),
        ] {
            assert!(offered(asked).unwrap_err().description.contains(named), "{asked}");
        }
        let (long, many) = ("x".repeat(65), "openid ".repeat(200));
        for quiet in ["<b>\"", "a\\b", "ä", "a\nb", "openid  accounts", " openid", " ", &long, many.trim_end()] {
            let refused = offered(quiet).unwrap_err();
            assert!(refused.description.starts_with("scope must be names"), "{quiet}: {refused}");
        }
    }
}

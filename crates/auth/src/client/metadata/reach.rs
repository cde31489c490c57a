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
    let asked = ScopeSet::parse(text).map_err(|_| invalid("scope names a scope that does not exist"))?;
    if let Some(foreign) = asked.iter().find(|scope| !has_role(terms, role_of(*scope))) {
        return Err(lacks_role("scope", role_of(foreign)));
    }
    // Software of the UK directory names the scopes of its roles and no others, but an ID token needs `openid`; the answer says so
    // (RFC 7591 3.2.1).
    let identity = types.contains(&ResponseType::CodeIdToken).then_some(Scope::OpenId);
    Ok(asked.iter().chain(identity).collect())
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

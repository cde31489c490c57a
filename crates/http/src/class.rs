//! Of which class each route is: what it costs, and what its abuse would give.

use http::Method;
use lombard_auth::Caller;
use lombard_auth::limit::Class;
use lombard_domain::service_level::Interface;

/// The class of a route; what is no route is anybody's.
pub(crate) fn of(method: &Method, route: &str) -> Class {
    let (is_post, ends) = (method == Method::POST, method == Method::DELETE);
    match route {
        "/interaction/{id}/login" | "/interaction/{id}/sca" if is_post => Class::SignIn,
        "/interaction/{id}/cancel" | "/my/consents/{id}/revoke" | "/my/sign-out" | "/revoke" => Class::Revocation,
        "/authorize"
        | "/interaction/{id}/login"
        | "/interaction/{id}/sca"
        | "/interaction/{id}/consent"
        | "/my/consents" => Class::Page,
        "/par" | "/token" => Class::Token,
        // A resource server asks with every call that it gets: these are reads.
        "/introspect" | "/userinfo" => Class::Read,
        "/register/{client}" if ends => Class::Revocation,
        "/register" | "/register/{client}" => Class::Registration,
        "/open-banking/v4.0/events" => Class::Events,
        "/open-banking/v4.0/cbpii/funds-confirmations" => Class::Funds,
        "/open-banking/v4.0/aisp/account-access-consents"
        | "/open-banking/v4.0/cbpii/funds-confirmation-consents"
        | "/open-banking/v4.0/event-subscriptions" => Class::Consent,
        "/grants/{grant}"
        | "/open-banking/v4.0/aisp/account-access-consents/{consent}"
        | "/open-banking/v4.0/cbpii/funds-confirmation-consents/{consent}"
        | "/open-banking/v4.0/event-subscriptions/{subscription}" => {
            if ends {
                Class::Revocation
            } else {
                Class::Consent
            }
        }
        data if data.starts_with("/open-banking/v4.0/aisp/") || data.starts_with("/lombard/v1/") => Class::Read,
        _ => Class::Public,
    }
}

/// With which others a route is measured, for the report of how well the bank serves.
pub(crate) fn interface(method: &Method, route: &str) -> Option<Interface> {
    let class = of(method, route);
    Some(match route {
        "/" | "/assets/lombard.css" | "/openapi.json" | "/jwks" => Interface::Public,
        known if known.starts_with("/.well-known/") => Interface::Public,
        page if is_page(page) => Interface::Customer,
        data if class == Class::Read && takes_token(data) && data != "/userinfo" => Interface::AccountInformation,
        _ if class == Class::Funds => Interface::ConfirmationOfFunds,
        _ => Interface::Authorization,
    })
}

/// Who calls a route where nobody proves anything.
pub(crate) fn usual_caller(route: &str) -> Caller {
    if is_page(route) { Caller::Customer } else { Caller::Nobody }
}

fn is_page(route: &str) -> bool {
    route == "/authorize" || ["/interaction/", "/my/"].iter().any(|start| route.starts_with(start))
}

/// Whether a route is opened by an access token, which then names the app that calls.
pub(crate) fn takes_token(route: &str) -> bool {
    ["/open-banking/", "/lombard/", "/grants/", "/userinfo"].iter().any(|start| route.starts_with(start))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_is_measured_together_is_what_regulators_ask_for() {
        let mut of_interface: BTreeMap<Interface, Vec<String>> = BTreeMap::new();
        for (method, route) in crate::routes() {
            let interface = interface(&method.parse().unwrap(), route).unwrap();
            of_interface.entry(interface).or_default().push(format!("{method} {route}"));
        }
        assert_eq!(of_interface.len(), Interface::ALL.len(), "every interface has a route");
        let funds = ["POST /open-banking/v4.0/cbpii/funds-confirmations"];
        assert_eq!(of_interface[&Interface::ConfirmationOfFunds], funds);
        for data in &of_interface[&Interface::AccountInformation] {
            assert!(data.starts_with("GET /open-banking/v4.0/aisp/") || data.starts_with("GET /lombard/v1/"), "{data}");
            assert!(!data.contains("consents"), "{data}");
        }
        for page in &of_interface[&Interface::Customer] {
            assert!(["/authorize", "/interaction/", "/my/"].iter().any(|start| page.contains(start)), "{page}");
        }
        for app in ["POST /token", "POST /par", "GET /userinfo", "POST /introspect", "POST /open-banking/v4.0/events"] {
            assert!(of_interface[&Interface::Authorization].iter().any(|route| route == app), "{app}");
        }
    }

    #[test]
    fn only_what_everybody_may_see_is_public_and_what_ends_something_is_none_of_the_others() {
        let mut of_class: BTreeMap<Class, Vec<String>> = BTreeMap::new();
        for (method, route) in crate::routes() {
            let class = of(&method.parse().unwrap(), route);
            of_class.entry(class).or_default().push(format!("{method} {route}"));
            assert!(method != "DELETE" || class == Class::Revocation, "{method} {route}");
        }
        assert_eq!(of_class.len(), Class::ALL.len(), "every class has a route");
        assert_eq!(
            of_class[&Class::Public],
            [
                "GET /.well-known/oauth-authorization-server",
                "GET /.well-known/oauth-protected-resource",
                "GET /.well-known/openid-configuration",
                "GET /jwks",
                "GET /openapi.json",
                "GET /",
                "GET /assets/lombard.css",
                "GET /logos/{picture}",
            ]
        );
        assert_eq!(of_class[&Class::SignIn], ["POST /interaction/{id}/login", "POST /interaction/{id}/sca"]);
        assert_eq!(of_class[&Class::Token], ["POST /par", "POST /token"]);
        assert_eq!(of_class[&Class::Events], ["POST /open-banking/v4.0/events"]);
        assert_eq!(of_class[&Class::Funds], ["POST /open-banking/v4.0/cbpii/funds-confirmations"]);
        let ending = &of_class[&Class::Revocation];
        for page in ["/interaction/{id}/cancel", "/my/consents/{id}/revoke", "/my/sign-out", "/revoke"] {
            assert!(ending.contains(&format!("POST {page}")), "{page}");
        }
    }
}

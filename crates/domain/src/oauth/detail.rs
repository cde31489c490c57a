//! Rich authorization requests (RFC 9396): what exactly a client asks for, of the one type that this server knows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scope::Scope;
use crate::id::AccountId;
use crate::permission::PermissionSet;

/// `authorization_details` of the type `account_information`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountInformation {
    /// What may be read.
    pub actions: BTreeSet<Action>,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $scope:ident;)*) => {
        /// One thing that may be read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The scope that means the same.
            #[must_use]
            pub fn scope(self) -> Scope {
                match self { $(Self::$name => Scope::$scope,)* }
            }
        }
    };
}

actions! {
    /// Account names, types and numbers.
    ListAccounts = "list_accounts", AccountsRead;
    /// How much is in the accounts.
    ReadBalances = "read_balances", BalancesRead;
    /// Saved payees.
    ReadBeneficiaries = "read_beneficiaries", BeneficiariesRead;
    /// Who may take money.
    ReadDirectDebits = "read_direct_debits", DirectDebitsRead;
    /// Offers of the bank.
    ReadOffers = "read_offers", OffersRead;
    /// Who holds the accounts, and who the customer is.
    ReadParties = "read_parties", PartiesRead;
    /// Product terms.
    ReadProducts = "read_products", ProductsRead;
    /// Payments planned for a later day.
    ReadScheduledPayments = "read_scheduled_payments", ScheduledPaymentsRead;
    /// Regular payments.
    ReadStandingOrders = "read_standing_orders", StandingOrdersRead;
    /// Statements.
    ReadStatements = "read_statements", StatementsRead;
    /// Payments in and out.
    ReadTransactions = "read_transactions", TransactionsRead;
}

impl AccountInformation {
    /// The name of this type on the wire.
    pub const TYPE: &str = "account_information";

    /// Reads the parameter: a JSON array of details, all of which are merged. `resource` is the API's identifier.
    ///
    /// # Errors
    /// [`BadDetails`] for anything that is not exactly understood (RFC 9396 5).
    pub fn parse(text: &str, resource: &str) -> Result<Self, BadDetails> {
        if text.len() > TEXT_MAX {
            return Err(BadDetails("are longer than 8192 bytes"));
        }
        let items: Vec<Value> = serde_json::from_str(text).map_err(|_| BadDetails("are not a JSON array"))?;
        if items.is_empty() || items.len() > ITEMS_MAX {
            return Err(BadDetails("need 1 to 16 members"));
        }
        let mut actions = BTreeSet::new();
        for item in &items {
            actions.extend(item_actions(item, resource)?);
        }
        Ok(Self { actions })
    }

    /// What a customer allows when they allow it.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        self.actions.iter().fold(PermissionSet::default(), |set, action| set.union(action.scope().permissions()))
    }

    /// Whether all of it is in `other`.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.actions.is_subset(&other.actions)
    }

    /// As it is told to the client (RFC 9396 7); with the accounts that the customer chose, if they are known.
    #[must_use]
    pub fn to_json(&self, resource: &str, accounts: &[AccountId]) -> Value {
        let actions: Vec<&str> = self.actions.iter().map(|action| action.name()).collect();
        let mut detail = serde_json::json!({"type": Self::TYPE, "actions": actions, "locations": [resource]});
        if let (Some(fields), false) = (detail.as_object_mut(), accounts.is_empty()) {
            let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
            fields.insert("accounts".to_owned(), accounts.into());
        }
        Value::Array(vec![detail])
    }
}

/// RFC 9396 5: a field that is unknown or has a wrong value is refused, not ignored.
fn item_actions(item: &Value, resource: &str) -> Result<BTreeSet<Action>, BadDetails> {
    let fields = item.as_object().ok_or(BadDetails("have a member that is not an object"))?;
    if fields.get("type").and_then(Value::as_str) != Some(AccountInformation::TYPE) {
        return Err(BadDetails("have a type that does not exist here"));
    }
    if fields.keys().any(|name| !matches!(name.as_str(), "type" | "actions" | "locations")) {
        return Err(BadDetails("have a field that account_information does not have"));
    }
    if let Some(locations) = fields.get("locations") {
        let ours = locations.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(|one| one == resource));
        if !ours {
            return Err(BadDetails("have a location that is not this API"));
        }
    }
    let names = fields.get("actions").and_then(Value::as_array).ok_or(BadDetails("need actions, an array of texts"))?;
    let known = |name: &Value| Action::ALL.iter().copied().find(|action| name == action.name());
    let actions: Option<BTreeSet<Action>> = names.iter().take(ACTIONS_MAX).map(known).collect();
    let actions = actions.filter(|actions| !actions.is_empty() && names.len() <= ACTIONS_MAX);
    actions.ok_or(BadDetails("need actions, such as list_accounts and read_balances, all of which exist here"))
}

/// Why details are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("authorization_details {0}")]
pub struct BadDetails(&'static str);

/// Bytes of the parameter.
const TEXT_MAX: usize = 8192;
/// Details in one request.
const ITEMS_MAX: usize = 16;
/// Actions of one detail.
const ACTIONS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const API: &str = "https://bank.example";

    #[test]
    fn reads_and_merges_details() {
        let text = r#"[{"type":"account_information","actions":["list_accounts"],"locations":["https://bank.example"]},
                       {"type":"account_information","actions":["read_balances","list_accounts"]}]"#;
        let details = AccountInformation::parse(text, API).unwrap();
        assert_eq!(details.actions, BTreeSet::from([Action::ListAccounts, Action::ReadBalances]));
        let told = details.to_json(API, &[]).to_string();
        assert_eq!(AccountInformation::parse(&told, API).unwrap(), details);
        let less = AccountInformation { actions: BTreeSet::from([Action::ListAccounts]) };
        assert!(less.is_within(&details) && !details.is_within(&less));
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        let long = format!("[{}]", "1,".repeat(5000));
        for bad in [
            "",
            "{}",
            "[]",
            "[1]",
            "null",
            r#"[{"type":"payment_initiation","actions":["list_accounts"]}]"#,
            r#"[{"actions":["list_accounts"]}]"#,
            r#"[{"type":"account_information"}]"#,
            r#"[{"type":"account_information","actions":[]}]"#,
            r#"[{"type":"account_information","actions":"list_accounts"}]"#,
            r#"[{"type":"account_information","actions":["close_account"]}]"#,
            r#"[{"type":"account_information","actions":["list_accounts"],"locations":[]}]"#,
            r#"[{"type":"account_information","actions":["list_accounts"],"locations":["https://evil.example"]}]"#,
            r#"[{"type":"account_information","actions":["list_accounts"],"privileges":["admin"]}]"#,
            r#"[{"type":"account_information","actions":["list_accounts"]},{"type":"x"}]"#,
            &long,
        ] {
            assert!(AccountInformation::parse(bad, API).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn survives_any_text(text: String) {
            let _ = AccountInformation::parse(&text, API);
        }
    }
}

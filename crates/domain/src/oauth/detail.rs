//! Rich authorization requests (RFC 9396): what exactly a client asks for, of the types that this server knows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::scope::{Scope, ScopeSet};
use crate::consent::Kind;
use crate::id::{AccountId, ConsentId};
use crate::json;
use crate::permission::PermissionSet;

/// What a client asks for: of one type, never of two.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub enum Details {
    /// It says itself what is asked for.
    AccountInformation(AccountInformation),
    /// It names a consent that the client has lodged.
    Lodged(Lodged),
}

/// `authorization_details` of the type `account_information`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInformation {
    /// What may be read.
    pub actions: BTreeSet<Action>,
}

/// `authorization_details` of the types `account_access_consent` and `funds_confirmation_consent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lodged {
    /// Of which kind the consent must be; never [`Kind::Request`].
    pub kind: Kind,
    /// Which consent (RFC 9396 2.2, `identifier`).
    pub consent: ConsentId,
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

impl Details {
    /// The names of all types on the wire.
    pub const TYPES: [&str; 3] = [AccountInformation::TYPE, LODGED[0].name, LODGED[1].name];

    /// Reads the parameter: a JSON array of details. Those of the type `account_information` are merged; a lodged consent stands alone.
    /// `resource` is the API's identifier.
    ///
    /// # Errors
    /// [`BadDetails`] for anything that is not exactly understood (RFC 9396 5).
    pub fn parse(text: &str, resource: &str) -> Result<Self, BadDetails> {
        if text.len() > TEXT_MAX {
            return Err(BadDetails("are longer than 8192 bytes"));
        }
        if !json::is_shallow(text.as_bytes()) {
            return Err(BadDetails("are nested too deeply"));
        }
        let items: Vec<Value> = serde_json::from_str(text).map_err(|_| BadDetails("are not a JSON array"))?;
        if items.is_empty() || items.len() > ITEMS_MAX {
            return Err(BadDetails("need 1 to 16 members"));
        }
        let mut actions = BTreeSet::new();
        for item in &items {
            match read(item, resource)? {
                Self::AccountInformation(one) => actions.extend(one.actions),
                lodged @ Self::Lodged(_) if items.len() == 1 => return Ok(lodged),
                Self::Lodged(_) => return Err(BadDetails("can name one lodged consent, and nothing beside it")),
            }
        }
        Ok(Self::AccountInformation(AccountInformation { actions }))
    }

    /// The scope whose rights a type of this name gives, if it is one by which a lodged consent is named.
    #[must_use]
    pub fn scope_of_lodged(type_name: &str) -> Option<Scope> {
        LODGED.iter().find(|entry| entry.name == type_name).map(|entry| entry.scope)
    }

    /// The name of its type on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::AccountInformation(_) => AccountInformation::TYPE,
            Self::Lodged(lodged) => lodged.entry().name,
        }
    }

    /// The scopes that mean the same.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        match self {
            Self::AccountInformation(asked) => asked.actions.iter().map(|action| action.scope()).collect(),
            Self::Lodged(lodged) => [lodged.entry().scope].into_iter().collect(),
        }
    }

    /// What a customer allows when they allow it; what a lodged consent allows can be less.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        self.scopes().permissions()
    }

    /// The lodged consent that it names.
    #[must_use]
    pub fn lodged(&self) -> Option<Lodged> {
        match self {
            Self::AccountInformation(_) => None,
            Self::Lodged(lodged) => Some(*lodged),
        }
    }

    /// Whether all of it is in `other`.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AccountInformation(one), Self::AccountInformation(other)) => one.actions.is_subset(&other.actions),
            (Self::Lodged(one), Self::Lodged(other)) => one == other,
            (Self::AccountInformation(_), Self::Lodged(_)) | (Self::Lodged(_), Self::AccountInformation(_)) => false,
        }
    }

    /// As it is told to the client (RFC 9396 7); with the accounts that the customer chose, if they are known and the client did not
    /// lodge a consent, which says them itself.
    #[must_use]
    pub fn to_json(&self, resource: &str, accounts: &[AccountId]) -> Value {
        let mut detail = serde_json::json!({"type": self.type_name(), "locations": [resource]});
        let mut set = |name: &str, value: Value| {
            if let Some(fields) = detail.as_object_mut() {
                fields.insert(name.to_owned(), value);
            }
        };
        match self {
            Self::AccountInformation(asked) => {
                set("actions", asked.actions.iter().map(|action| action.name()).collect::<Vec<_>>().into());
                if !accounts.is_empty() {
                    set("accounts", accounts.iter().map(ToString::to_string).collect::<Vec<_>>().into());
                }
            }
            Self::Lodged(lodged) => set("identifier", lodged.consent.to_string().into()),
        }
        Value::Array(vec![detail])
    }
}

impl AccountInformation {
    /// The name of this type on the wire.
    pub const TYPE: &str = "account_information";
}

impl Lodged {
    fn entry(self) -> &'static Entry {
        match self.kind {
            Kind::AccountAccess | Kind::Request => &LODGED[0],
            Kind::FundsConfirmation => &LODGED[1],
        }
    }
}

/// One type by which a lodged consent is named.
struct Entry {
    name: &'static str,
    kind: Kind,
    scope: Scope,
}

const LODGED: [Entry; 2] = [
    Entry { name: "account_access_consent", kind: Kind::AccountAccess, scope: Scope::Accounts },
    Entry { name: "funds_confirmation_consent", kind: Kind::FundsConfirmation, scope: Scope::FundsConfirmations },
];

/// RFC 9396 5: a field that is unknown or has a wrong value is refused, not ignored.
fn read(item: &Value, resource: &str) -> Result<Details, BadDetails> {
    let fields = item.as_object().ok_or(BadDetails("have a member that is not an object"))?;
    if let Some(locations) = fields.get("locations") {
        let ours = locations.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(|one| one == resource));
        if !ours {
            return Err(BadDetails("have a location that is not this API"));
        }
    }
    let only = |own: &str| fields.keys().all(|name| name == own || matches!(name.as_str(), "type" | "locations"));
    let name = fields.get("type").and_then(Value::as_str);
    if name == Some(AccountInformation::TYPE) {
        if !only("actions") {
            return Err(BadDetails("have a field that account_information does not have"));
        }
        return Ok(Details::AccountInformation(AccountInformation { actions: actions(fields.get("actions"))? }));
    }
    let entry = LODGED.iter().find(|entry| name == Some(entry.name));
    let entry = entry.ok_or(BadDetails("have a type that does not exist here"))?;
    if !only("identifier") {
        return Err(BadDetails("have a field that a lodged consent does not have"));
    }
    let consent = fields.get("identifier").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let consent = consent.ok_or(BadDetails("need an identifier, the ConsentId of the lodged consent"))?;
    Ok(Details::Lodged(Lodged { kind: entry.kind, consent }))
}

fn actions(value: Option<&Value>) -> Result<BTreeSet<Action>, BadDetails> {
    let names = value.and_then(Value::as_array).ok_or(BadDetails("need actions, an array of texts"))?;
    let known = |name: &Value| Action::ALL.iter().copied().find(|action| name == action.name());
    let actions: Option<BTreeSet<Action>> = names.iter().take(ACTIONS_MAX).map(known).collect();
    let actions = actions.filter(|actions| !actions.is_empty() && names.len() <= ACTIONS_MAX);
    actions.ok_or(BadDetails("need actions, such as list_accounts and read_balances, all of which exist here"))
}

/// Details as they are stored.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    actions: BTreeSet<Action>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lodged: Option<KeptLodged>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptLodged {
    kind: String,
    consent: ConsentId,
}

impl TryFrom<Kept> for Details {
    type Error = BadDetails;

    fn try_from(kept: Kept) -> Result<Self, BadDetails> {
        let unknown = BadDetails("are stored in no form that is known");
        let Some(lodged) = kept.lodged else {
            if kept.actions.is_empty() {
                return Err(unknown);
            }
            return Ok(Self::AccountInformation(AccountInformation { actions: kept.actions }));
        };
        let kind = LODGED.iter().map(|entry| entry.kind).find(|kind| kind.code() == lodged.kind);
        let kind = kind.filter(|_| kept.actions.is_empty()).ok_or(unknown)?;
        Ok(Self::Lodged(Lodged { kind, consent: lodged.consent }))
    }
}

impl From<Details> for Kept {
    fn from(details: Details) -> Self {
        match details {
            Details::AccountInformation(asked) => Self { actions: asked.actions, lodged: None },
            Details::Lodged(Lodged { kind, consent }) => {
                let lodged = KeptLodged { kind: kind.code().to_owned(), consent };
                Self { actions: BTreeSet::new(), lodged: Some(lodged) }
            }
        }
    }
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

    fn account_information(actions: &[Action]) -> Details {
        Details::AccountInformation(AccountInformation { actions: actions.iter().copied().collect() })
    }

    #[test]
    fn reads_and_merges_details() {
        let text = r#"[{"type":"account_information","actions":["list_accounts"],"locations":["https://bank.example"]},
                       {"type":"account_information","actions":["read_balances","list_accounts"]}]"#;
        let details = Details::parse(text, API).unwrap();
        assert_eq!(details, account_information(&[Action::ListAccounts, Action::ReadBalances]));
        let told = details.to_json(API, &[]).to_string();
        assert_eq!(Details::parse(&told, API).unwrap(), details);
        let less = account_information(&[Action::ListAccounts]);
        assert!(less.is_within(&details) && !details.is_within(&less));
        assert_eq!(details.scopes().to_string(), "accounts:read balances:read");
    }

    #[test]
    fn reads_the_one_consent_that_is_named() {
        let consent = ConsentId::from_bits(7);
        for (name, kind, scope) in [
            ("account_access_consent", Kind::AccountAccess, "accounts"),
            ("funds_confirmation_consent", Kind::FundsConfirmation, "fundsconfirmations"),
        ] {
            let text = format!(r#"[{{"type":"{name}","identifier":"{consent}"}}]"#);
            let details = Details::parse(&text, API).unwrap();
            assert_eq!(details.lodged(), Some(Lodged { kind, consent }));
            assert_eq!((details.type_name(), details.scopes().to_string().as_str()), (name, scope));
            let told = details.to_json(API, &[AccountId::from_bits(1)]);
            assert_eq!(
                told,
                serde_json::json!([{"type": name, "identifier": consent.to_string(), "locations": [API]}])
            );
            assert_eq!(Details::parse(&told.to_string(), API).unwrap(), details);
            let other = Details::Lodged(Lodged { kind, consent: ConsentId::from_bits(8) });
            assert!(details.is_within(&details) && !details.is_within(&other));
            let read = account_information(&[Action::ListAccounts]);
            assert!(!details.is_within(&read) && !read.is_within(&details));
        }
    }

    #[test]
    fn is_stored_and_read_back() {
        let lodged = Details::Lodged(Lodged { kind: Kind::FundsConfirmation, consent: ConsentId::from_bits(7) });
        for details in [account_information(&[Action::ListAccounts]), lodged] {
            let text = serde_json::to_string(&details).unwrap();
            assert_eq!(serde_json::from_str::<Details>(&text).unwrap(), details, "{text}");
        }
        // As it was stored before there were lodged consents.
        let old = serde_json::from_str::<Details>(r#"{"actions":["list_accounts"]}"#).unwrap();
        assert_eq!(old, account_information(&[Action::ListAccounts]));
        let id = ConsentId::from_bits(7);
        for bad in [
            format!(r#"{{"lodged":{{"kind":"request","consent":"{id}"}}}}"#),
            format!(r#"{{"actions":["list_accounts"],"lodged":{{"kind":"account-access","consent":"{id}"}}}}"#),
            r#"{"other":1}"#.to_owned(),
            "{}".to_owned(),
        ] {
            assert!(serde_json::from_str::<Details>(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        let long = format!("[{}]", "1,".repeat(5000));
        let id = ConsentId::from_bits(7);
        let consent = format!(r#"{{"type":"account_access_consent","identifier":"{id}"}}"#);
        let twice = format!("[{consent},{consent}]");
        let mixed = format!(r#"[{{"type":"account_information","actions":["list_accounts"]}},{consent}]"#);
        let more = format!(r#"[{{"type":"account_access_consent","identifier":"{id}","actions":["list_accounts"]}}]"#);
        let elsewhere = format!(
            r#"[{{"type":"account_access_consent","identifier":"{id}","locations":["https://evil.example"]}}]"#
        );
        let account = format!(r#"[{{"type":"account_access_consent","identifier":"{}"}}]"#, AccountId::from_bits(7));
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
            r#"[{"type":"account_information","actions":["list_accounts"],"identifier":"x"}]"#,
            r#"[{"type":"account_information","actions":["list_accounts"]},{"type":"x"}]"#,
            r#"[{"type":"account_access_consent"}]"#,
            r#"[{"type":"account_access_consent","identifier":7}]"#,
            r#"[{"type":"account_access_consent","identifier":""}]"#,
            r#"[{"type":"account_access_consent","identifier":null}]"#,
            &long,
            &twice,
            &mixed,
            &more,
            &elsewhere,
            &account,
        ] {
            assert!(Details::parse(bad, API).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn survives_any_text(text: String) {
            let _ = Details::parse(&text, API);
        }
    }
}

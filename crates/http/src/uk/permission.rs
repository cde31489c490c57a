//! The standard's names of what an app can ask for: `OBInternalPermissions1Code`.

use lombard_domain::permission::{Permission, PermissionSet};

/// The permission that a code stands for.
pub(super) fn of_code(code: &str) -> Option<Permission> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, permission)| *permission)
}

/// The codes of a set, in the standard's order, each once.
pub(super) fn codes(set: PermissionSet) -> Vec<&'static str> {
    CODES.iter().filter(|(_, permission)| set.has(*permission)).map(|(code, _)| *code).collect()
}

/// Every code of the standard; all of them are supported.
const CODES: [(&str, Permission); 21] = [
    ("ReadAccountsBasic", Permission::AccountsBasic),
    ("ReadAccountsDetail", Permission::AccountsDetail),
    ("ReadBalances", Permission::Balances),
    ("ReadBeneficiariesBasic", Permission::BeneficiariesBasic),
    ("ReadBeneficiariesDetail", Permission::BeneficiariesDetail),
    ("ReadDirectDebits", Permission::DirectDebits),
    ("ReadOffers", Permission::Offers),
    ("ReadPAN", Permission::Pan),
    ("ReadParty", Permission::Parties),
    ("ReadPartyPSU", Permission::PartyCustomer),
    ("ReadProducts", Permission::Products),
    ("ReadScheduledPaymentsBasic", Permission::ScheduledPaymentsBasic),
    ("ReadScheduledPaymentsDetail", Permission::ScheduledPaymentsDetail),
    ("ReadStandingOrdersBasic", Permission::StandingOrdersBasic),
    ("ReadStandingOrdersDetail", Permission::StandingOrdersDetail),
    ("ReadStatementsBasic", Permission::StatementsBasic),
    ("ReadStatementsDetail", Permission::StatementsDetail),
    ("ReadTransactionsBasic", Permission::TransactionsBasic),
    ("ReadTransactionsCredits", Permission::TransactionsCredits),
    ("ReadTransactionsDebits", Permission::TransactionsDebits),
    ("ReadTransactionsDetail", Permission::TransactionsDetail),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_of_account_information_has_one_code() {
        let all = PermissionSet::of(Permission::ACCOUNT_INFORMATION);
        assert_eq!(PermissionSet::of(&CODES.map(|(_, permission)| permission)), all);
        assert_eq!(codes(all), CODES.map(|(code, _)| code));
        for permission in Permission::ACCOUNT_INFORMATION {
            let [code] = codes(PermissionSet::of(&[*permission]))[..] else { panic!("{permission:?}") };
            assert_eq!(of_code(code), Some(*permission));
        }
        for bad in ["", "readbalances", "ReadBalances ", "ReadEverything", "balances"] {
            assert_eq!(of_code(bad), None, "{bad}");
        }
    }
}

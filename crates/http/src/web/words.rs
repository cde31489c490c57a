//! Domain values in the words of ordinary people.

use lombard_auth::HeldAccount;
use lombard_domain::account::AccountKind;
use lombard_domain::oauth::{AuthorizationRequest, Scope};
use lombard_domain::party::HolderRole;
use lombard_domain::permission::{Permission, PermissionSet};
use lombard_domain::time::Date;

use super::pages::Asked;

/// `3 March 2027`.
pub(super) fn day(date: Date) -> String {
    let month = usize::try_from(date.month()).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    format!("{} {} {}", date.day(), month.unwrap_or(&""), date.year())
}

/// `Current account`.
pub(super) fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::ChargeCard => "Charge card",
        AccountKind::CreditCard => "Credit card",
        AccountKind::Current => "Current account",
        AccountKind::EMoney => "E-money account",
        AccountKind::Loan => "Loan",
        AccountKind::Mortgage => "Mortgage",
        AccountKind::PrePaidCard => "Prepaid card",
        AccountKind::Savings => "Savings account",
    }
}

/// `ending 4821`, from a number of which all but the end is hidden.
pub(super) fn ending(masked: &str) -> String {
    format!("ending {}", masked.trim_start_matches('x'))
}

/// The customer's part in an account where it is not simply theirs.
pub(super) fn holder(account: &HeldAccount) -> Option<&'static str> {
    match account.role {
        HolderRole::Authorised => Some("authorised user"),
        HolderRole::Owner if account.owners > 1 => Some("joint"),
        HolderRole::Owner => None,
    }
}

/// What a request asks for, as the consent page lists it.
pub(super) fn asked(request: &AuthorizationRequest) -> Vec<Asked> {
    let identity = request.scope.has(Scope::OpenId).then_some(Asked::Identity);
    identity.into_iter().chain(permitted(request.permissions())).collect()
}

/// What permissions mean, as the list of consents shows it.
pub(super) fn permitted(permissions: PermissionSet) -> Vec<Asked> {
    let asked = permissions.iter().filter_map(|permission| match permission {
        Permission::AccountsBasic | Permission::AccountsDetail => Some(Asked::Accounts),
        Permission::Balances => Some(Asked::Balances),
        Permission::BeneficiariesBasic | Permission::BeneficiariesDetail => Some(Asked::Beneficiaries),
        Permission::DirectDebits => Some(Asked::DirectDebits),
        Permission::Offers => Some(Asked::Offers),
        Permission::FundsConfirmation | Permission::Pan => None,
        Permission::Parties | Permission::PartyCustomer => Some(Asked::Parties),
        Permission::Products => Some(Asked::Products),
        Permission::ScheduledPaymentsBasic | Permission::ScheduledPaymentsDetail => Some(Asked::ScheduledPayments),
        Permission::StandingOrdersBasic | Permission::StandingOrdersDetail => Some(Asked::StandingOrders),
        Permission::StatementsBasic | Permission::StatementsDetail => Some(Asked::Statements),
        Permission::TransactionsBasic
        | Permission::TransactionsDetail
        | Permission::TransactionsCredits
        | Permission::TransactionsDebits => Some(Asked::Transactions),
    });
    asked.collect()
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

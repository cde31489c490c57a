//! A person, as a caller sees them.

use lombard_domain::id::CustomerId;
use lombard_domain::party::{Contact, HolderRole};
use lombard_domain::text::Text;
use lombard_store::contact::{Holder, Person};

/// Somebody who holds an account, or the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct PartyView {
    /// Their identifier.
    pub id: CustomerId,
    /// Their name.
    pub name: Text<140>,
    /// Where they are written to; only of the customer who gave the consent.
    pub email: Option<Text<254>>,
    /// Where else they can be reached; only of the customer who gave the consent.
    pub contact: Option<Contact>,
    /// Their part in the account; `None` if no account is meant.
    pub role: Option<PartyRole>,
}

/// Somebody's part in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyRole {
    /// They may use it for its owner.
    Delegate,
    /// They own it with others.
    Joint,
    /// They own it alone.
    Sole,
}

impl PartyView {
    /// A holder of an account, as one of its holders may know it: another holder's name and part, but not how to reach them,
    /// because that is not this customer's to give away.
    pub(crate) fn of(holder: Holder, customer: CustomerId) -> Self {
        let Holder { person, role, owners } = holder;
        let role = match role {
            HolderRole::Authorised => PartyRole::Delegate,
            HolderRole::Owner if owners > 1 => PartyRole::Joint,
            HolderRole::Owner => PartyRole::Sole,
        };
        let view = Self { role: Some(role), ..Self::of_customer(person) };
        if view.id == customer { view } else { Self { email: None, contact: None, ..view } }
    }

    /// A customer, apart from any account.
    pub(crate) fn of_customer(person: Person) -> Self {
        let Person { customer, contact } = person;
        Self { id: customer.id, name: customer.full_name, email: customer.email, contact, role: None }
    }
}

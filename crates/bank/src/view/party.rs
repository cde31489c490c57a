//! A person, as a caller sees them.

use lombard_domain::id::CustomerId;
use lombard_domain::party::Contact;
use lombard_domain::text::Text;

/// Somebody who holds an account, or the customer.
#[derive(Clone, PartialEq, Eq)]
pub struct PartyView {
    /// Their identifier.
    pub id: CustomerId,
    /// Their name.
    pub name: Text<140>,
    /// Where they are written to.
    pub email: Option<Text<254>>,
    /// Where else they can be reached.
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

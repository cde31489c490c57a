//! What a directory says of a piece of software and of who makes it, as it is kept with the client (RFC 7591 2.3).

use std::collections::BTreeSet;

use crate::text::Text;

/// The facts of a software statement, under the names of the UK directory.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Software {
    /// The directory that says so.
    pub iss: Text<256>,
    /// Which software.
    pub software_id: Text<100>,
    /// What it may be used for.
    pub software_roles: BTreeSet<Role>,
    /// Which organisation answers for it.
    pub org_id: Text<100>,
    /// What that organisation is called.
    pub org_name: Text<120>,
    /// Whether the app's home page is the directory's word, and not the app's own.
    #[serde(default)]
    pub says_home: bool,
    /// Whether its logo is.
    #[serde(default)]
    pub says_logo: bool,
    /// Whether its name is.
    #[serde(default)]
    pub says_name: bool,
}

/// What software may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Reads accounts.
    Aisp,
    /// Is a bank.
    Aspsp,
    /// Asks whether there is enough in an account.
    Cbpii,
    /// Starts payments.
    Pisp,
}

impl Role {
    /// Every role.
    pub const ALL: &[Self] = &[Self::Aisp, Self::Aspsp, Self::Cbpii, Self::Pisp];

    /// The name in statements.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aisp => "AISP",
            Self::Aspsp => "ASPSP",
            Self::Cbpii => "CBPII",
            Self::Pisp => "PISP",
        }
    }
}

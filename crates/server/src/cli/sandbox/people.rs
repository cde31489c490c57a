//! Who can sign in to a sandbox, and with what.

use std::path::Path;

use anyhow::Context as _;
use lombard_bank::seed;
use lombard_domain::secret::Secret;
use lombard_http::SandboxCustomer;

use super::announce::Facts;
use crate::cli::OPERATOR;
use crate::wire::Core;

/// Gives every customer a password who has none, and returns them all: the people of the demo bank first, then imported ones.
pub(crate) async fn everybody(core: &Core) -> anyhow::Result<Vec<SandboxCustomer>> {
    let seeded = seed::people();
    for person in &seeded {
        let username = person.customer.username.as_str();
        if !core.auth.has_password(username).await? {
            core.auth.set_password(OPERATOR, username, Secret::new(person.password.clone())).await?;
        }
    }
    core.auth.set_missing_passwords(Secret::new(IMPORTED_PASSWORD.to_owned())).await?;
    let mut people: Vec<SandboxCustomer> = seeded
        .iter()
        .map(|person| SandboxCustomer {
            username: person.customer.username.as_str().to_owned(),
            password: person.password.clone(),
            name: person.customer.full_name.as_str().to_owned(),
        })
        .collect();
    let mut after = None;
    loop {
        let page = core.auth.customers(after).await?;
        let Some(last) = page.last() else { return Ok(people) };
        after = Some(last.id);
        let imported = page.iter().filter(|customer| seeded.iter().all(|person| person.customer.id != customer.id));
        people.extend(imported.map(|customer| SandboxCustomer {
            username: customer.username.as_str().to_owned(),
            password: IMPORTED_PASSWORD.to_owned(),
            name: customer.full_name.as_str().to_owned(),
        }));
    }
}

/// After an import: everybody new can sign in, and a sandbox's description that exists already names them.
pub(crate) async fn let_everybody_sign_in(core: &Core, folder: &Path) -> anyhow::Result<()> {
    core.auth.set_missing_passwords(Secret::new(IMPORTED_PASSWORD.to_owned())).await?;
    let Some(mut facts) = Facts::read(folder).context("cannot read what the sandbox left")? else { return Ok(()) };
    facts.customers = everybody(core).await?;
    facts.leave(folder)
}

/// The password of every imported customer of a sandbox.
const IMPORTED_PASSWORD: &str = "sandbox-customer";

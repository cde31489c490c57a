//! What a sandbox tells: to people on the terminal, to programs in a file.

use std::path::Path;

use anyhow::Context as _;
use lombard_http::SandboxCustomer;
use serde::{Deserialize, Serialize};

use super::rules::RECEIPTS;
use crate::cli::{Sandbox, say};
use crate::config::SANDBOX_MARK;
use crate::files::{self, Readers};

/// What a program needs to use the sandbox.
#[derive(Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The issuer, below which all addresses are found by discovery.
    pub(crate) issuer: String,
    /// The same for calls with a client certificate.
    #[serde(default)]
    pub(crate) mtls_url: Option<String>,
    /// The certificate of the sandbox's own CA, in PEM.
    pub(super) ca_file: String,
    /// The code that is every customer's second factor.
    pub(super) second_factor: String,
    /// Whom one can sign in as.
    pub(super) customers: Vec<SandboxCustomer>,
}

impl Facts {
    /// Leaves the facts for programs.
    pub(super) fn leave(&self, folder: &Path) -> anyhow::Result<()> {
        let file = folder.join(SANDBOX_MARK);
        let text = serde_json::to_vec_pretty(self)?;
        files::write_whole(&file, &text, Readers::Owner).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Reads the facts that a sandbox left, if one did.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Option<Self>> {
        match files::read_limited(&folder.join(SANDBOX_MARK), FILE_BYTES_MAX) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Tells a person what is running and what to try.
pub(super) fn introduce(args: &Sandbox, facts: &Facts) {
    let Facts { issuer, ca_file, mtls_url, .. } = facts;
    let mtls_url = mtls_url.as_deref().unwrap_or_default();
    let data = args.data.display();
    say("Lombard sandbox: made-up customers, made-up money. Not for real data.\n");
    say(format_args!("  {issuer}   apps and browsers (CA certificate: {ca_file})"));
    say(format_args!("  {mtls_url}   the same, asking for client certificates"));
    say(format_args!("  http://{}   /livez /readyz /metrics", args.ops_listen));
    say(format_args!("  {data}/{SANDBOX_MARK}   all of this for programs"));
    say(format_args!(
        "  {data}/{RECEIPTS}   what customers are written: of sign-ins in new browsers, and of consents\n"
    ));
    introduce_customers(facts);
    say(format_args!(
        r#"
Try it:
  # 1. Register an app. Keep client_id and client_secret from the answer.
  curl --cacert {ca_file} {issuer}/register -H 'Content-Type: application/json' \
    -d '{{"client_name": "My app", "redirect_uris": ["http://127.0.0.1:3000/callback"]}}'

  # 2. Open this in a browser, with your client_id, and sign in. The code_verifier is {VERIFIER}
  {issuer}/authorize?response_type=code&client_id=CLIENT_ID&redirect_uri=http%3A%2F%2F127.0.0.1%3A3000%2Fcallback&scope=accounts%3Aread+balances%3Aread+transactions%3Aread&state=abc&code_challenge={CHALLENGE}&code_challenge_method=S256

  # 3. Exchange the code from the address that the browser was sent to, within a minute.
  curl --cacert {ca_file} {issuer}/token -u CLIENT_ID:CLIENT_SECRET \
    -d grant_type=authorization_code -d redirect_uri=http://127.0.0.1:3000/callback -d code=CODE \
    -d code_verifier={VERIFIER}

  # 4. Read. The last header says that the customer is there; without it each resource can be read four times a day.
  curl --cacert {ca_file} {issuer}/open-banking/v4.0/aisp/accounts -H 'Authorization: Bearer ACCESS_TOKEN' \
    -H 'x-fapi-customer-ip-address: 127.0.0.1'

The whole API can be looked at and tried at {issuer}/explorer

With FAPI 2.0 an app has keys instead of a secret:
  # Its keys, a client certificate, and a registration to send.
  lombard client keys --name my-app --out ./my-app --data {data}
  # Register it, and see what it needs to know of the bank.
  lombard client add --file ./my-app/client.json --metadata --data {data}
  # Or have the sandbox's directory vouch for it first, and put the result into client.json as software_statement.
  lombard directory issue --software-id my-app --name my-app --redirect-uri {REDIRECT_URI} --jwks ./my-app/jwks.json --data {data}

Why was a call refused? Apps are told no more than the standards allow; the log line "refused" with the answer's x-fapi-interaction-id has the reason.

Customers see and end what they share at {issuer}/my/consents
Everything is in {data}; delete the folder to begin anew. Stop with Ctrl-C."#
    ));
}

fn introduce_customers(facts: &Facts) {
    let customers = &facts.customers;
    say(format_args!("Customers (second factor: {})", facts.second_factor));
    let shown = customers.iter().take(CUSTOMERS_SHOWN_MAX);
    let name = shown.clone().map(|customer| customer.username.chars().count()).max().unwrap_or(0);
    let password = shown.clone().map(|customer| customer.password.chars().count()).max().unwrap_or(0);
    for customer in shown {
        say(format_args!("  {:<name$}   {:<password$}   {}", customer.username, customer.password, customer.name));
    }
    if let Some(more) = customers.len().checked_sub(CUSTOMERS_SHOWN_MAX).filter(|more| *more > 0) {
        say(format_args!("  … and {more} more, who were imported: see {SANDBOX_MARK}"));
    }
}

/// RFC 7636, appendix B: an example to paste. A real app makes a new one for every request.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Where browsers return to in the examples; apps on this machine need no HTTPS there (RFC 8252 7.3).
pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:3000/callback";
/// An imported bank can have very many.
const CUSTOMERS_SHOWN_MAX: usize = 8;
/// Bytes of the file for programs.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

//! `lombard sandbox`: a whole bank on this machine, for whoever wants to try.

pub(crate) mod announce;
pub(crate) mod people;
pub(crate) mod rules;

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use lombard_auth::login::second_factor::SecondFactor;
use lombard_auth::{Policy, Recording};
use lombard_domain::secret::Secret;
use lombard_domain::time::Clock as _;
use lombard_http::{Proxies, SandboxSite, Site};

use super::Sandbox;
use super::place::{Place, sandbox_masters};
use crate::config::{self, BANK_NAME, PublicUrl, system_environment};
use crate::directory::SandboxDirectory;
use crate::listen::Limits;
use crate::listen::tls::ServedCertificate;
use crate::pki;
use crate::post::FilePost;
use crate::run::{Doors, MasterSource};
use crate::system::SystemClock;
use crate::telemetry::{Format, Telemetry};
use crate::wire::{Core, PasswordPlaces, Plan};

/// Serves a sandbox; its folder is made at the first start and found again later.
///
/// # Errors
/// The folder cannot be used, or an address is taken.
pub(crate) async fn sandbox(args: &Sandbox) -> anyhow::Result<ExitCode> {
    let format = if std::io::stderr().is_terminal() { Format::Text } else { Format::Json };
    let tracing = config::Telemetry::of_sandbox().tracing(&system_environment)?;
    let telemetry = Telemetry::start("info", format, tracing)?;
    let url = args.public_url.clone().unwrap_or_else(|| format!("https://localhost:{}", args.listen.port()));
    let url = PublicUrl::try_from(url).map_err(|error| anyhow::anyhow!("--public-url: {error}"))?;
    if !url.is_https() {
        bail!("--public-url must begin with https://: there is no plain HTTP, not even here");
    }
    let place = Place::of_sandbox(&args.data, args.database.as_deref())?;
    let pki = pki::ensure(&args.data, &names(args, &url), &SystemClock)?;
    let directory = SandboxDirectory::ensure(&args.data)?;
    let mtls_url = url.with_port(args.mtls_listen.port());
    let policy = rules::policy(url.as_str(), Some(mtls_url.clone()), Some(&directory));
    let policy = if args.no_limits { rules::without_limits(policy, args.throttled) } else { policy };
    let doors = Doors {
        public: args.listen,
        mtls: Some(args.mtls_listen),
        ops: args.ops_listen,
        certificate: ServedCertificate::new(pki.server).context("cannot use the certificate")?,
        certificate_files: None,
        masters: masters(&args.data),
        limits: Limits::default(),
        proxies: Arc::new(Proxies::none()),
    };
    let db = place.open().await?;
    let bound = doors.bind().await?;
    let post = rules::post(&args.data, url.as_str(), BANK_NAME)?;
    let core = Core::new(db, plan(args, policy, post)?).await?;
    lombard_bank::seed::sow(&core.db, SystemClock.now().date()).await.context(NO_DEMO_BANK)?;
    let customers = people::everybody(&core).await?;
    let facts = announce::Facts {
        issuer: url.as_str().to_owned(),
        mtls_url: Some(mtls_url),
        ca_file: absolute(&pki.ca_file)?,
        second_factor: SECOND_FACTOR.to_owned(),
        customers,
    };
    facts.leave(&args.data)?;
    announce::introduce(args, &facts);
    let sandbox = SandboxSite { customers: facts.customers, second_factor: facts.second_factor };
    bound.serve(core, Site { bank_name: BANK_NAME.to_owned(), sandbox: Some(sandbox) }, telemetry).await?;
    Ok(ExitCode::SUCCESS)
}

fn masters(folder: &Path) -> MasterSource {
    let folder = folder.to_owned();
    Box::new(move || sandbox_masters(&folder))
}

fn plan(args: &Sandbox, policy: Policy, post: FilePost) -> anyhow::Result<Plan> {
    let second_factor = SecondFactor::fixed_for_sandbox_only(Secret::new(SECOND_FACTOR.to_owned()));
    Ok(Plan {
        policy,
        second_factor: second_factor.context("the sandbox's code is not six digits")?,
        passwords: PasswordPlaces::USUAL,
        recording: if args.without_record { Recording::Dropped } else { Recording::Kept },
        trust: rules::trust(&args.data),
        shared_counter: None,
        post: Some(Arc::new(post)),
    })
}

/// Every name by which the sandbox may be reached.
fn names(args: &Sandbox, url: &PublicUrl) -> Vec<String> {
    let mut names = vec![url.host().trim_matches(['[', ']']).to_owned()];
    for usual in ["localhost", "127.0.0.1", "::1"] {
        names.push(usual.to_owned());
    }
    for address in [args.listen, args.mtls_listen] {
        if !address.ip().is_unspecified() {
            names.push(address.ip().to_string());
        }
    }
    names.sort();
    names.dedup();
    names
}

fn absolute(path: &Path) -> anyhow::Result<String> {
    let path = path.canonicalize().with_context(|| format!("cannot find {}", path.display()))?;
    Ok(path.display().to_string())
}

const NO_DEMO_BANK: &str = "cannot make the demo bank; if customers were imported before who are called like its own (alice, bob, …), use another folder and start the sandbox before the import";

/// The second factor that every customer of every sandbox has.
const SECOND_FACTOR: &str = "123456";

//! Whether what a request costs grows with the bank: the same requests of the same customer, at a small bank and at a big one.
//!
//! Both servers run all the time and are asked by turns, so that what disturbs the machine disturbs both.

mod bank;
mod question;
mod table;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::time::Instant;

use self::bank::{Bank, READER};
use self::question::{QUESTIONS, Question};
use crate::case::{self, Case, Protocol};
use crate::fapi::Supply;
use crate::load::{self, Load, Measured, Target};
use crate::process::{self, Memory};
use crate::sandbox::{Customer, Facts, Place, Ports, Sandbox};
use crate::story;
use crate::tls;

pub(crate) use table::table;

/// What is measured, and on what.
pub(crate) struct Plan<'a> {
    pub(crate) binary: &'a Path,
    /// Where the servers keep their data.
    pub(crate) folder: &'a Path,
    /// An empty database for each bank, or none for files.
    pub(crate) databases: &'a [String],
    /// For how long each case is measured at each bank in all.
    pub(crate) duration: Duration,
}

/// A case at both banks.
pub(crate) struct Grown {
    pub(crate) name: &'static str,
    pub(crate) small: Measured,
    pub(crate) big: Measured,
}

/// A bank that was measured.
pub(crate) struct Size {
    pub(crate) bank: Bank,
    /// How long the import took.
    pub(crate) import: Duration,
    /// From the start of the binary to the first answer, with the data there.
    pub(crate) start: Duration,
    pub(crate) memory: Memory,
}

/// Everything that was measured.
pub(crate) struct Growth {
    pub(crate) cases: Vec<Grown>,
    pub(crate) small: Size,
    pub(crate) big: Size,
}

/// Fills two banks, and asks both the same.
///
/// # Errors
/// A server or an import fails, or an answer was no success.
pub(crate) async fn measure(plan: &Plan<'_>) -> anyhow::Result<Growth> {
    let small = Branch::open(plan, "small", Bank::SMALL, plan.databases.first()).await.context("the small bank")?;
    let big = Branch::open(plan, "big", Bank::BIG, plan.databases.get(1)).await.context("the big bank")?;
    let load = Load::new(Protocol::Http2, WARM_UP, plan.duration / TURNS);
    let mut cases = Vec::new();
    for question in &QUESTIONS {
        let (ours, theirs) = (small.case(question).await?, big.case(question).await?);
        let mut case = Grown { name: question.name, small: Measured::nothing(), big: Measured::nothing() };
        for turn in 1..=TURNS {
            eprintln!("{}, turn {turn} of {TURNS}", question.name);
            case.small.add(small.ask(&ours, load).await?);
            case.big.add(big.ask(&theirs, load).await?);
        }
        cases.push(case);
    }
    Ok(Growth { cases, small: small.close().await?, big: big.close().await? })
}

/// A bank with a server that runs.
struct Branch {
    bank: Bank,
    import: Duration,
    sandbox: Sandbox,
    target: Target,
    /// What an app needs to know, with our reader as the only customer.
    facts: Arc<Facts>,
}

impl Branch {
    /// Lets a server make a sandbox, imports the bank into it, and starts the server again.
    async fn open(plan: &Plan<'_>, name: &'static str, bank: Bank, database: Option<&String>) -> anyhow::Result<Self> {
        let folder = plan.folder.join(name);
        fs::create_dir(&folder)?;
        let place = Place {
            binary: plan.binary.to_owned(),
            log: folder.join("lombard.log"),
            folder: folder.join("data"),
            ports: Ports::free()?,
            database: database.cloned(),
            one_core: false,
            more: &[],
        };
        Sandbox::start(&place).await.context("the first start")?.stop().await?;
        let files = folder.join("files");
        bank.write(&files).context("the files of the bank")?;
        eprintln!("importing {} transactions", bank.transactions());
        let begun = Instant::now();
        import(&place, &files)?;
        let import = begun.elapsed();
        fs::remove_dir_all(&files)?;
        let sandbox = Sandbox::start(&place).await.context("the start with its data")?;
        let facts = reader_of(&sandbox.facts)?;
        let client = tls::client(Path::new(&facts.ca_file))?;
        let target = Target { name, port: place.ports.public, pid: sandbox.pid(), client };
        Ok(Self { bank, import, sandbox, target, facts })
    }

    /// The case that asks this here, with new access: an access token outlives a few minutes only.
    async fn case(&self, question: &Question) -> anyhow::Result<Case> {
        let access = story::connect(&self.facts).await.context("an app and the reader come to terms")?;
        Ok(case::read(question.name, question.path(&self.facts, &access).await?, &access))
    }

    async fn ask(&self, case: &Case, load: Load) -> anyhow::Result<Measured> {
        load::run(&self.target, case, load, &Arc::new(Supply::on_the_way(None))).await
    }

    async fn close(self) -> anyhow::Result<Size> {
        let memory = process::memory(self.sandbox.pid())?;
        let (bank, import, start) = (self.bank, self.import, self.sandbox.took);
        self.sandbox.stop().await?;
        Ok(Size { bank, import, start, memory })
    }
}

/// Runs the binary's own import.
fn import(place: &Place, files: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(&place.binary);
    command.arg("import").arg(files);
    match &place.database {
        None => command.arg("--data").arg(&place.folder),
        Some(database) => {
            let key = place.folder.join("master.key");
            command.args(["--database", database]).arg("--master-key-file").arg(key)
        }
    };
    let done = command.output().with_context(|| place.binary.display().to_string())?;
    ensure!(done.status.success(), "the import failed: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// The same facts for the customer whose accounts are read.
fn reader_of(facts: &Facts) -> anyhow::Result<Arc<Facts>> {
    let reader = facts.customers.iter().find(|customer| customer.username == READER);
    let Customer { username, password } = reader.context("the reader was not imported")?;
    let reader = Customer { username: username.clone(), password: password.clone() };
    Ok(Arc::new(Facts {
        issuer: facts.issuer.clone(),
        ca_file: facts.ca_file.clone(),
        second_factor: facts.second_factor.clone(),
        customers: vec![reader],
    }))
}

/// How often each bank is asked each question.
const TURNS: u32 = 3;
/// Before each turn, not counted.
const WARM_UP: Duration = Duration::from_secs(1);

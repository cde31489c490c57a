//! A process that we started: it never outlives us, and Linux tells what it uses.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::time::{Instant, sleep};

/// A process that is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
}

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// In use now.
    pub(crate) resident: u32,
    /// The most that was ever in use.
    pub(crate) peak: u32,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let child = command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
        Ok(Self { child })
    }

    /// What Linux calls it.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process itself.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Fails if it has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("the server ended: {status}"),
            None => Ok(()),
        }
    }

    /// Asks it to end, as an operator does, and waits until it has.
    ///
    /// # Errors
    /// It does not, or not well.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        ensure!(asked.success(), "cannot signal the server");
        let asked_at = Instant::now();
        while asked_at.elapsed() < STOP_MAX {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server did not end well: {status}");
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
        bail!("the server does not end")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time that a process has used in all its threads.
///
/// # Errors
/// There is no such process, or this is not Linux.
pub(crate) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("processor time needs Linux's /proc")?;
    parse_cpu(&text).context("cannot read /proc/PID/stat")
}

/// Memory that a process uses.
///
/// # Errors
/// There is no such process, or this is not Linux.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).context("memory needs Linux's /proc")?;
    parse_memory(&text).context("cannot read /proc/PID/status")
}

/// A command that runs on one of our cores from its beginning, so that it has no more threads than it has use for.
///
/// # Errors
/// This is not Linux.
pub(crate) fn on_one_core(program: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &our_cores()?.0.to_string()]).arg(program);
    Ok(command)
}

/// Gives a process one of our cores for itself, and what we do the others.
///
/// # Errors
/// There is no `taskset`, it is refused, or this is not Linux.
pub(crate) fn give_one_core(pid: u32) -> anyhow::Result<()> {
    let (first, others) = our_cores()?;
    keep_to(pid, &[first])?;
    // With one core alone there is nothing to choose.
    if others.is_empty() { Ok(()) } else { keep_to(std::process::id(), &others) }
}

/// The first core that we may use, and the others.
fn our_cores() -> anyhow::Result<(u32, Vec<u32>)> {
    let text = std::fs::read_to_string("/proc/self/status").context("affinity needs Linux's /proc")?;
    let cores = parse_cores(&text).context("cannot read /proc/self/status")?;
    let (first, others) = cores.split_first().context("we may use no core")?;
    Ok((*first, others.to_vec()))
}

/// Lets all threads of a process run on these cores only.
fn keep_to(pid: u32, cores: &[u32]) -> anyhow::Result<()> {
    let list: Vec<_> = cores.iter().map(u32::to_string).collect();
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", &list.join(","), &pid.to_string()]);
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().context("cannot run taskset")?;
    ensure!(status.success(), "taskset: {status}");
    Ok(())
}

/// proc(5): fields 14 and 15, in ticks; the second field is a name in parentheses that may hold anything.
fn parse_cpu(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis(user.checked_add(system)?.checked_mul(TICK_MILLIS)?))
}

fn parse_memory(status: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some(Memory { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
}

/// proc(5): `Cpus_allowed_list`, numbers and ranges of numbers.
fn parse_cores(status: &str) -> Option<Vec<u32>> {
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let mut cores = Vec::new();
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.parse::<u32>().ok()?..=last.parse().ok()?);
    }
    Some(cores)
}

/// A tick of `/proc` (USER_HZ is 100 on every architecture that we know).
const TICK_MILLIS: u64 = 10;
/// How long a server may take to end.
const STOP_MAX: Duration = Duration::from_secs(40);
/// How often we look whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_processor_time_behind_a_name_with_parentheses() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 900 0 0 0 150 25 0 0 20 0 3 0 1 2 3 4";
        assert_eq!(parse_cpu(stat), Some(Duration::from_millis(1750)));
        assert_eq!(parse_cpu("42 (a) S 1"), None);
    }

    #[test]
    fn reads_memory() {
        let status = "Name:\tlombard\nVmHWM:\t   61440 kB\nVmRSS:\t   51200 kB\n";
        assert_eq!(parse_memory(status), Some(Memory { resident: 51_200, peak: 61_440 }));
        assert_eq!(parse_memory("Name:\tlombard\n"), None);
    }

    #[test]
    fn reads_cores() {
        let cores = |list: &str| parse_cores(&format!("Name:\tlombard\nCpus_allowed_list:\t{list}\nx:\n"));
        assert_eq!(cores("0-1"), Some(vec![0, 1]));
        assert_eq!(cores("3"), Some(vec![3]));
        assert_eq!(cores("0,2-4,7"), Some(vec![0, 2, 3, 4, 7]));
        assert_eq!(cores("none"), None);
        assert_eq!(parse_cores("Name:\tlombard\n"), None);
    }

    #[test]
    fn knows_what_this_process_uses() {
        assert!(memory(std::process::id()).unwrap().resident > 0);
        assert!(cpu(std::process::id()).is_ok());
    }
}

//! `lombard config check`: would the server start, and if not, what is to be done.

use std::io::{self, Write};
use std::process::ExitCode;

use lombard_domain::time::Clock;

use super::ConfigCheck;
use crate::config::{Config, Environment, Weight, system_environment};
use crate::system::SystemClock;

/// Reads a file of settings and says everything that is wrong with it.
///
/// # Errors
/// The file cannot be read or understood, or the terminal is gone.
pub(crate) fn check(args: &ConfigCheck) -> anyhow::Result<ExitCode> {
    let config = Config::load(&args.config)?;
    let fit = report(&config, &SystemClock, &system_environment, &mut io::stdout().lock())?;
    Ok(if fit { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes what was found; true if the server would start.
fn report(config: &Config, clock: &dyn Clock, environment: &Environment, out: &mut dyn Write) -> io::Result<bool> {
    let findings = config.findings(clock, environment);
    for finding in &findings {
        let word = match finding.weight {
            Weight::Refusal => "refused",
            Weight::Warning => "warning",
        };
        writeln!(out, "{word}  {finding}")?;
    }
    let refusals = findings.iter().filter(|finding| finding.weight == Weight::Refusal).count();
    match refusals {
        0 => writeln!(out, "`lombard serve` would start with these settings.")?,
        1 => writeln!(out, "`lombard serve` would not start: one setting is not fit for production.")?,
        n => writeln!(out, "`lombard serve` would not start: {n} settings are not fit for production.")?,
    }
    Ok(refusals == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing;

    #[test]
    fn says_whether_the_server_would_start() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = testing::production(folder.path());
        let mut out = Vec::new();
        assert!(report(&config, &SystemClock, &|_| None, &mut out).unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), "`lombard serve` would start with these settings.\n");

        config.authorization.code_seconds = 61;
        let mut out = Vec::new();
        assert!(!report(&config, &SystemClock, &|_| None, &mut out).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("refused  authorization.code_seconds: 61 is more than the 60"), "{text}");
        assert!(text.contains("one setting is not fit"), "{text}");
    }
}

//! The master keys, which wrap the keys under which everything that must stay secret in the database is encrypted: where they come
//! from.
//!
//! They are never in the database, in a log, or on a command line.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lombard_domain::random::{self, Random};
use lombard_domain::secret::Secret;
use lombard_store::crypt::Master;

use super::{Environment, Keys};
use crate::files::{self, Readers};
use crate::keeper::Program;

/// 256 bits.
pub(crate) type MasterKey = Secret<[u8; 32]>;

/// Reads the keys from where the settings say they are: first the one that is to be used, then former ones.
///
/// # Errors
/// None is set, one cannot be read, or it is not a key; the text says what to do.
pub(crate) fn masters(keys: &Keys, environment: &Environment) -> anyhow::Result<Vec<Master>> {
    let mut masters = vec![first(keys, environment)?];
    for file in &keys.former_master_key_files {
        masters.push(in_file(file)?);
    }
    masters.extend(keys.former_master_key_command.as_deref().map(program));
    Ok(masters)
}

/// The key in a file.
///
/// # Errors
/// It cannot be read, or it is not a key; the text says what to do.
pub(crate) fn in_file(file: &Path) -> anyhow::Result<Master> {
    Ok(master(&read_file(file)?))
}

/// A key as the database takes it.
pub(crate) fn master(key: &MasterKey) -> Master {
    Master::Key(lombard_store::crypt::MasterKey::new(*key.expose()))
}

fn program(line: &[String]) -> Master {
    Master::Kept(Arc::new(Program::new(line)))
}

fn first(keys: &Keys, environment: &Environment) -> anyhow::Result<Master> {
    if let Some(line) = &keys.master_key_command {
        return Ok(program(line));
    }
    Ok(master(&read(keys, environment)?))
}

fn read(keys: &Keys, environment: &Environment) -> anyhow::Result<MasterKey> {
    if let Some(file) = &keys.master_key_file {
        return read_file(file);
    }
    let Some(name) = &keys.master_key_env else {
        bail!("no master key is set; {HOW_TO_MAKE}, and set keys.master_key_file to that file");
    };
    let text = environment(name).map(Secret::new);
    let text = text.with_context(|| format!("the environment variable {name} is not set"))?;
    decode(text.expose()).with_context(|| format!("the environment variable {name}"))
}

/// Reads the key from a file.
///
/// # Errors
/// It cannot be read, or it is not a key; the text says what to do.
fn read_file(file: &Path) -> anyhow::Result<MasterKey> {
    let bytes = match files::read_limited(file, MAX_KEY_FILE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("there is no master key in {}; {HOW_TO_MAKE}", file.display())
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read the master key in {}", file.display()));
        }
    };
    let bytes = Secret::new(bytes);
    let text = str::from_utf8(bytes.expose()).unwrap_or("");
    decode(text).with_context(|| format!("the master key in {}", file.display()))
}

/// Reads the key of a sandbox, or makes one if the file is not there.
///
/// # Errors
/// The file cannot be read or written, or what it holds is not a key.
pub(crate) fn ensure(file: &Path, random: &dyn Random) -> anyhow::Result<MasterKey> {
    if file.try_exists().with_context(|| format!("cannot look at {}", file.display()))? {
        return read_file(file);
    }
    let key = Secret::new(random::bytes::<32>(random));
    let text = Secret::new(format!("{}\n", STANDARD.encode(key.expose())));
    files::write_whole(file, text.expose().as_bytes(), Readers::Owner)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(key)
}

fn decode(text: &str) -> anyhow::Result<MasterKey> {
    let bytes = STANDARD.decode(text.trim()).map(Secret::new);
    let key = bytes.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.expose().as_slice()).ok());
    let Some(key) = key.map(Secret::new) else {
        bail!("is not 32 bytes in base64; {HOW_TO_MAKE}");
    };
    let [first, rest @ ..] = key.expose();
    if rest.iter().all(|byte| byte == first) {
        bail!("is an example and not a secret; {HOW_TO_MAKE}");
    }
    Ok(key)
}

const HOW_TO_MAKE: &str = "make one with `(umask 077; openssl rand -base64 32 > master.key)`";

/// Bytes of a file with a key.
const MAX_KEY_FILE_BYTES: u64 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemRandom;

    const GOOD: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    fn read_env(value: Option<&str>) -> Result<[u8; 32], String> {
        let keys = Keys { master_key_env: Some("BANK_KEY".to_owned()), ..Keys::default() };
        let value = value.map(str::to_owned);
        let read = read(&keys, &move |name| value.clone().filter(|_| name == "BANK_KEY"));
        read.map(|key| *key.expose()).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn reads_a_key_from_the_environment() {
        assert_eq!(read_env(Some(GOOD)).unwrap(), *b"0123456789abcdef0123456789abcdef");
        assert_eq!(read_env(Some(&format!(" {GOOD}\n"))).unwrap(), *b"0123456789abcdef0123456789abcdef");
        assert!(read_env(None).unwrap_err().contains("BANK_KEY is not set"));
    }

    #[test]
    fn refuses_what_is_no_secret_and_does_not_repeat_it() {
        let zeros = STANDARD.encode([0; 32]);
        let short = STANDARD.encode([7, 8, 9]);
        for bad in ["", "change-me", &zeros, &short, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"] {
            let error = read_env(Some(bad)).unwrap_err();
            assert!(error.contains("openssl rand"), "{error}");
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
        let error = format!("{:#}", read(&Keys::default(), &|_| None).err().unwrap());
        assert!(error.contains("keys.master_key_file"), "{error}");
    }

    #[test]
    fn a_sandbox_makes_its_key_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        assert!(read_file(&file).is_err());
        let first = *ensure(&file, &SystemRandom).unwrap().expose();
        assert_eq!(*ensure(&file, &SystemRandom).unwrap().expose(), first);
        assert!(files::is_private(&file).unwrap());
        std::fs::write(&file, "broken").unwrap();
        assert!(ensure(&file, &SystemRandom).is_err());
    }
}

//! A master key that must not leave its place (a KMS, an HSM): a program of the operator's wraps and unwraps with it.
//!
//! The program is started without a shell, as `PROGRAM ARGUMENTS… wrap` or `… unwrap`; it reads the bytes from its standard input and
//! writes the answer to its standard output, both as they are. It is asked when a server or a command starts, never during a request.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use lombard_domain::secret::Secret;
use lombard_store::crypt::Keeper;
use lombard_store::master::{Answer, Refusal};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

/// A program that wraps and unwraps.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    line: Vec<String>,
}

impl Program {
    /// The program in this line, and its first arguments.
    pub(crate) fn new(line: &[String]) -> Self {
        Self { line: line.to_vec() }
    }

    async fn ask(&self, verb: &str, input: &[u8]) -> anyhow::Result<Secret<Vec<u8>>> {
        let Some((program, arguments)) = self.line.split_first() else { bail!("no program is named") };
        let mut child = Command::new(program)
            .args(arguments)
            .arg(verb)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let talk = async {
            let write = async {
                if let Some(mut stdin) = stdin {
                    // A program that does not read to the end says with its exit status whether that was well.
                    let _ = stdin.write_all(input).await;
                }
            };
            let ((), answer, complaint) = tokio::join!(write, read(stdout), read(stderr));
            anyhow::Ok((answer.map(Secret::new), complaint?, child.wait().await?))
        };
        let (answer, complaint, status) =
            timeout(ANSWER_MAX, talk).await.with_context(|| format!("{program} {verb} does not end"))??;
        if !status.success() {
            let complaint = String::from_utf8_lossy(&complaint);
            bail!("{program} {verb}: {status}: {}", complaint.lines().next().unwrap_or("it does not say why"));
        }
        answer.with_context(|| format!("{program} {verb}"))
    }
}

/// With all its causes in one line, as the operator sees it.
fn whole(error: &anyhow::Error) -> Refusal {
    format!("{error:#}").into()
}

/// What a program writes, up to the limit.
async fn read(from: Option<impl AsyncRead + Unpin>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(ANSWER_BYTES_MAX + 1).read_to_end(&mut bytes).await?;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > ANSWER_BYTES_MAX {
        bail!("writes more than {ANSWER_BYTES_MAX} bytes");
    }
    Ok(bytes)
}

impl Keeper for Program {
    fn wrap<'a>(&'a self, key: &'a Secret<[u8; 32]>) -> Answer<'a, Vec<u8>> {
        Box::pin(async {
            let wrapped = self.ask("wrap", key.expose()).await.map_err(|error| whole(&error))?;
            // A program that does nothing would leave the key in the database as it is.
            if wrapped.expose().len() < key.expose().len()
                || wrapped.expose().windows(key.expose().len()).any(|window| window == key.expose())
            {
                return Err("what the program gives for a key is no wrapped key".into());
            }
            Ok(wrapped.expose().clone())
        })
    }

    fn unwrap<'a>(&'a self, wrapped: &'a [u8]) -> Answer<'a, Secret<[u8; 32]>> {
        Box::pin(async {
            let key = self.ask("unwrap", wrapped).await.map_err(|error| whole(&error))?;
            let key: [u8; 32] =
                key.expose().as_slice().try_into().map_err(|_| "what the program unwraps is not 32 bytes")?;
            Ok(Secret::new(key))
        })
    }
}

/// How long the program may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Bytes that it may write.
const ANSWER_BYTES_MAX: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    /// A program in `sh`, which sees the verb as `$0`.
    fn script(text: &str) -> Program {
        Program::new(&["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()])
    }

    const TURNING: &str = "tr '\\000-\\377' '\\200-\\377\\000-\\177'";

    #[tokio::test]
    async fn a_program_wraps_and_unwraps() {
        let key = Secret::new([7; 32]);
        let wrapped = script(TURNING).wrap(&key).await.unwrap();
        assert_eq!(wrapped, [135; 32]);
        assert_eq!(script(TURNING).unwrap(&wrapped).await.unwrap().expose(), key.expose());
        let told = script("test $0 = wrap && tr '\\007' x").wrap(&key).await.unwrap();
        assert_eq!(told, [b'x'; 32]);
    }

    #[tokio::test]
    async fn refuses_answers_that_cannot_be() {
        let key = Secret::new([7; 32]);
        for (text, words) in [
            ("cat", "no wrapped key"),
            ("true", "no wrapped key"),
            ("echo the HSM is locked >&2; exit 3", "the HSM is locked"),
            ("head -c 5000 /dev/zero", "more than 4096"),
            ("exit 1", "does not say why"),
        ] {
            let why = script(text).wrap(&key).await.unwrap_err().to_string();
            assert!(why.contains(words), "{text}: {why}");
        }
        assert!(script("head -c 31 /dev/zero").unwrap(&[1; 40]).await.is_err());
        let missing = Program::new(&["/nowhere/at/all".to_owned()]);
        assert!(missing.wrap(&key).await.unwrap_err().to_string().contains("/nowhere/at/all"));
        assert!(Program::new(&[]).wrap(&key).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_wait_for_ever() {
        let why = script("exec sleep 1000").unwrap(&[1; 40]).await.err().unwrap().to_string();
        assert!(why.contains("does not end"), "{why}");
    }
}

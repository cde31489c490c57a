//! A server of the program: started on free ports, waited for, told to stop by its own process id, and never left behind.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::command::executable;

/// The three ports of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) public: u16,
    pub(crate) mtls: u16,
    pub(crate) ops: u16,
}

impl Ports {
    /// Three ports on which nobody listens now.
    pub(crate) fn free() -> Self {
        Self { public: free_port(), mtls: free_port(), ops: free_port() }
    }

    /// The address under which apps know the server.
    pub(crate) fn issuer(&self) -> String {
        format!("https://localhost:{}", self.public)
    }
}

/// A running server. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    ports: Ports,
    folder: PathBuf,
}

impl Server {
    /// Starts the program and waits until it says that it is ready; its output goes to files in the folder.
    ///
    /// # Panics
    /// If it ends before, or is not ready in time.
    pub(crate) async fn start(args: &[&str], ports: Ports, folder: &Path) -> Self {
        Self::start_in(&[], args, ports, folder).await
    }

    /// The same with variables of the environment.
    pub(crate) async fn start_in(environment: &[(&str, &str)], args: &[&str], ports: Ports, folder: &Path) -> Self {
        let child = executable(args)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(appending(folder, "stdout"))
            .stderr(appending(folder, "stderr"))
            .spawn()
            .expect("the program starts");
        Self { child, ports, folder: folder.to_owned() }.ready().await
    }

    /// Starts the program with nobody at the other end of its standard output.
    pub(crate) async fn start_unread(args: &[&str], ports: Ports, folder: &Path) -> Self {
        let mut child = executable(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(appending(folder, "stderr"))
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        Self { child, ports, folder: folder.to_owned() }.ready().await
    }

    async fn ready(mut self) -> Self {
        let began = Instant::now();
        while self.readiness().await != Some(200) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("ended with {status}: {}", self.stderr());
            }
            assert!(began.elapsed() < START_MAX, "not ready in time: {}", self.stderr());
            sleep(PAUSE).await;
        }
        self
    }

    /// The status of `/readyz`; `None` if nobody answers.
    pub(crate) async fn readiness(&self) -> Option<u16> {
        let answer = plain_client().get(format!("http://127.0.0.1:{}/readyz", self.ports.ops)).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    /// What operators read under this path.
    pub(crate) async fn ops(&self, path: &str) -> String {
        let answer = plain_client().get(format!("http://127.0.0.1:{}{path}", self.ports.ops)).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success(), "{line}");
    }

    /// Waits for the end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < STOP_MAX, "does not stop: {}", self.stderr());
            sleep(PAUSE).await;
        }
    }

    /// Asks it to stop, and expects that it does so in order.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended().await;
        assert!(status.success(), "{status}: {}", self.stderr());
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it has written to standard output, over all starts with this folder.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(self.folder.join("stdout")).unwrap()
    }

    /// What it has written to standard error, over all starts with this folder.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.join("stderr")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn appending(folder: &Path, name: &str) -> File {
    File::options().create(true).append(true).open(folder.join(name)).unwrap()
}

fn plain_client() -> reqwest::Client {
    // The library wants a TLS provider even where there is no TLS; an error means that one is there already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap()
}

/// A port below the range that the system hands out by itself, so that no outgoing connection takes it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test programs that run at the same time begin at different places.
    let start = u16::try_from(u64::from(std::process::id()) * 97 % u64::from(PORTS)).unwrap();
    loop {
        let port = FIRST_PORT + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;
/// How long a start may take, unoptimised and on a busy machine.
const START_MAX: Duration = Duration::from_secs(20);
/// How long an orderly end may take.
const STOP_MAX: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(25);

//! A throw-away server for shared counters (`redis-server` or `valkey-server`), which a test may kill and start again.
//!
//! A test never skips it in silence: without the program it fails and says how to get it.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A server of a test's own, on this machine, that keeps nothing. It is killed when it is dropped.
pub struct RedisServer {
    port: u16,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When the program is missing: a test that quietly leaves it out is worth nothing.
    #[must_use]
    pub fn start() -> Self {
        let mut server = Self { port: free_port(), child: None };
        server.start_again();
        server
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a server that runs");
            child.wait().expect("a server that ends");
        }
    }

    /// Starts it again at the same address, empty, and waits until it listens.
    pub fn start_again(&mut self) {
        self.kill();
        let port = self.port.to_string();
        let mut arguments = vec!["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        arguments.extend(["--daemonize", "no", "--dir", "/"]);
        self.child = PROGRAMS.iter().find_map(|program| {
            Command::new(program).args(&arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn().ok()
        });
        assert!(self.child.is_some(), "redis-server is missing: ./test installs it, or: apt-get install redis-server");
        let listens = (0..LOOKS_MAX).any(|_| {
            sleep(BETWEEN_LOOKS);
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        assert!(listens, "redis-server does not listen");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // An error means that it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port on which nobody listens now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}

/// Programs that will do.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];
/// Between two looks whether it listens.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// How often is looked: for twenty seconds, on a busy machine.
const LOOKS_MAX: usize = 2_000;

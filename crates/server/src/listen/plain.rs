//! The operators' socket: plain HTTP, and for that reason on this machine only.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Opens a socket for plain HTTP.
///
/// # Errors
/// The address is not a loopback address, or the system refuses it.
pub(crate) async fn bind_loopback(addr: SocketAddr) -> io::Result<TcpListener> {
    if !addr.ip().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "other machines can reach it, and this listener asks nobody who they are; choose 127.0.0.1",
        ));
    }
    TcpListener::bind(addr).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refuses_every_address_that_others_can_reach() {
        for open in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[2001:db8::1]:0", "[::ffff:127.0.0.1]:0"] {
            let error = bind_loopback(open.parse().unwrap()).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{open}");
        }
        let socket = bind_loopback("127.0.0.1:0".parse().unwrap()).await.unwrap();
        assert!(socket.local_addr().unwrap().ip().is_loopback());
    }
}

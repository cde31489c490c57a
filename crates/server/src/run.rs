//! A running server: its listeners, its jobs, and an orderly end.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use http::Request;
use hyper::body::Incoming;
use lombard_auth::Door;
use lombard_http::{Arrived, Peer, Proxies, Site};
use lombard_store::Db;
use lombard_store::crypt::Master;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::descriptors;
use crate::jobs;
use crate::listen::tls::{ChainAndKey, ClientCerts, ServedCertificate, server_config};
use crate::listen::{Limits, Listener, PeerInfo, Slots, Transport, bind_loopback, limits};
use crate::ops::{self, NotReady, Ready};
use crate::stop::{self, Ending, Renewals, Stop};
use crate::telemetry::Telemetry;
use crate::wire::Core;

/// Where a server listens, and with which certificate.
pub(crate) struct Doors {
    pub(crate) public: SocketAddr,
    pub(crate) mtls: Option<SocketAddr>,
    pub(crate) ops: SocketAddr,
    pub(crate) certificate: Arc<ServedCertificate>,
    /// Chain and key, read again when the operator sends SIGHUP; `None` if nobody renews them.
    pub(crate) certificate_files: Option<(PathBuf, PathBuf)>,
    /// Where the master keys come from; asked again on SIGHUP as well.
    pub(crate) masters: MasterSource,
    pub(crate) limits: Limits,
    /// Whose word of a client's address counts.
    pub(crate) proxies: Arc<Proxies>,
}

/// Reads the master keys that are configured now.
pub(crate) type MasterSource = Box<dyn Fn() -> anyhow::Result<Vec<Master>> + Send + Sync>;

/// Listening sockets, bound before anything is announced.
pub(crate) struct Bound {
    public: TcpListener,
    mtls: Option<TcpListener>,
    ops: TcpListener,
    doors: Doors,
}

impl Doors {
    /// Takes the addresses.
    pub(crate) async fn bind(mut self) -> anyhow::Result<Bound> {
        self.limits.max_connections = descriptors::make_room(self.limits.max_connections);
        let public = TcpListener::bind(self.public).await.map_err(|error| not_bound(self.public, &error))?;
        let mtls = match self.mtls {
            Some(address) => Some(TcpListener::bind(address).await.map_err(|error| not_bound(address, &error))?),
            None => None,
        };
        let ops = bind_loopback(self.ops).await.map_err(|error| not_bound(self.ops, &error))?;
        Ok(Bound { public, mtls, ops, doors: self })
    }
}

/// Why an address could not be taken, and what to do about it.
fn not_bound(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    let text = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("cannot listen on {address}: another program does already; stop it, or choose another port")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "cannot listen on {address}: ports below 1024 need a right that this user lacks; choose another port"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("cannot listen on {address}: this machine does not have that address")
        }
        _ => format!("cannot listen on {address}: {error}"),
    };
    anyhow::Error::msg(text)
}

impl Bound {
    /// Where the world connects; tells the port when it was left to the system.
    pub(crate) fn public_address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.public.local_addr()?)
    }

    /// Serves until the operator asks to stop, and then until running requests are finished.
    pub(crate) async fn serve(self, core: Core, site: Site, telemetry: Telemetry) -> anyhow::Result<()> {
        // Before anything answers: whoever sees the server ready may send it a signal.
        let mut ending = Ending::listen().context("cannot listen to signals")?;
        let renewals = Renewals::listen().context("cannot listen to signals")?;
        let renewed = Renewed {
            served: self.doors.certificate.clone(),
            files: self.doors.certificate_files,
            masters: self.doors.masters,
            db: core.db.clone(),
        };
        let (switch, stop) = stop::pair();
        let (ops_switch, ops_stop) = stop::pair();
        let Telemetry { metrics, tracing } = telemetry;
        let (traces, exporter) = tracing.unzip();
        let router = core.router(site, traces);
        let limits = self.doors.limits;
        let proxies = self.doors.proxies;
        // One set of slots: what the system can bear does not depend on the door.
        let slots = Slots::new(&limits, Arc::clone(&proxies));
        let mut listeners = JoinSet::new();
        let tls = |certs| server_config(self.doors.certificate.clone(), certs).map(Transport::Tls);
        let public = Listener {
            name: "public",
            socket: self.public,
            transport: tls(ClientCerts::None)?,
            limits,
            slots: Arc::clone(&slots),
            tag: tag(Door::Public, Arc::clone(&proxies)),
            router: router.clone(),
        };
        listeners.spawn(public.run(stop.clone()));
        if let Some(socket) = self.mtls {
            let mtls = Listener {
                name: "mtls",
                socket,
                transport: tls(ClientCerts::Asked)?,
                limits,
                slots,
                tag: tag(Door::Mutual, proxies),
                router: router.clone(),
            };
            listeners.spawn(mtls.run(stop.clone()));
        }
        let ready = Arc::new(DatabaseReady(core.db.clone()));
        let ops = serve_ops(self.ops, limits, ops::router(ready, metrics.clone(), stop.clone()), ops_stop.clone());
        // These see the others to their end.
        let mut last = vec![tokio::spawn(ops)];
        last.push(tokio::spawn(jobs::note_service(core.auth.clone(), ops_stop.clone())));
        last.extend(exporter.map(|exporter| tokio::spawn(exporter.run(ops_stop))));
        let jobs = jobs::start(&core.auth, metrics, Arc::clone(&self.doors.certificate), &stop);
        let renewing = tokio::spawn(renew(renewals, renewed, stop));
        ending.asked().await?;
        tracing::info!("stopping: no new connections, running requests are finished");
        switch.stop();
        while listeners.join_next().await.is_some() {}
        for job in jobs.into_iter().chain([renewing]) {
            job.await?;
        }
        ops_switch.stop();
        for task in last {
            task.await?;
        }
        tracing::info!("stopped");
        Ok(())
    }
}

/// Serves operators, over plain HTTP.
async fn serve_ops(socket: TcpListener, limits: Limits, router: Router, stop: Stop) {
    let nobody = || Arc::new(Proxies::none());
    let ops = Listener {
        name: "ops",
        socket,
        transport: Transport::Plain,
        limits,
        slots: Slots::new(&limits::of_ops(), nobody()),
        tag: tag(Door::Public, nobody()),
        router,
    };
    ops.run(stop).await;
}

/// Notes in each request who sent it, and by which listener it came.
fn tag(door: Door, proxies: Arc<Proxies>) -> impl Fn(&PeerInfo, &mut Request<Incoming>) + Send + Sync + 'static {
    move |peer, request| {
        let sender = sender(peer, door, proxies.client(peer.addr.ip(), request.headers()));
        request.extensions_mut().insert(sender);
        request.extensions_mut().insert(Arrived(tokio::time::Instant::now()));
    }
}

/// Who sent a request: the other end of the connection, or the client for whom a trusted proxy speaks.
fn sender(peer: &PeerInfo, door: Door, client: Option<IpAddr>) -> Peer {
    Peer {
        addr: client.map_or(peer.addr, |client| SocketAddr::new(client, 0)),
        via: client.map(|_| peer.addr),
        door,
        certificates: Arc::clone(&peer.certificates),
        protocol: peer.protocol,
        suite: peer.suite,
    }
}

/// What is read anew.
struct Renewed {
    served: Arc<ServedCertificate>,
    files: Option<(PathBuf, PathBuf)>,
    masters: MasterSource,
    db: Db,
}

/// Shows a renewed certificate from the next handshake on, and knows renewed master keys, whenever the operator sends SIGHUP.
async fn renew(mut renewals: Renewals, renewed: Renewed, stop: Stop) {
    let Renewed { served, files, masters, db } = renewed;
    while renewals.asked(&stop).await {
        if let Some((chain, key)) = &files {
            let renewed = ChainAndKey::read(chain, key).and_then(|pair| Ok(served.replace(pair)?));
            match renewed {
                Ok(()) => tracing::info!("the certificate was read anew"),
                Err(error) => tracing::error!(error = %format!("{error:#}"), "the former certificate stays in use"),
            }
        }
        let known = match masters() {
            Ok(masters) => db.renew_masters(&masters).await.map_err(anyhow::Error::from),
            Err(error) => Err(error),
        };
        match known {
            Ok(()) => tracing::info!("the master keys were read anew"),
            Err(error) => tracing::error!(error = %format!("{error:#}"), "the former master keys stay in use"),
        }
    }
}

struct DatabaseReady(Db);

impl Ready for DatabaseReady {
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<(), NotReady>> + Send + '_>> {
        Box::pin(async {
            self.0.ping().await.map_err(|error| {
                tracing::warn!(%error, "the database does not answer");
                NotReady("database")
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_of_a_trusted_proxy_is_the_sender_and_the_proxy_is_kept() {
        let connected: SocketAddr = "10.0.0.1:4711".parse().unwrap();
        let peer = PeerInfo::plain(connected);
        let direct = sender(&peer, Door::Public, None);
        assert_eq!((direct.addr, direct.via), (connected, None));
        let passed_on = sender(&peer, Door::Public, Some("192.0.2.1".parse().unwrap()));
        assert_eq!((passed_on.addr.ip().to_string().as_str(), passed_on.via), ("192.0.2.1", Some(connected)));
    }
}

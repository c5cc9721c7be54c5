//! The socket: HTTP/1.1 on loopback, with an end to everything that a peer could drag out.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::signal;
use tokio::sync::Semaphore;
use tokio::time;

/// How long the head of a request may take, also the first byte of the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a request's head, at most.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// Connections at a time; the next one waits. 256 bodies of 1 MiB fit into memory.
const MAX_CONNECTIONS: usize = 256;

/// How long a stop waits for requests under way.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Listens on loopback, makes the router for that address, and serves until the process is asked to stop.
///
/// # Errors
/// What the system says when there can be no listener or no runtime.
pub fn serve(port: u16, router: impl FnOnce(SocketAddr) -> Router) -> io::Result<()> {
    // Verification holds a thread up: as many at a time as there are cores, each with its warm contexts.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(4))
        .max_blocking_threads(cores)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        accept(router(listener.local_addr()?), &listener).await
    })
}

async fn accept(router: Router, listener: &TcpListener) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let stopping = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop());
    loop {
        let next = async {
            // A semaphore that nobody closes gives a place in the end.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Ok((stream, _peer)) = accepted else {
            // Out of descriptors, most likely: better to wait than to spin.
            time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = stopping.watch(connection);
        tokio::spawn(async move {
            // What a peer does to its connection is its own affair.
            let _ended = connection.await;
            drop(place);
        });
    }
    let _some_may_be_cut = time::timeout(STOP_TIMEOUT, stopping.shutdown()).await;
    Ok(())
}

/// Ends when somebody wants the process to stop.
async fn stop() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

//! A connection that must keep pace: with its first byte, each request's head, and its reading.
//!
//! hyper's own limit for heads also runs while a connection is idle, and there is none for readers
//! that take nothing. A wrapper around the socket sees both.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::Limits;

/// What a connection's requests tell its socket.
#[derive(Debug)]
pub struct Pace {
    connected_at: Instant,
    begun: AtomicU64,
    ended: AtomicU64,
    /// Milliseconds from connecting to the end of the last request.
    last_end_ms: AtomicU64,
    is_http2: AtomicBool,
}

/// A request under way, until dropped.
#[derive(Debug)]
pub struct Busy(Arc<Pace>);

/// A socket that fails when its other end keeps it waiting for too long.
pub struct Paced {
    stream: TcpStream,
    pace: Arc<Pace>,
    first_byte: Duration,
    head: Duration,
    idle: Duration,
    stalled_write: Duration,
    phase: Phase,
    since: Instant,
    /// Requests that had begun when the connection was last found between two.
    requests_seen: u64,
    /// True if bytes came since then.
    has_bytes: bool,
    alarm: Option<Pin<Box<Sleep>>>,
    stalled: Option<Pin<Box<Sleep>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Connected, nothing heard.
    FirstByte,
    /// Part of a request's head is here.
    Head,
    /// A request is answered.
    Busy,
    /// Between two requests.
    Idle,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            connected_at: Instant::now(),
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            last_end_ms: AtomicU64::new(0),
            is_http2: AtomicBool::new(false),
        }
    }
}

impl Pace {
    /// Notes that a request has begun.
    pub fn begin(self: &Arc<Self>, is_http2: bool) -> Busy {
        if is_http2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        self.begun.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::clone(self))
    }

    fn last_end(&self) -> Instant {
        self.connected_at + Duration::from_millis(self.last_end_ms.load(Ordering::Relaxed))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let ms = self.0.connected_at.elapsed().as_millis();
        let ms = u64::try_from(ms).unwrap_or(u64::MAX);
        self.0.last_end_ms.store(ms, Ordering::Relaxed);
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }
}

impl Paced {
    /// Sets the pace of a fresh connection.
    pub fn new(stream: TcpStream, pace: Arc<Pace>, limits: &Limits) -> Self {
        Self {
            stream,
            pace,
            first_byte: limits.first_byte,
            head: limits.head,
            idle: limits.idle,
            stalled_write: limits.stalled_write,
            phase: Phase::FirstByte,
            since: Instant::now(),
            requests_seen: 0,
            has_bytes: false,
            alarm: None,
            stalled: None,
        }
    }

    fn present_phase(&mut self) -> Phase {
        let begun = self.pace.begun.load(Ordering::Acquire);
        if begun != self.pace.ended.load(Ordering::Acquire) {
            return Phase::Busy;
        }
        if begun != self.requests_seen {
            self.requests_seen = begun;
            self.has_bytes = false;
        }
        // Bytes between two requests of HTTP/2 are pings and windows, not heads.
        let between = self.pace.is_http2.load(Ordering::Relaxed);
        match (begun, self.has_bytes && !between) {
            (_, true) => Phase::Head,
            (0, false) => Phase::FirstByte,
            (_, false) => Phase::Idle,
        }
    }

    /// Fails once the other end has kept us waiting for too long; wakes the task for that.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let now = Instant::now();
        let phase = self.present_phase();
        if phase != self.phase {
            self.phase = phase;
            self.since = now;
        }
        let deadline = match phase {
            Phase::FirstByte => self.since + self.first_byte,
            Phase::Head => self.since + self.head,
            Phase::Idle => self.pace.last_end() + self.idle,
            // Nobody reads again when the request ends, so look then whether it has.
            Phase::Busy => now + self.idle,
        };
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // An alarm that is too early is set anew when it rings: that is rare, requests are not.
        if deadline < alarm.deadline() {
            alarm.as_mut().reset(deadline);
        }
        while alarm.as_mut().poll(cx).is_ready() {
            if deadline <= now {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn poll_stalled<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.stalled_write;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                self.has_bytes |= before < buffer.filled().len();
                Poll::Ready(read)
            }
            Poll::Pending => self.poll_patience(cx).map(Err),
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.poll_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.poll_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

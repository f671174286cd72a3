//! A body that must be there in time, however it trickles; and whether anybody read it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use tokio::time::{Sleep, sleep};

/// The body did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the request's body did not come in time")]
pub struct BodyTooSlow;

/// Puts a deadline on the whole of a body. Time that the server takes before it reads counts too. `read` becomes true
/// when it was read to its end.
pub fn within(body: Body, time: Duration, read: Arc<AtomicBool>) -> Body {
    Body::new(Timed {
        body,
        read,
        deadline: Box::pin(sleep(time)),
    })
}

struct Timed {
    body: Body,
    read: Arc<AtomicBool>,
    deadline: Pin<Box<Sleep>>,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if frame.is_none() || self.body.is_end_stream() {
                self.read.store(true, Ordering::Relaxed);
            }
            return Poll::Ready(frame);
        }
        self.deadline
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(axum::Error::new(BodyTooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

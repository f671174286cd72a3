//! Event streams over HTTP/1.1, written without hyper.
//!
//! A stream says little and stays for long, and a server holds thousands of them. hyper keeps two buffers of
//! 8 KiB and the state of a whole protocol for each connection. So a connection that begins with a plain
//! request for a stream is served here; every other one, and whatever looks unusual, is left to hyper.

use std::future::Future;
use std::io;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::response::Response;
use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::limits::{HEADERS_MAX, Limits, STREAM_HEAD_BYTES_MAX};

/// What a request that is served here begins with.
const BEGINNING: &[u8] = b"GET /v1/stream?";

/// Headers with which a request is more than a question: such are left to hyper.
const UNUSUAL: [HeaderName; 5] = [
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::UPGRADE,
    header::TE,
];

/// Bytes that a client may send while it listens. There is no reason for any.
const UNASKED_BYTES_MAX: usize = 16 * 1024;

/// How a connection begins.
pub enum Beginning {
    /// With a question for a stream, of so many bytes.
    Stream(Box<Request>, usize),
    /// With something else, or with a part of something.
    Other,
    /// With nothing for too long.
    Nothing,
}

/// Looks at what a connection begins with, and takes none of it.
pub async fn beginning(stream: &TcpStream, limits: &Limits) -> io::Result<Beginning> {
    let mut first = [0; BEGINNING.len()];
    let Ok(seen) = timeout(limits.first_byte, stream.peek(&mut first)).await else {
        return Ok(Beginning::Nothing);
    };
    if seen? != BEGINNING.len() || first != BEGINNING {
        return Ok(Beginning::Other);
    }
    let mut head = vec![0; STREAM_HEAD_BYTES_MAX];
    let seen = stream.peek(&mut head).await?;
    Ok(match request(&head[..seen]) {
        Some((request, bytes)) => Beginning::Stream(Box::new(request), bytes),
        None => Beginning::Other,
    })
}

/// The request of a head; `None` unless all of it is there and as plain as can be.
fn request(seen: &[u8]) -> Option<(Request, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(bytes) = head.parse(seen).ok()? else {
        return None;
    };
    if head.version != Some(1) || head.method != Some("GET") {
        return None;
    }
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = head.path?.parse::<Uri>().ok()?;
    for field in head.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        if UNUSUAL.contains(&name) {
            return None;
        }
        let value = HeaderValue::from_bytes(field.value).ok()?;
        request.headers_mut().append(name, value);
    }
    Some((request, bytes))
}

/// Answers the request that a connection begins with, until either side ends it.
pub async fn serve<F>(
    mut stream: TcpStream,
    head_bytes: usize,
    answered: F,
    limits: &Limits,
) -> io::Result<()>
where
    F: Future<Output = Response>,
{
    stream.read_exact(&mut vec![0; head_bytes]).await?;
    let response = Box::pin(answered).await;
    let exact = response.body().size_hint().exact();
    let patience = limits.stalled_write;
    let head = head(&response, exact);
    within(patience, stream.write_all(&head)).await?;
    drop(head);
    let mut body = response.into_body();
    let mut unasked = 0;
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            heard = stream.readable() => {
                heard?;
                unasked += heard_bytes(&stream)?;
                if UNASKED_BYTES_MAX < unasked {
                    return Ok(());
                }
                continue;
            }
        };
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else {
            continue;
        };
        match exact {
            Some(_) => within(patience, stream.write_all(&data)).await?,
            None if data.is_empty() => {}
            None => within(patience, stream.write_all_buf(&mut chunk(data))).await?,
        }
    }
    if exact.is_none() {
        within(patience, stream.write_all(b"0\r\n\r\n")).await?;
    }
    stream.shutdown().await
}

/// Reads what there is, and says how much. An error where the other end has gone.
fn heard_bytes(stream: &TcpStream) -> io::Result<usize> {
    let mut passed_over = [0; 256];
    match stream.try_read(&mut passed_over) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        Err(error) => Err(error),
    }
}

async fn within<T>(
    patience: std::time::Duration,
    written: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    timeout(patience, written)
        .await
        .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
}

/// The head of a response after which the connection ends.
fn head(response: &Response, exact: Option<u64>) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in response.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    let date = Clock::system().now().format("%a, %d %b %Y %H:%M:%S GMT");
    let length = match exact {
        Some(bytes) => format!("content-length: {bytes}"),
        None => "transfer-encoding: chunked".into(),
    };
    head.extend_from_slice(
        format!("{length}\r\nconnection: close\r\ndate: {date}\r\n\r\n").as_bytes(),
    );
    head
}

/// A part of a body of which nobody knows how long it gets.
fn chunk(data: Bytes) -> impl Buf {
    let length = Bytes::from(format!("{:X}\r\n", data.len()));
    length.chain(data).chain(Bytes::from_static(b"\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_and_plain_head_is_taken() {
        let whole = "GET /v1/stream?sku=a HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 7\r\n\r\n";
        let (request, bytes) = self::request(whole.as_bytes()).expect("a request");
        assert_eq!(bytes, whole.len());
        assert_eq!(request.uri().query(), Some("sku=a"));
        assert_eq!(request.headers()["last-event-id"], "7");
        let others = [
            &whole[..whole.len() - 2],
            "GET /v1/stream?sku=a HTTP/1.0\r\nHost: x\r\n\r\n",
            "GET /v1/stream?sku=a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
            "GET /v1/stream?sku=a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /v1/stream?sku=a HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET /v1/stream?sku=a HTTP/1.1\r\nHost: x\n y\r\n\r\n",
            "GET /v1/stream?sku=a\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        ];
        for head in others {
            assert!(self::request(head.as_bytes()).is_none(), "{head:?}");
        }
    }
}

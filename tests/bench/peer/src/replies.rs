//! As much of HTTP/1.1 as a client needs that knows its servers.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Reads one reply to its end, and returns its status.
///
/// `read` keeps what came of the next reply.
pub async fn reply(stream: &mut TcpStream, read: &mut BytesMut) -> io::Result<u16> {
    let head = loop {
        if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        more(stream, read).await?;
    };
    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no reply: {text}")))?;
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|length| length.trim().parse().ok())
        .unwrap_or(0_usize);
    while read.len() < head + length {
        more(stream, read).await?;
    }
    read.advance(head + length);
    Ok(status)
}

async fn more(stream: &mut TcpStream, read: &mut BytesMut) -> io::Result<()> {
    match stream.read_buf(read).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

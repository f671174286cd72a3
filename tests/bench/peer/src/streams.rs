//! Thousands of open event streams, and how long a change takes to the last of them.
//!
//! The change is a request of its own, given as a file with its head and its body; `{round}` stands for the number of the
//! round, in as many places. The clock starts before it is sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, io};

use bytes::BytesMut;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, stdin};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::Arguments;
use crate::replies::reply;

/// Longest wait until all have been told, in milliseconds.
const ROUND_MS_MAX: u64 = 20_000;
/// Streams that are opened at a time.
const OPENED_AT_ONCE: usize = 64;
/// What each answer on a stream begins with.
const EVENT: &[u8] = b"event: availability";
/// From one round to the next.
const BETWEEN: Duration = Duration::from_millis(300);

struct Told {
    begun: Instant,
    /// Events that came, over all streams.
    events: AtomicUsize,
    /// When the last of them came, in microseconds.
    last_us: AtomicU64,
    ended: AtomicUsize,
}

/// Opens the streams and says so; goes on with the rounds once a line comes in, and prints their times as JSON.
pub async fn run(mut arguments: Arguments) -> io::Result<()> {
    let address = arguments.text()?;
    let path = arguments.text()?;
    let (count, rounds): (usize, usize) = (arguments.number()?, arguments.number()?);
    let change = fs::read_to_string(arguments.text()?)?;
    let told = Arc::new(Told {
        begun: Instant::now(),
        events: AtomicUsize::new(0),
        last_us: AtomicU64::new(0),
        ended: AtomicUsize::new(0),
    });
    let ask = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    for number in 0..count {
        let mut stream = TcpStream::connect(&address).await?;
        stream.write_all(ask.as_bytes()).await?;
        let teller = Arc::clone(&told);
        tokio::spawn(async move { listen(stream, &teller).await });
        if number % OPENED_AT_ONCE == 0 {
            wait_for(&told, number + 1).await?;
        }
    }
    wait_for(&told, count).await?;
    println!("open");

    BufReader::new(stdin())
        .read_line(&mut String::new())
        .await?;
    let mut writer = TcpStream::connect(&address).await?;
    writer.set_nodelay(true)?;
    let mut read = BytesMut::new();
    let mut last_us = Vec::new();
    for round in 1..=rounds {
        let change = change.replace("{round}", &format!("{round:>7}"));
        let begin = told.now_us();
        writer.write_all(change.as_bytes()).await?;
        let status = reply(&mut writer, &mut read).await?;
        if !(200..300).contains(&status) {
            return Err(io::Error::other(format!("the change got {status}")));
        }
        wait_for(&told, count * (round + 1)).await?;
        last_us.push(told.last_us.load(Ordering::SeqCst).saturating_sub(begin));
        sleep(BETWEEN).await;
    }
    println!("{last_us:?}");
    Ok(())
}

impl Told {
    fn now_us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

async fn wait_for(told: &Told, events: usize) -> io::Result<()> {
    let deadline = Instant::now() + Duration::from_millis(ROUND_MS_MAX);
    while told.events.load(Ordering::SeqCst) < events {
        let ended = told.ended.load(Ordering::SeqCst);
        if 0 < ended || deadline < Instant::now() {
            let came = told.events.load(Ordering::SeqCst);
            return Err(io::Error::other(format!(
                "{came} of {events} events came, {ended} streams ended"
            )));
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

async fn listen(mut stream: TcpStream, told: &Told) {
    let mut read = vec![0; 2 * 1024];
    // What may be the beginning of the next event's name.
    let mut kept = 0;
    loop {
        let Ok(count @ 1..) = stream.read(&mut read[kept..]).await else {
            told.ended.fetch_add(1, Ordering::SeqCst);
            return;
        };
        let filled = kept + count;
        let mut at = 0;
        let mut events = 0;
        while let Some(next) = read[at..filled]
            .windows(EVENT.len())
            .position(|bytes| bytes == EVENT)
        {
            events += 1;
            at += next + EVENT.len();
        }
        if 0 < events {
            told.last_us.fetch_max(told.now_us(), Ordering::SeqCst);
            told.events.fetch_add(events, Ordering::SeqCst);
        }
        let from = at.max(filled.saturating_sub(EVENT.len() - 1));
        read.copy_within(from..filled, 0);
        kept = filled - from;
    }
}

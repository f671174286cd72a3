//! Requests at a constant rate, however slowly they are answered.
//!
//! The time of a request is that from the moment at which it was due: one that had to wait because the one before it was
//! slow has waited, too. So no slow moment hides the requests that would have come in it.

use std::time::Duration;
use std::{fs, io};

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::Arguments;
use crate::replies::reply;

struct Outcome {
    us: Vec<u64>,
    failed: u64,
}

/// Asks, and prints what was measured as one line of JSON.
pub async fn run(mut arguments: Arguments) -> io::Result<()> {
    let address = arguments.text()?;
    let paths = fs::read_to_string(arguments.text()?)?;
    let (connections, per_s, seconds): (u32, f64, f64) = (
        arguments.number()?,
        arguments.number()?,
        arguments.number()?,
    );
    let requests: &'static [String] = paths
        .lines()
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"))
        .collect::<Vec<_>>()
        .leak();

    // Each connection has its own beat, and they are spread over it.
    let begin = Instant::now() + Duration::from_millis(200);
    let beat = Duration::from_secs_f64(f64::from(connections) / per_s);
    let end = begin + Duration::from_secs_f64(seconds);
    let mut tasks = Vec::new();
    for number in 0..connections {
        let stream = TcpStream::connect(&address).await?;
        stream.set_nodelay(true)?;
        let first = begin + beat * number / connections;
        let from = usize::try_from(number).unwrap_or(0) * 7_919;
        tasks.push(tokio::spawn(ask(stream, requests, from, first, beat, end)));
    }
    let mut all = Outcome {
        us: Vec::new(),
        failed: 0,
    };
    for task in tasks {
        let outcome = task.await.map_err(io::Error::other)??;
        all.us.extend(outcome.us);
        all.failed += outcome.failed;
    }
    all.us.sort_unstable();
    let at = |share: usize| all.us[(all.us.len() * share / 1_000).min(all.us.len() - 1)];
    println!(
        "{{\"requests\":{},\"failed\":{},\"p50_us\":{},\"p99_us\":{},\"p999_us\":{},\"max_us\":{}}}",
        all.us.len(),
        all.failed,
        at(500),
        at(990),
        at(999),
        at(1_000),
    );
    Ok(())
}

async fn ask(
    mut stream: TcpStream,
    requests: &'static [String],
    from: usize,
    first: Instant,
    beat: Duration,
    end: Instant,
) -> io::Result<Outcome> {
    let mut outcome = Outcome {
        us: Vec::new(),
        failed: 0,
    };
    let mut read = BytesMut::with_capacity(16 * 1024);
    let mut due = first;
    let mut at = from;
    while due < end {
        sleep_until(due).await;
        at = (at + 104_729) % requests.len();
        stream.write_all(requests[at].as_bytes()).await?;
        let status = reply(&mut stream, &mut read).await?;
        outcome.failed += u64::from(status != 200);
        outcome
            .us
            .push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
        due += beat;
    }
    Ok(outcome)
}

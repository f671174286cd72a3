//! With real sockets: what clients do that are slow, large or many.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use server::http::server::{listen, serve};
use server::limits::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::stand::Stand;

const SHORT: Duration = Duration::from_millis(300);

async fn serving(limits: Limits) -> (Stand, SocketAddr, JoinHandle<()>) {
    let stand = Stand::with(limits.clone()).await;
    let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let front = Arc::clone(&stand.front);
    let served = tokio::spawn(serve(
        listener,
        limits,
        stand.stop.clone(),
        move |request, peer| {
            let front = Arc::clone(&front);
            async move { front.answer(request, peer).await }
        },
    ));
    (stand, address, served)
}

fn short() -> Limits {
    Limits {
        rate_limited: false,
        first_byte: SHORT,
        head: SHORT,
        body: SHORT,
        idle: SHORT * 3,
        ..Limits::default()
    }
}

/// Sends `parts` with pauses between, and reads until the server closes.
async fn talk(address: SocketAddr, parts: &[&str]) -> (String, Duration) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let begun = Instant::now();
    for (at, part) in parts.iter().enumerate() {
        if 0 < at {
            tokio::time::sleep(SHORT / 6).await;
        }
        if stream.write_all(part.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer))
        .await
        .expect("an end");
    (
        String::from_utf8_lossy(&answer).into_owned(),
        begun.elapsed(),
    )
}

#[tokio::test]
async fn who_says_nothing_or_little_is_let_go() {
    let (_stand, address, _served) = serving(short()).await;
    let (answer, took) = talk(address, &[]).await;
    assert_eq!(answer, "");
    assert!(SHORT <= took && took < SHORT * 3, "{took:?}");

    let slow: Vec<&str> = std::iter::once("GET /healthz HTTP/1.1\r\nhost: a\r\n")
        .chain(std::iter::repeat_n("x", 30))
        .collect();
    let (answer, took) = talk(address, &slow).await;
    assert_eq!(answer, "");
    assert!(took < SHORT * 8, "{took:?}");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request_and_closed_when_idle() {
    let (_stand, address, _served) = serving(short()).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    for _ in 0..2 {
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .expect("written");
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).await.expect("an answer");
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
        // Longer than a head may take, shorter than a connection may idle.
        tokio::time::sleep(SHORT * 3 / 2).await;
    }
    let begun = Instant::now();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(begun.elapsed() < SHORT * 4);
}

#[tokio::test]
async fn a_server_that_leaves_still_answers_and_closes_the_connection() {
    let (stand, address, _served) = serving(short()).await;
    stand.app.leaving.store(true, Ordering::Release);
    for path in [
        "/v1/availability?sku=cap&key=pk_one",
        "/v1/snippet/cap.html?key=pk_one",
    ] {
        let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        let (answer, took) = talk(address, &[&head]).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        assert!(took < SHORT, "{took:?}");
    }
}

#[tokio::test]
async fn a_body_that_never_comes_is_answered_in_time() {
    let (_stand, address, _served) = serving(short()).await;
    let head = "POST /v1/plans HTTP/1.1\r\nhost: a\r\nx-shipsby-key: pk_one\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{\"lin";
    let (answer, took) = talk(address, &[head]).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(took < SHORT * 8, "{took:?}");
}

#[tokio::test]
async fn heads_and_addresses_that_are_too_large_are_refused() {
    let (_stand, address, _served) = serving(short()).await;
    let get = |rest: String| format!("GET /v1/availability{rest}connection: close\r\n\r\n");
    let line = " HTTP/1.1\r\nhost: a\r\n";
    let many: String = (0..101).map(|at| format!("x-{at}: 1\r\n")).collect();
    let (answer, _) = talk(address, &[&get(format!("{line}{many}"))]).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let large = format!("x: {}\r\n", "y".repeat(17 * 1024));
    let (answer, _) = talk(address, &[&get(format!("{line}{large}"))]).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(
        answer.contains("\"code\":\"headers_too_large\""),
        "{answer}"
    );
    let huge = format!("x: {}\r\n", "y".repeat(65 * 1024));
    let (answer, _) = talk(address, &[&get(format!("{line}{huge}"))]).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = format!("?sku={}", "x".repeat(9 * 1024));
    let (answer, _) = talk(address, &[&get(format!("{long}{line}"))]).await;
    assert!(answer.starts_with("HTTP/1.1 414"), "{answer}");
    let (answer, _) = talk(
        address,
        &["GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n"],
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let fine = format!("?sku=cap&key=pk_one&x={}", "x".repeat(8 * 1024 - 100));
    let (answer, _) = talk(address, &[&get(format!("{fine}{line}"))]).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn only_so_many_connections_are_open_at_once() {
    let (_stand, address, _served) = serving(Limits {
        connections: 2,
        ..short()
    })
    .await;
    let ask = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let _one = TcpStream::connect(address).await.expect("a connection");
    let two = TcpStream::connect(address).await.expect("a connection");
    tokio::time::sleep(SHORT / 6).await;
    let (refused, took) = talk(address, &[ask]).await;
    assert_eq!(refused, "");
    assert!(took < SHORT);
    drop(two);
    tokio::time::sleep(SHORT / 6).await;
    let (answer, _) = talk(address, &[ask]).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn the_server_stops_soon_with_streams_open_and_tells_them_to_come_back() {
    let (stand, address, served) = serving(Limits {
        rate_limited: false,
        ..Limits::default()
    })
    .await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream
            .write_all(b"GET /v1/stream?sku=cap&key=pk_one HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .expect("written");
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    stand.stop.cancel();
    timeout(Duration::from_secs(10), served)
        .await
        .expect("an end in time")
        .expect("no panic");
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    for mut stream in streams {
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .await
            .expect("an orderly end");
        assert_eq!(answer.matches("retry: ").count(), 2, "{answer}");
    }
}

#[tokio::test]
async fn a_stream_is_told_the_same_on_a_connection_of_its_own_and_on_one_that_was_used() {
    let (stand, address, _served) = serving(Limits {
        rate_limited: false,
        stream_life: SHORT,
        ..Limits::default()
    })
    .await;
    let ask =
        "GET /v1/stream?sku=cap&key=pk_one HTTP/1.1\r\nhost: a\r\norigin: https://shop.example\r\n";
    let own = talk(address, &[&format!("{ask}\r\n")]).await.0;
    let first = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let used = talk(
        address,
        &[first, &format!("{ask}connection: close\r\n\r\n")],
    )
    .await
    .0;
    let used = used.split_once("alive\n").expect("the first answer").1;
    let split = |answer: &str| {
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let differs = ["date", "x-request-id", "connection"];
        let mut head: Vec<String> = head
            .lines()
            .filter(|line| !differs.iter().any(|name| line.starts_with(name)))
            .map(str::to_owned)
            .collect();
        head.sort();
        let mut lines = body.lines().map(str::to_owned).collect::<Vec<_>>();
        // How soon to come back differs on purpose.
        lines.retain(|line| !line.starts_with("retry: "));
        (head, lines)
    };
    assert_eq!(split(&own), split(used));
    assert!(own.ends_with("0\r\n\r\n"), "{own}");

    let refused = talk(
        address,
        &["GET /v1/stream?sku=cap HTTP/1.1\r\nhost: a\r\n\r\n"],
    )
    .await
    .0;
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    assert!(refused.contains("\r\nconnection: close\r\n"), "{refused}");
    assert!(refused.contains("key_required"), "{refused}");
    assert_eq!(stand.app.metrics.streams.get(), 0);
}

#[tokio::test]
async fn a_port_in_use_says_what_to_do() {
    let first = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let again = listen(first.local_addr().expect("an address"))
        .await
        .expect_err("in use");
    assert!(again.to_string().contains("is in use"), "{again}");
}

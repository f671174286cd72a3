//! Letters reach a real mail server: taken once, put off, refused for good, and lost after they were taken.

use std::time::Duration;

use chrono::{DateTime, Utc};
use server::mail::carrier::{Carrier, Undelivered};
use server::mail::letter::sample;
use server::mail::render::{Mail, Template};
use shared::text::Language;

fn carrier() -> Carrier {
    let address = std::env::var("SHIPSBY_SMTP").expect("scripts/outside.sh sets it");
    Carrier::smtp(
        &format!("smtp://{address}"),
        "Plainsong <orders@shop.example>",
        Some("help@shop.example"),
    )
    .expect("a carrier")
}

fn at() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().expect("an instant")
}

fn letter(language: Language) -> Mail {
    let letter = sample("delayed", language).expect("a letter");
    Template::ours().mail(&letter).expect("a mail")
}

/// What the server took for an address.
fn taken(to: &str) -> Vec<String> {
    let folder = std::env::var("SHIPSBY_SMTP_BOX").expect("scripts/outside.sh sets it");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the box")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    let texts = files
        .into_iter()
        .map(|file| std::fs::read_to_string(file).expect("a mail"));
    texts
        .filter(|text| text.contains(&format!("To: {to}")))
        .collect()
}

#[tokio::test]
async fn a_letter_is_taken_with_both_parts_and_says_what_it_is() {
    let mail = letter(Language::Arabic);
    carrier()
        .carry("a key", "anna@example.org", &mail, at())
        .await
        .expect("it is taken");
    let taken = taken("anna@example.org");
    assert_eq!(taken.len(), 1);
    for part in [
        "Message-ID: <a-key@shop.example>",
        "From: Plainsong <orders@shop.example>",
        "Reply-To: help@shop.example",
        "Auto-Submitted: auto-generated",
        "Date: Tue, 24 Nov 2026 12:00:00 +0000",
        "multipart/alternative",
        "text/plain; charset=utf-8",
        "text/html; charset=utf-8",
    ] {
        assert!(
            taken[0].contains(part),
            "{part} is missing in\n{}",
            taken[0]
        );
    }
    assert!(
        !taken[0].contains("List-Unsubscribe"),
        "nobody can unsubscribe from their own order"
    );
}

#[tokio::test]
async fn what_is_refused_for_the_moment_is_tried_again_and_what_is_refused_for_good_is_not() {
    let mail = letter(Language::English);
    let later = carrier()
        .carry("later", "later@example.org", &mail, at())
        .await;
    assert!(matches!(later, Err(Undelivered::Again(_))), "{later:?}");
    carrier()
        .carry("later", "later@example.org", &mail, at())
        .await
        .expect("it is taken the second time");
    assert_eq!(taken("later@example.org").len(), 1);
    let never = carrier()
        .carry("never", "never@example.org", &mail, at())
        .await;
    assert!(matches!(never, Err(Undelivered::Never(_))), "{never:?}");
}

#[tokio::test]
async fn a_letter_that_was_taken_and_not_answered_comes_again_under_the_same_name() {
    let mail = letter(Language::German);
    let lost = carrier()
        .carry("lost", "lost@example.org", &mail, at())
        .await;
    assert!(matches!(lost, Err(Undelivered::Again(_))), "{lost:?}");
    carrier()
        .carry("lost", "lost@example.org", &mail, at())
        .await
        .expect("it is taken");
    let ids = |text: &String| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "));
        line.map(str::to_owned)
    };
    let ids: Vec<_> = taken("lost@example.org").iter().filter_map(ids).collect();
    assert_eq!(ids, ["<lost@shop.example>", "<lost@shop.example>"]);
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let carrier =
        Carrier::smtp("smtp://127.0.0.1:1", "orders@shop.example", None).expect("a carrier");
    let mail = letter(Language::French);
    let carried = carrier.carry("away", "anna@example.org", &mail, at());
    let carried = tokio::time::timeout(Duration::from_secs(10), carried)
        .await
        .expect("it does not wait for ever");
    assert!(matches!(carried, Err(Undelivered::Again(_))), "{carried:?}");
}

//! Reads the letters that ShipsBy writes: their headers, and a text and an HTML part.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset};

/// Multiparts within multiparts that are looked into.
const DEPTH_MAX: u8 = 4;

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// What it is about.
    pub subject: String,
    /// Who gets it.
    pub to: String,
    /// When it was written.
    pub date: Option<DateTime<FixedOffset>>,
    /// Its words as plain text.
    pub text: Option<String>,
    /// Its words as HTML.
    pub html: Option<String>,
}

/// Reads a letter as well as it can be: what is broken is left out.
pub fn read(raw: &[u8]) -> Message {
    let raw = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let part = Part::of(&raw);
    let mut message = Message {
        subject: in_words(&part.header("subject")),
        to: in_words(&part.header("to")),
        date: DateTime::parse_from_rfc2822(&part.header("date")).ok(),
        ..Message::default()
    };
    take(&part, &mut message, DEPTH_MAX);
    message
}

/// Takes the first part of each kind.
fn take(part: &Part<'_>, message: &mut Message, depth: u8) {
    let kind = part.header("content-type").to_ascii_lowercase();
    if kind.starts_with("multipart/") && 0 < depth {
        let boundary = parameter(&part.header("content-type"), "boundary");
        for inner in parts(part.body, &boundary.unwrap_or_default()) {
            take(&Part::of(inner), message, depth - 1);
        }
    } else if kind.starts_with("text/html") {
        message.html.get_or_insert_with(|| part.text());
    } else if kind.is_empty() || kind.starts_with("text/plain") {
        message.text.get_or_insert_with(|| part.text());
    }
}

/// Headers and what follows them.
struct Part<'a> {
    head: &'a str,
    body: &'a str,
}

impl<'a> Part<'a> {
    fn of(raw: &'a str) -> Self {
        // A part without headers begins with the empty line.
        if let Some(body) = raw.strip_prefix('\n') {
            return Self { head: "", body };
        }
        let (head, body) = raw.split_once("\n\n").unwrap_or((raw, ""));
        Self { head, body }
    }

    /// The value of a header in one line; empty where there is none.
    fn header(&self, name: &str) -> String {
        let mut value: Option<String> = None;
        for line in self.head.lines() {
            match &mut value {
                Some(value) if line.starts_with([' ', '\t']) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                Some(_) => break,
                None => {
                    let found = line.split_once(':');
                    let found = found.filter(|(found, _)| found.eq_ignore_ascii_case(name));
                    value = found.map(|(_, value)| value.trim().to_owned());
                }
            }
        }
        value.unwrap_or_default()
    }

    /// What is in it, as it was before it travelled.
    fn text(&self) -> String {
        let encoding = self.header("content-transfer-encoding");
        let bytes = match encoding.to_ascii_lowercase().as_str() {
            "base64" => from_base64(self.body),
            "quoted-printable" => from_quoted(self.body),
            _ => return self.body.to_owned(),
        };
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    }
}

/// The parts between the lines that a boundary makes.
fn parts<'a>(body: &'a str, boundary: &str) -> Vec<&'a str> {
    let (between, last) = (format!("--{boundary}"), format!("--{boundary}--"));
    let mut parts = Vec::new();
    let (mut began, mut at) = (None, 0);
    for line in body.split_inclusive('\n') {
        let is_last = line.trim_end() == last;
        if is_last || line.trim_end() == between {
            // The line break before a boundary belongs to the boundary.
            let part = began.and_then(|began| body.get(began..at));
            parts.extend(part.map(|part: &str| part.strip_suffix('\n').unwrap_or(part)));
            began = (!is_last).then_some(at + line.len());
        }
        at += line.len();
    }
    parts
}

/// A parameter of a header: `boundary` of `multipart/mixed; boundary="x"`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut fields = header.split(';').skip(1);
    fields.find_map(|field| {
        let (found, value) = field.split_once('=')?;
        let is_it = found.trim().eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn from_base64(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).unwrap_or_default()
}

/// Undoes quoted-printable (RFC 2045, 6.7). What is no code stays as it is.
fn from_quoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.bytes());
        if let Some(joined) = after.strip_prefix('\n') {
            rest = joined;
            continue;
        }
        let code = after.get(..2);
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(b'=');
                rest = after;
            }
        }
    }
    bytes.extend(rest.bytes());
    bytes
}

/// Undoes the encoded words of a header (RFC 2047): `=?utf-8?b?w6Q=?=`.
fn in_words(header: &str) -> String {
    let mut words = String::new();
    let mut rest = header;
    let mut after_code = false;
    while let Some(at) = rest.find("=?") {
        let (before, code) = rest.split_at(at);
        let Some((word, after)) = encoded_word(code) else {
            words.push_str(before);
            words.push_str("=?");
            rest = &code[2..];
            after_code = false;
            continue;
        };
        // Between two codes blanks are only there to keep them apart.
        if !(after_code && before.trim().is_empty()) {
            words.push_str(before);
        }
        words.push_str(&word);
        (rest, after_code) = (after, true);
    }
    words.push_str(rest);
    words
}

/// The first encoded word, and what follows it.
fn encoded_word(code: &str) -> Option<(String, &str)> {
    let mut fields = code.strip_prefix("=?")?.splitn(3, '?');
    let (_charset, encoding, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let (text, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "b" | "B" => from_base64(text),
        "q" | "Q" => from_quoted(&text.replace('_', " ")),
        _ => return None,
    };
    Some((String::from_utf8_lossy(&bytes).into_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lettre::Message as Letter;
    use lettre::message::MultiPart;

    fn written(subject: &str, text: &str, html: &str) -> Vec<u8> {
        let letter = Letter::builder()
            .from("shop@example.com".parse().expect("an address"))
            .to("Ada Lovelace <ada@example.com>"
                .parse()
                .expect("an address"))
            .subject(subject)
            .multipart(MultiPart::alternative_plain_html(
                text.to_owned(),
                html.to_owned(),
            ));
        letter.expect("a letter").formatted()
    }

    #[test]
    fn a_letter_is_read_as_it_was_written_in_any_script() {
        for (subject, words) in [
            ("Your order", "It leaves on Monday.\nPrice = 1 $"),
            (
                "Ihre Bestellung – schöne Grüße, und noch viel mehr, was lang ist",
                "Größe: „groß“ =20",
            ),
            (
                "ご注文ありがとうございます。荷物は月曜日に発送されます。",
                "ありがとうございます。",
            ),
            ("شكرًا لك", &"هذا ما سيغادر، ومتى. ".repeat(20)),
        ] {
            let html = format!("<!doctype html><p lang=\"x\">{words}</p>");
            let message = read(&written(subject, words, &html));
            assert_eq!(message.subject, subject);
            assert_eq!(message.to, "\"Ada Lovelace\" <ada@example.com>");
            assert_eq!(
                message.text.as_deref().map(str::trim_end),
                Some(words.trim_end())
            );
            assert_eq!(
                message.html.as_deref().map(str::trim_end),
                Some(html.trim_end())
            );
            assert!(message.date.is_some());
        }
    }

    #[test]
    fn codes_are_undone_and_what_is_none_stays() {
        assert_eq!(
            in_words("=?utf-8?q?Gr=C3=BC=C3=9Fe_aus?= =?UTF-8?B?IEvDtmxu?= heute"),
            "Grüße aus Köln heute"
        );
        assert_eq!(in_words("a =? b ?= c"), "a =? b ?= c");
        assert_eq!(from_quoted("a=\nb=3D=zz="), b"ab==zz=");
    }

    #[test]
    fn a_letter_of_one_part_is_its_text() {
        let message = read(b"Subject: Hello\r\n there\r\nTo: a@example.com\r\n\r\nWords\r\n");
        assert_eq!(message.subject, "Hello there");
        assert_eq!(message.text.as_deref(), Some("Words\n"));
        assert_eq!(message.html, None);
    }

    #[test]
    fn what_is_no_letter_is_an_empty_one() {
        for raw in [
            &b""[..],
            b"\n",
            b"\xff\xfe",
            b"Content-Type: multipart/mixed\n\n--\n--x",
            b"Content-Type: text/html\n",
        ] {
            assert_eq!(read(raw).subject, "");
        }
    }
}

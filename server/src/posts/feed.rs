//! A shop's posts as a feed (Atom, RFC 4287), for everybody else.

use std::fmt::Write;

use chrono::{DateTime, Utc};

/// What the feed says of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// What names the feed for good.
    pub id: String,
    /// The shop's name.
    pub title: String,
    /// Where the feed is; `None`: nobody said where this server is.
    pub address: Option<String>,
    /// When something in it changed last.
    pub updated: DateTime<Utc>,
    /// The newest first.
    pub entries: Vec<Entry>,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What names it for good.
    pub id: String,
    /// What goods are called.
    pub title: String,
    /// What it says.
    pub text: String,
    /// BCP 47.
    pub language: String,
    /// The page of the goods.
    pub link: Option<String>,
    /// When it was posted.
    pub published: DateTime<Utc>,
}

/// The feed as it is sent.
pub fn atom(feed: &Feed) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
    );
    let mut element = |indent: &str, name: &str, text: &str| {
        // Writing to a text never fails.
        let _ = writeln!(xml, "{indent}<{name}>{}</{name}>", escaped(text));
    };
    element("  ", "id", &feed.id);
    element("  ", "title", &feed.title);
    element("  ", "updated", &instant(feed.updated));
    if let Some(address) = &feed.address {
        let _ = writeln!(
            xml,
            "  <link rel=\"self\" type=\"application/atom+xml\" href=\"{}\"/>",
            escaped(address)
        );
    }
    let _ = writeln!(
        xml,
        "  <author><name>{}</name></author>",
        escaped(&feed.title)
    );
    for entry in &feed.entries {
        let _ = writeln!(xml, "  <entry xml:lang=\"{}\">", escaped(&entry.language));
        let at = instant(entry.published);
        for (name, text) in [
            ("id", &entry.id),
            ("title", &entry.title),
            ("published", &at),
            ("updated", &at),
        ] {
            let _ = writeln!(xml, "    <{name}>{}</{name}>", escaped(text));
        }
        if let Some(link) = &entry.link {
            let _ = writeln!(
                xml,
                "    <link rel=\"alternate\" href=\"{}\"/>",
                escaped(link)
            );
        }
        let _ = writeln!(
            xml,
            "    <content type=\"text\">{}</content>\n  </entry>",
            escaped(&entry.text)
        );
    }
    xml.push_str("</feed>\n");
    xml
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Text as it may stand in XML 1.0: what may not at all is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stays_text_whatever_is_in_it() {
        let feed = Feed {
            id: "tag:ships.example,2026:default".into(),
            title: "A & B".into(),
            address: None,
            updated: DateTime::UNIX_EPOCH,
            entries: vec![Entry {
                id: "tag:ships.example,2026:default/P-1".into(),
                title: "<script>\u{0}\"mug\"".into(),
                text: "</content>".into(),
                language: "en".into(),
                link: Some("https://ships.example/s/default/a&b".into()),
                published: DateTime::UNIX_EPOCH,
            }],
        };
        let xml = atom(&feed);
        assert!(xml.contains("<title>A &amp; B</title>"), "{xml}");
        assert!(
            xml.contains("<title>&lt;script&gt;&quot;mug&quot;</title>"),
            "{xml}"
        );
        assert!(xml.contains("&lt;/content&gt;</content>"), "{xml}");
        assert!(
            xml.contains("href=\"https://ships.example/s/default/a&amp;b\""),
            "{xml}"
        );
        assert!(
            xml.contains("<updated>1970-01-01T00:00:00Z</updated>"),
            "{xml}"
        );
    }
}

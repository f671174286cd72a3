//! Who carries the mail: an SMTP server, or a folder.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};

use super::render::Mail;
use crate::tls;

/// For one command of SMTP and its answer. The answer to the letter itself may take long: it is read for spam before.
const COMMAND: Duration = Duration::from_secs(45);
/// For all commands of one letter: a letter is one server's for 90 seconds, and then another one's.
const WHOLE: Duration = Duration::from_secs(75);
/// What a mail server answers where it does not know who we are: no fault of the letter.
const LOGIN_WANTED: [&str; 4] = ["530", "534", "535", "538"];

/// Somebody who carries the mail of a store.
#[derive(Clone)]
pub struct Carrier {
    way: Way,
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

#[derive(Clone)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// Why nobody carries the mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// An address cannot be read.
    #[error("mail.{0} must be an address such as Shop <orders@shop.example>")]
    Address(&'static str),
    /// The server's address cannot be read.
    #[error(
        "mail.smtp must be such as smtp://user:password@mail.example:587?tls=required, or smtps://"
    )]
    Server,
    /// A password would be sent for everybody on the way to read.
    #[error(
        "mail.smtp has a password and does not say tls=required; tls=none sends it unprotected"
    )]
    Unprotected,
}

/// Why a mail was not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// It is worth trying again. It may have been taken after all: it has the same Message-ID again.
    #[error("{0}")]
    Again(String),
    /// It will never be taken.
    #[error("{0}")]
    Never(String),
}

impl fmt::Debug for Carrier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match &self.way {
            Way::Smtp(_) => "smtp",
            Way::Folder(_) => "folder",
        };
        formatter
            .debug_struct("Carrier")
            .field("way", &way)
            .finish_non_exhaustive()
    }
}

impl Carrier {
    /// An SMTP server.
    ///
    /// # Errors
    ///
    /// [`CarrierError`].
    pub fn smtp(url: &str, from: &str, reply_to: Option<&str>) -> Result<Self, CarrierError> {
        tls::settle();
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(protected(url)?);
        let builder = builder.map_err(|_| CarrierError::Server)?;
        Self::by(
            Way::Smtp(builder.timeout(Some(COMMAND)).build()),
            from,
            reply_to,
        )
    }

    /// A folder, into which each mail is written as a file.
    ///
    /// # Errors
    ///
    /// [`CarrierError`].
    pub fn folder(
        folder: PathBuf,
        from: &str,
        reply_to: Option<&str>,
    ) -> Result<Self, CarrierError> {
        Self::by(Way::Folder(folder), from, reply_to)
    }

    fn by(way: Way, from: &str, reply_to: Option<&str>) -> Result<Self, CarrierError> {
        let mailbox = |text: &str, field| text.parse().map_err(|_| CarrierError::Address(field));
        Ok(Self {
            way,
            from: mailbox(from, "from")?,
            reply_to: reply_to.map(|text| mailbox(text, "reply_to")).transpose()?,
        })
    }

    /// Hands a mail over. `key` names it: sent again, it has the same Message-ID.
    ///
    /// # Errors
    ///
    /// [`Undelivered`], which says whether to try again.
    pub async fn carry(
        &self,
        key: &str,
        to: &str,
        mail: &Mail,
        at: DateTime<Utc>,
    ) -> Result<(), Undelivered> {
        let message = self.message(key, to, mail, at)?;
        match &self.way {
            Way::Smtp(transport) => tokio::time::timeout(WHOLE, send(transport, message))
                .await
                .unwrap_or_else(|_| Err(Undelivered::Again(TOO_LONG.into()))),
            Way::Folder(folder) => {
                let name: String = key
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                    .collect();
                let file = folder.join(format!("{}-{name}.eml", at.format("%Y%m%dT%H%M%S%3f")));
                let written = async {
                    tokio::fs::create_dir_all(folder).await?;
                    tokio::fs::write(&file, message.formatted()).await
                };
                written
                    .await
                    .map_err(|error: std::io::Error| Undelivered::Again(error.to_string()))
            }
        }
    }

    fn message(
        &self,
        key: &str,
        to: &str,
        mail: &Mail,
        at: DateTime<Utc>,
    ) -> Result<Message, Undelivered> {
        let to: Mailbox = to
            .parse()
            .map_err(|_| Undelivered::Never("the address cannot be written to".into()))?;
        let id: String = key
            .chars()
            .map(|c| {
                // All that an order's number may hold is kept: two orders never share a name.
                if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~') {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let mut builder = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(SystemTime::from(at))
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.as_str())
            .header(AutoSubmitted);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        if let Some(leave) = &mail.leave {
            builder = builder
                .header(ListUnsubscribe(format!("<{leave}>")))
                .header(ListUnsubscribePost);
        }
        let mut parts = MultiPart::alternative_plain_html(mail.plain.clone(), mail.html.clone());
        if !mail.attachments.is_empty() {
            parts = MultiPart::mixed().multipart(parts);
        }
        for file in &mail.attachments {
            let kind: ContentType = file
                .kind
                .parse()
                .map_err(|_| Undelivered::Never("a file has no media type".into()))?;
            let named = Attachment::new(file.name.clone());
            parts = parts.singlepart(named.body(file.content.clone(), kind));
        }
        builder
            .multipart(parts)
            .map_err(|error| Undelivered::Never(error.to_string()))
    }
}

/// The address as it is dialled, once it says how a password is protected.
fn protected(url: &str) -> Result<&str, CarrierError> {
    let (server, query) = url.split_once('?').unwrap_or((url, ""));
    if query == "tls=none" {
        return Ok(server);
    }
    let scheme = server.split(':').next().unwrap_or_default();
    let is_open = scheme.eq_ignore_ascii_case("smtp") && !query.contains("tls=");
    match is_open && server.contains('@') {
        true => Err(CarrierError::Unprotected),
        false => Ok(url),
    }
}

async fn send(
    transport: &AsyncSmtpTransport<Tokio1Executor>,
    message: Message,
) -> Result<(), Undelivered> {
    let Err(error) = transport.send(message).await else {
        return Ok(());
    };
    let why = plain(&error);
    match error.status() {
        Some(code) if error.is_permanent() => {
            // A server that takes nothing from us says so with the same codes as one that does not take this letter, and is
            // mended by whoever runs it: a wrong password must not cost a customer the letter.
            let is_about_us = LOGIN_WANTED.contains(&code.to_string().as_str())
                || transport.test_connection().await.is_err();
            match is_about_us {
                true => Err(Undelivered::Again(format!("{why} to who we are"))),
                false => Err(Undelivered::Never(why)),
            }
        }
        _ => Err(Undelivered::Again(why)),
    }
}

/// Says that nobody wrote this by hand (RFC 3834): machines do not answer it.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// Where no more letters are asked for (RFC 2369).
#[derive(Clone)]
struct ListUnsubscribe(String);

impl lettre::message::header::Header for ListUnsubscribe {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(value: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(value.to_owned()))
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// That one request there is enough (RFC 8058).
#[derive(Clone)]
struct ListUnsubscribePost;

impl lettre::message::header::Header for ListUnsubscribePost {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        let one_click = "List-Unsubscribe=One-Click";
        lettre::message::header::HeaderValue::new(Self::name(), one_click.into())
    }
}

const TOO_LONG: &str = "the mail server took too long";

/// What the server says, without what the mail says.
fn plain(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => TOO_LONG.into(),
        None => "the mail server cannot be reached".into(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    fn mail() -> Mail {
        Mail {
            subject: "Ihre Bestellung für später".into(),
            html: "<p>Grüße</p>".into(),
            plain: "Grüße\n".into(),
            leave: None,
            attachments: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_folder_gets_each_mail_with_both_parts_and_a_name_that_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let carrier = Carrier::folder(
            folder.path().to_owned(),
            "Shop <orders@shop.example>",
            Some("help@shop.example"),
        );
        let carrier = carrier.expect("a carrier");
        let at = "2026-11-24T12:00:00Z".parse().expect("an instant");
        for _ in 0..2 {
            carrier
                .carry("mail confirmed/W-1", "anna@example.org", &mail(), at)
                .await
                .expect("it is carried");
        }
        let files: Vec<_> = std::fs::read_dir(folder.path())
            .expect("the folder")
            .collect();
        assert_eq!(files.len(), 1, "the same mail is the same file");
        let text =
            std::fs::read_to_string(files[0].as_ref().expect("a file").path()).expect("text");
        for part in [
            "Message-ID: <mail-confirmed-W-1@shop.example>",
            "Auto-Submitted: auto-generated",
            "Reply-To: help@shop.example",
            "Content-Type: multipart/alternative",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Type: text/html; charset=utf-8",
            "To: anna@example.org",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn a_letter_that_can_be_left_says_so_to_programs() {
        let carrier = Carrier::folder("/nowhere".into(), "orders@shop.example", None);
        let carrier = carrier.expect("a carrier");
        let at = "2026-11-24T12:00:00Z".parse().expect("an instant");
        let leave = format!("https://ships.example/b/main/{}/leave", "a1".repeat(32));
        let formatted = |mail: &Mail| {
            let message = carrier.message("k", "anna@example.org", mail, at);
            let text = message.expect("a message").formatted();
            String::from_utf8(text).expect("text").replace("\r\n ", " ")
        };
        let mail = Mail {
            leave: Some(leave.clone()),
            ..mail()
        };
        let text = formatted(&mail);
        assert!(
            text.contains(&format!("List-Unsubscribe: <{leave}>")),
            "{text}"
        );
        assert!(
            text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
            "{text}"
        );
        assert!(
            !formatted(&Mail {
                leave: None,
                ..mail
            })
            .contains("List-Unsubscribe")
        );
    }

    #[tokio::test]
    async fn an_address_with_another_line_in_it_is_never_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let carrier = Carrier::folder(folder.path().to_owned(), "orders@shop.example", None)
            .expect("a carrier");
        let at = "2026-11-24T12:00:00Z".parse().expect("an instant");
        let refused = carrier
            .carry("k", "a@b.example\r\nBcc: all@example.org", &mail(), at)
            .await;
        assert!(matches!(refused, Err(Undelivered::Never(_))), "{refused:?}");
    }

    #[test]
    fn letters_of_two_orders_never_share_a_name() {
        let carrier = Carrier::folder("/nowhere".into(), "orders@shop.example", None);
        let carrier = carrier.expect("a carrier");
        let at = "2026-11-24T12:00:00Z".parse().expect("an instant");
        let name = |key: &str| {
            let message = carrier.message(key, "anna@example.org", &mail(), at);
            let text = message.expect("a message").formatted();
            let text = String::from_utf8(text).expect("text");
            let mut lines = text.lines();
            let name = lines.find_map(|line| line.strip_prefix("Message-ID: "));
            name.expect("a name").to_owned()
        };
        let names = ["W~1", "W-1", "W_1", "W.1", "W1"].map(|order| {
            let key = format!("default.mail confirmed/{order}");
            assert_eq!(name(&key), name(&key));
            name(&key)
        });
        let distinct: std::collections::HashSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }

    #[test]
    fn what_cannot_be_a_carrier_says_which_field_is_wrong() {
        assert_eq!(
            Carrier::smtp("mail.example", "a@b.example", None).err(),
            Some(CarrierError::Server)
        );
        assert_eq!(
            Carrier::smtp("smtp://h.example", "Shop", None).err(),
            Some(CarrierError::Address("from"))
        );
        let carrier =
            Carrier::smtp("smtps://user:secret@h.example", "a@b.example", None).expect("a carrier");
        assert!(!format!("{carrier:?}").contains("secret"));
    }

    #[test]
    fn a_password_is_not_sent_unprotected_unless_that_is_said() {
        let smtp = |url: &str| Carrier::smtp(url, "a@b.example", None).err();
        for url in [
            "smtp://user:secret@h.example",
            "SMTP://user:secret@h.example:587?",
        ] {
            assert_eq!(smtp(url), Some(CarrierError::Unprotected), "{url}");
        }
        for url in [
            "smtp://user:secret@h.example?tls=required",
            "smtp://user:secret@h.example?tls=opportunistic",
            "smtp://user:secret@h.example?tls=none",
            "smtps://user:secret@h.example",
            "smtp://h.example",
        ] {
            assert_eq!(smtp(url), None, "{url}");
        }
        assert_eq!(
            smtp("smtp://h.example?tls=maybe"),
            Some(CarrierError::Server)
        );
    }

    /// A mail server that answers each line that begins so with that, and everything else with yes.
    async fn carried(greeting: &'static str, refused: (&'static str, &'static str)) -> Undelivered {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = server.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            loop {
                let (connection, _) = server.accept().await.expect("a connection");
                let (read, mut write) = connection.into_split();
                let mut said = BufReader::new(read).lines();
                let _ = write.write_all(greeting.as_bytes()).await;
                while let Ok(Some(line)) = said.next_line().await {
                    let answer = match line {
                        _ if line.starts_with(refused.0) => refused.1,
                        _ if line.starts_with("EHLO") => "250-h.example\r\n250 AUTH PLAIN\r\n",
                        _ if line.starts_with("AUTH") => "235 welcome\r\n",
                        _ => "250 yes\r\n",
                    };
                    let _ = write.write_all(answer.as_bytes()).await;
                }
            }
        });
        let url = format!("smtp://user:secret@127.0.0.1:{port}?tls=none");
        let carrier = Carrier::smtp(&url, "orders@shop.example", None).expect("a carrier");
        let at = "2026-11-24T12:00:00Z".parse().expect("an instant");
        let carried = carrier.carry("k", "anna@example.org", &mail(), at).await;
        serving.abort();
        carried.expect_err("it is refused")
    }

    #[tokio::test]
    async fn a_wrong_password_costs_nobody_a_letter() {
        let undelivered = carried("220 h\r\n", ("AUTH", "535 who are you\r\n")).await;
        assert_eq!(
            undelivered,
            Undelivered::Again("the mail server answered 535 to who we are".into())
        );
    }

    #[tokio::test]
    async fn a_server_that_takes_nothing_from_us_is_tried_again() {
        let undelivered = carried("554 not from you\r\n", ("NOTHING", "")).await;
        assert_eq!(
            undelivered,
            Undelivered::Again("the mail server answered 554 to who we are".into())
        );
    }

    #[tokio::test]
    async fn a_server_that_takes_others_and_not_this_one_is_not_tried_again() {
        let undelivered = carried("220 h\r\n", ("RCPT", "550 nobody of that name\r\n")).await;
        assert_eq!(
            undelivered,
            Undelivered::Never("the mail server answered 550".into())
        );
    }
}

//! Who carries the mail: an SMTP server, or a folder.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Message, Tokio1Executor};

use super::render::Mail;

/// For one command of SMTP and its answer.
const COMMAND: Duration = Duration::from_secs(20);

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
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
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
            Way::Smtp(transport) => match transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) if error.is_permanent() => Err(Undelivered::Never(plain(&error))),
                Err(error) => Err(Undelivered::Again(plain(&error))),
            },
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
                if c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_' {
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
        let parts = MultiPart::alternative_plain_html(mail.plain.clone(), mail.html.clone());
        builder
            .multipart(parts)
            .map_err(|error| Undelivered::Never(error.to_string()))
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

/// What the server says, without what the mail says.
fn plain(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None if error.is_timeout() => "the mail server took too long".into(),
        None => "the mail server cannot be reached".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            subject: "Ihre Bestellung für später".into(),
            html: "<p>Grüße</p>".into(),
            plain: "Grüße\n".into(),
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
}

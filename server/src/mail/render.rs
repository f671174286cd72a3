//! Makes a mail of a letter, by a template: ours, or the shop's own.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use mrml::prelude::parser::ParserOptions;
use mrml::prelude::parser::noop_loader::NoopIncludeLoader;
use mrml::prelude::render::RenderOptions;
use shared::text::Language;

use super::letter::{Letter, sample};
use super::words::{Said, said};

/// Most bytes of a template.
pub const TEMPLATE_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of HTML that a shop's template makes of a made-up letter: some readers cut what is longer.
pub const HTML_BYTES_MAX: usize = 100 * 1024;
/// Most bytes of MJML that a shop's template makes of a letter.
const MJML_BYTES_MAX: usize = 1024 * 1024;
/// Most tags that a shop's template makes of a letter. They may all stand in one another.
const TAGS_MAX: usize = 8_000;
/// Room in which [`TAGS_MAX`] tags in one another are read, in bytes. It is taken only as it is needed.
const STACK_BYTES: usize = 128 * 1024 * 1024;
/// Most steps that a template takes: one that never ends is stopped.
const STEPS_MAX: u64 = 200_000;
/// Most characters of a wrong place that are shown.
const NEAR_CHARS_MAX: usize = 60;
/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 200;

/// How a letter looks: its subject, MJML and plain text, with places that [`Said`] fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The subject.
    pub subject: String,
    /// [MJML](https://mjml.io): the HTML part.
    pub mjml: String,
    /// The plain text part.
    pub plain: String,
}

/// A letter as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The subject, one line.
    pub subject: String,
    /// The HTML part.
    pub html: String,
    /// The plain text part.
    pub plain: String,
    /// Where one request ends these letters (RFC 8058).
    pub leave: Option<String>,
    /// Files that go along.
    pub attachments: Vec<Attachment>,
}

/// A file that goes along with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
}

/// Why a template makes no mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is too long.
    #[error("{part} has more than {most} bytes")]
    TooLong {
        /// Which of its parts.
        part: &'static str,
        /// How many it may have.
        most: usize,
    },
    /// A place cannot be filled, or a block does not end.
    #[error("{part}, line {line}: {why}")]
    Unfilled {
        /// Which of its parts.
        part: &'static str,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// It is no MJML: where, why, and what to do.
    #[error("mjml: {0}")]
    NoMjml(String),
}

static OURS: LazyLock<Template> = LazyLock::new(|| Template {
    subject: "{{ subject }}".into(),
    mjml: include_str!("templates/letter.mjml").into(),
    plain: include_str!("templates/letter.txt").into(),
});

impl Template {
    /// Ours, for all letters.
    pub fn ours() -> &'static Self {
        &OURS
    }

    /// Holds the template against a letter of the kind it is for.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub fn check(&self, kind: &str, language: Language) -> Result<(), TemplateError> {
        let Some(letter) = sample(kind, language) else {
            return Ok(());
        };
        let mail = self.mail(&letter)?;
        within(
            "the HTML that comes of mjml",
            mail.html.len(),
            HTML_BYTES_MAX,
        )
    }

    /// Makes a mail.
    ///
    /// Ours makes one of every letter, however long it is.
    ///
    /// # Errors
    ///
    /// What is wrong with the template, and where.
    pub fn mail(&self, letter: &Letter) -> Result<Mail, TemplateError> {
        let said = said(letter);
        let subject = self.filled("subject", &self.subject, &said)?;
        let mjml = self.filled("mjml", &self.mjml, &said)?;
        let html = match self.is_ours() {
            true => html(&mjml),
            false => foreign_html(&mjml),
        };
        let plain = self.filled("plain", &self.plain, &said)?;
        Ok(Mail {
            subject: one_line(&subject),
            html: html.map_err(|wrong| wrong.in_template(&self.mjml, &mjml))?,
            plain: spaced(&plain),
            leave: letter.leave.clone(),
            attachments: Vec::new(),
        })
    }

    fn is_ours(&self) -> bool {
        *self == *OURS
    }

    /// Fills the places of one part. In MJML what is filled in is text, whatever it looks like.
    fn filled(
        &self,
        part: &'static str,
        template: &str,
        said: &Said,
    ) -> Result<String, TemplateError> {
        within(part, template.len(), TEMPLATE_BYTES_MAX)?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel((!self.is_ours()).then_some(STEPS_MAX));
        environment.set_auto_escape_callback(|name| match name {
            "mjml" => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        environment
            .render_named_str(part, template, Value::from(Serde(said)))
            .map_err(|error| TemplateError::Unfilled {
                part,
                line: error.line().unwrap_or(1),
                why: error
                    .detail()
                    .map_or_else(|| error.kind().to_string(), str::to_owned),
            })
    }
}

fn within(part: &'static str, bytes: usize, most: usize) -> Result<(), TemplateError> {
    match bytes <= most {
        true => Ok(()),
        false => Err(TemplateError::TooLong { part, most }),
    }
}

/// Reads MJML that a shop wrote.
///
/// What reads it calls itself for each tag within a tag: where they are too many for the stack, the whole server would end. So
/// they are counted, closed or not, and there is room for all of them.
fn foreign_html(mjml: &str) -> Result<String, Wrong> {
    within(
        "the MJML that comes of a letter",
        mjml.len(),
        MJML_BYTES_MAX,
    )
    .map_err(Wrong::Whole)?;
    let bytes = mjml.as_bytes();
    let begins = |pair: &&[u8]| matches!(pair, [b'<', name] if name.is_ascii_alphabetic());
    let tags = bytes.windows(2).filter(begins).count();
    if TAGS_MAX < tags {
        let many = format!("it makes {tags} tags of a letter, and {TAGS_MAX} are read");
        return Err(Wrong::Whole(TemplateError::NoMjml(many)));
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("foreign-mjml".into())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || html(mjml))
            .map_err(|error| Wrong::unplaced(error.to_string()))?
            .join()
            .map_err(|_| Wrong::unplaced("nothing can be made of it".into()))?
    })
}

fn html(mjml: &str) -> Result<String, Wrong> {
    // Nothing is fetched: a template is all there is.
    let options = ParserOptions {
        include_loader: Box::new(NoopIncludeLoader),
    };
    let parsed = mrml::parse_with_options(mjml, &options).map_err(|error| misread(&error, mjml))?;
    let options = RenderOptions {
        fonts: std::collections::HashMap::new(),
        ..RenderOptions::default()
    };
    parsed
        .element
        .render(&options)
        .map_err(|error| Wrong::unplaced(error.to_string()))
}

/// What is wrong with MJML once it is filled.
enum Wrong {
    /// At a byte.
    At(usize, String),
    /// Altogether.
    Whole(TemplateError),
}

impl Wrong {
    fn unplaced(why: String) -> Self {
        Self::Whole(TemplateError::NoMjml(why))
    }

    /// The same, by the line of the template where that can be told.
    fn in_template(self, template: &str, filled: &str) -> TemplateError {
        let (at, why) = match self {
            Self::At(at, why) => (at, why),
            Self::Whole(error) => return error,
        };
        let (before, from) = filled.split_at_checked(at).unwrap_or((filled, ""));
        let near: String = from
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(NEAR_CHARS_MAX)
            .collect();
        // Loops and conditions move lines; a tag mostly stands as it was written.
        let tag = near.split_inclusive('>').next();
        let written = tag.and_then(|tag| template.find(tag));
        let lines = |text: &str| text.matches('\n').count() + 1;
        let line = match written {
            Some(at) => lines(&template[..at]),
            None => lines(before),
        };
        TemplateError::NoMjml(match near.is_empty() {
            true => why,
            false => format!("line {line}, at `{near}`: {why}"),
        })
    }
}

fn misread(error: &mrml::prelude::parser::Error, mjml: &str) -> Wrong {
    use mrml::prelude::parser::Error;
    let (position, why) = match error {
        Error::UnexpectedElement { position, .. } => (
            position,
            "this element cannot stand here: text and HTML go into <mj-text>".to_owned(),
        ),
        Error::UnexpectedToken { position, .. } => (
            position,
            "this cannot stand here: close the tag before it, or leave it out".to_owned(),
        ),
        Error::MissingAttribute { name, position, .. } => {
            (position, format!("give it the attribute `{name}`"))
        }
        Error::InvalidAttribute { position, .. } | Error::InvalidFormat { position, .. } => (
            position,
            "this value is not one that the attribute takes".to_owned(),
        ),
        Error::IncludeLoaderError { position, .. } => (
            position,
            "nothing is fetched: write here what it would include".to_owned(),
        ),
        Error::EndOfStream { .. } => return Wrong::unplaced("a tag is not closed".into()),
        Error::NoRootNode => return Wrong::unplaced("begin with <mjml>".into()),
        Error::ParserError { source, .. } => {
            let line = usize::try_from(source.pos().row).unwrap_or(1);
            let before = mjml.split_inclusive('\n').take(line.saturating_sub(1));
            let at = before.map(str::len).sum();
            let why = "this cannot be read: close each tag, and put values between quotes";
            return Wrong::At(at, why.to_owned());
        }
        Error::SizeLimit { .. } => return Wrong::unplaced(error.to_string()),
    };
    Wrong::At(position.start, why)
}

/// Lines with at most one empty one between them, whatever a template leaves where there is nothing to say.
fn spaced(text: &str) -> String {
    let mut lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.dedup_by(|next, before| next.is_empty() && before.is_empty());
    lines.join("\n") + "\n"
}

/// A header is one line, whatever a shop or a customer is called.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(SUBJECT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::super::letter::{KINDS, LetterKind};
    use super::*;

    #[test]
    fn every_letter_is_a_mail_in_every_language_with_all_its_links_in_both_parts() {
        for kind in KINDS {
            for language in Language::ALL {
                let letter = sample(kind, language).expect("a kind of letter");
                let mail = Template::ours().mail(&letter).expect("a mail");
                let html = mail.html.replace("&#x2f;", "/");
                let said = said(&letter);
                for button in said.buttons.iter().chain(&said.leave) {
                    assert!(html.contains(&button.href), "{kind} {language:?}");
                    assert!(mail.plain.contains(&button.href), "{kind} {language:?}");
                }
                assert_eq!(
                    mail.html.contains("dir=\"rtl\""),
                    language == Language::Arabic,
                    "{kind} {language:?}"
                );
                assert!(
                    mail.html.contains(&format!("lang=\"{}\"", language.tag())),
                    "{kind} {language:?}"
                );
                assert!(
                    !mail.html.contains("<script") && !mail.html.contains("<img"),
                    "{kind}"
                );
                assert!(!mail.html.contains("fonts.googleapis"), "{kind}");
                assert!(
                    !mail.plain.contains("\n\n\n"),
                    "{kind} {language:?}:\n{}",
                    mail.plain
                );
            }
        }
    }

    #[test]
    fn whatever_somebody_is_called_is_text() {
        let evil = "<script>alert(1)</script> {{ 7*7 }} <mj-raw>x</mj-raw>\r\nBcc: all@example.org";
        let letter = Letter {
            shop: evil.into(),
            customer: Some(evil.into()),
            order: evil.into(),
            kind: LetterKind::Cancelled {
                content: vec![(evil.into(), 1)],
                is_charged_here: true,
            },
            ..sample("cancelled", Language::English).expect("a letter")
        };
        let mail = Template::ours().mail(&letter).expect("a mail");
        assert!(!mail.html.contains("<script>alert"), "{}", mail.html);
        assert!(
            !mail.html.contains("49"),
            "what looks like a template is none"
        );
        assert!(!mail.subject.contains(['\r', '\n']), "{:?}", mail.subject);
    }

    #[test]
    fn a_shops_own_template_is_refused_with_the_line_that_is_wrong() {
        let own = |mjml: &str| Template {
            mjml: mjml.into(),
            ..Template::ours().clone()
        };
        let check = |mjml: &str| own(mjml).check("confirmed", Language::English);
        assert_eq!(
            check(
                "<mjml><mj-body><mj-section><mj-column><mj-text>{{ heading }}</mj-text></mj-column></mj-section></mj-body></mjml>"
            ),
            Ok(())
        );
        let unknown = check("<mjml>\n<mj-body>\n{{ headline }}</mj-body></mjml>");
        assert!(
            matches!(
                unknown,
                Err(TemplateError::Unfilled {
                    part: "mjml",
                    line: 3,
                    ..
                })
            ),
            "{unknown:?}"
        );
        assert!(matches!(check("<p>no</p>"), Err(TemplateError::NoMjml(_))));
        assert!(matches!(
            check("<mjml><mj-body><mj-include path=\"/etc/passwd\" /></mj-body></mjml>"),
            Err(TemplateError::NoMjml(_))
        ));
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(matches!(
            check(endless),
            Err(TemplateError::Unfilled { .. })
        ));
        assert!(matches!(
            check(&"x".repeat(TEMPLATE_BYTES_MAX + 1)),
            Err(TemplateError::TooLong { .. })
        ));
    }

    #[test]
    fn what_is_no_mjml_is_told_by_its_line_in_the_template_and_what_to_do() {
        let told = |body: &str| {
            let own = Template {
                mjml: format!(
                    "<mjml>\n{{% for group in groups %}}\n\n{{% endfor %}}\n<mj-body>\n{body}\n</mj-body></mjml>"
                ),
                ..Template::ours().clone()
            };
            own.check("confirmed", Language::English)
                .expect_err("it is no MJML")
                .to_string()
        };
        for (body, expected) in [
            (
                "<mj-section><mj-column><mj-social>\n<mj-text/></mj-social></mj-column></mj-section>",
                "mjml: line 7, at `<mj-text/></mj-social></mj-column></mj-section>`: this element cannot stand here: text and HTML go into <mj-text>",
            ),
            (
                "<mj-include path=\"/etc/passwd\" />",
                "mjml: line 6, at `mj-include path=\"/etc/passwd\" />`: nothing is fetched: write here what it would include",
            ),
            ("<mj-section><mj-column>", "mjml: a tag is not closed"),
            (
                "<mj-text>1 < 2</mj-text>",
                "mjml: line 6, at `<mj-text>1 < 2</mj-text>`: this cannot be read: close each tag, and put values between quotes",
            ),
        ] {
            assert_eq!(told(body), expected);
        }
    }

    #[test]
    fn tags_in_tags_in_tags_do_not_end_the_server() {
        let nested = |tags: usize| Template {
            mjml: format!(
                "<mjml><mj-body><mj-section><mj-column><mj-text>{}x{}</mj-text></mj-column></mj-section></mj-body></mjml>",
                "<b>".repeat(tags),
                "</b>".repeat(tags)
            ),
            ..Template::ours().clone()
        };
        let most = TAGS_MAX - 5;
        assert_eq!(
            nested(most).check("confirmed", Language::English),
            Ok(()),
            "as many as are read, read on a small stack"
        );
        let refused = nested(most + 1).check("confirmed", Language::English);
        assert!(
            matches!(refused, Err(TemplateError::NoMjml(_))),
            "{refused:?}"
        );
    }

    #[test]
    fn the_longest_order_gets_its_letter() {
        let mut letter = sample("confirmed", Language::Arabic).expect("a letter");
        let mut line = letter.lines[1].clone();
        line.title = "\"".repeat(200);
        line.reason = Some("\"".repeat(500));
        line.slices = vec![line.slices[0]; 20];
        letter.lines = vec![line; crate::limits::SKUS_PER_REQUEST_MAX];

        let mail = Template::ours().mail(&letter).expect("a mail");

        assert!(HTML_BYTES_MAX < mail.html.len(), "{}", mail.html.len());
    }
}

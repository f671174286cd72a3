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
/// Most bytes of a mail's HTML: some readers cut what is longer.
pub const HTML_BYTES_MAX: usize = 100 * 1024;
/// Most steps that a template takes: one that never ends is stopped.
const STEPS_MAX: u64 = 200_000;
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
    /// It is no MJML.
    #[error("mjml is not MJML: {0}")]
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
        match sample(kind, language) {
            Some(letter) => self.mail(&letter).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Makes a mail.
    ///
    /// # Errors
    ///
    /// What is wrong with the template, and where.
    pub fn mail(&self, letter: &Letter) -> Result<Mail, TemplateError> {
        let said = said(letter);
        let subject = filled("subject", &self.subject, &said)?;
        let html = html(&filled("mjml", &self.mjml, &said)?)?;
        let plain = filled("plain", &self.plain, &said)?;
        Ok(Mail {
            subject: one_line(&subject),
            html,
            plain: spaced(&plain),
        })
    }
}

/// Fills the places of one part. In MJML what is filled in is text, whatever it looks like.
fn filled(part: &'static str, template: &str, said: &Said) -> Result<String, TemplateError> {
    if TEMPLATE_BYTES_MAX < template.len() {
        let most = TEMPLATE_BYTES_MAX;
        return Err(TemplateError::TooLong { part, most });
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(STEPS_MAX));
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

fn html(mjml: &str) -> Result<String, TemplateError> {
    // Nothing is fetched: a template is all there is.
    let options = ParserOptions {
        include_loader: Box::new(NoopIncludeLoader),
    };
    let parsed = mrml::parse_with_options(mjml, &options)
        .map_err(|error| TemplateError::NoMjml(error.to_string()))?;
    let options = RenderOptions {
        fonts: std::collections::HashMap::new(),
        ..RenderOptions::default()
    };
    let html = parsed
        .element
        .render(&options)
        .map_err(|error| TemplateError::NoMjml(error.to_string()))?;
    match html.len() <= HTML_BYTES_MAX {
        true => Ok(html),
        false => Err(TemplateError::TooLong {
            part: "the HTML that comes of mjml",
            most: HTML_BYTES_MAX,
        }),
    }
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
                for button in &said(&letter).buttons {
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
}

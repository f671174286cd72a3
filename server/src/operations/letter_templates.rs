//! Letters as a merchant words them: kept once they make a mail of a made-up letter.

use shared::ids::StoreId;
use shared::text::Language;

use super::ActError;
use super::running::detached;
use crate::app::App;
use crate::mail::letter::{KINDS, sample};
use crate::mail::render::{Mail, Template, TemplateError};
use crate::store::writing::Note;

/// Which letter, in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterName {
    /// The kind of letter.
    pub letter: &'static str,
    /// The language.
    pub language: Language,
}

impl LetterName {
    /// The letter of these names; `None`: there is none.
    pub fn named(letter: &str, language: &str) -> Option<Self> {
        let letter = KINDS.into_iter().find(|kind| *kind == letter)?;
        let mut languages = Language::ALL.into_iter();
        let language = languages.find(|known| known.tag() == language)?;
        Some(Self { letter, language })
    }
}

/// The template of a letter, and whether it is the shop's own.
///
/// # Errors
///
/// As the database fails.
pub async fn template(
    app: &App,
    store: &StoreId,
    name: LetterName,
) -> Result<(Template, bool), ActError> {
    let own = app
        .store
        .letter_template(store, name.letter, name.language.tag())
        .await?;
    Ok(match own {
        Some(own) => (own, true),
        None => (Template::ours().clone(), false),
    })
}

/// Keeps the shop's own template.
///
/// # Errors
///
/// [`ActError::Field`] where it makes no mail: which line, and why.
pub async fn put_template(
    app: &App,
    store: &StoreId,
    name: LetterName,
    template: Template,
) -> Result<(), ActError> {
    template
        .check(name.letter, name.language)
        .map_err(refused)?;
    let with = (app.clone(), store.clone(), template);
    detached(with, move |(app, store, template)| async move {
        let subject = format!("{}/{}", name.letter, name.language.tag());
        let note = Note::new("put_letter", subject);
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        writing
            .put_letter_template(name.letter, name.language.tag(), &template)
            .await?;
        writing.commit().await?;
        Ok(())
    })
    .await
}

/// Goes back to our template. One that is ours already stays.
///
/// # Errors
///
/// As the database fails.
pub async fn remove_template(app: &App, store: &StoreId, name: LetterName) -> Result<(), ActError> {
    let with = (app.clone(), store.clone());
    detached(with, move |(app, store)| async move {
        let subject = format!("{}/{}", name.letter, name.language.tag());
        let note = Note::new("remove_letter", subject);
        let mut writing = app.store.begin(&store, note, app.clock.now()).await?;
        match writing
            .remove_letter_template(name.letter, name.language.tag())
            .await?
        {
            true => drop(writing.commit().await?),
            false => writing.undo().await?,
        }
        Ok(())
    })
    .await
}

/// How a made-up letter looks by a template.
///
/// # Errors
///
/// [`ActError::Field`] where it makes no mail.
pub fn preview(name: LetterName, template: &Template) -> Result<Mail, ActError> {
    let letter = sample(name.letter, name.language).ok_or(ActError::NotFound)?;
    template.mail(&letter).map_err(refused)
}

fn refused(error: TemplateError) -> ActError {
    let pointer = match &error {
        TemplateError::Unfilled { part, .. } => format!("/{part}"),
        TemplateError::TooLong { .. } | TemplateError::NoMjml(_) => "/mjml".into(),
    };
    ActError::field(pointer, "invalid_template", error.to_string())
}

//! Letters as a merchant words them.

use shared::ids::StoreId;

use super::engine::{query, query_as, stored};
use super::{Store, StoreError, Writing};
use crate::mail::render::Template;

impl Store {
    /// The shop's own template for a letter in a language.
    pub async fn letter_template(
        &self,
        store: &StoreId,
        letter: &str,
        language: &str,
    ) -> Result<Option<Template>, StoreError> {
        let row: Option<(String, String, String)> = query_as(
            "
            SELECT subject
                 , mjml
                 , plain
              FROM letter_template
             WHERE store_id = $1
               AND letter = $2
               AND language = $3",
        )
        .bind(store.as_str())
        .bind(letter)
        .bind(language)
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(row.map(|(subject, mjml, plain)| Template {
            subject,
            mjml,
            plain,
        }))
    }
}

impl Writing {
    /// Keeps the shop's own template for a letter in a language.
    pub async fn put_letter_template(
        &mut self,
        letter: &str,
        language: &str,
        template: &Template,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO letter_template
                 ( store_id
                 , letter
                 , language
                 , subject
                 , mjml
                 , plain
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (store_id, letter, language) DO UPDATE
               SET subject  = excluded.subject
                 , mjml     = excluded.mjml
                 , plain    = excluded.plain
                 , revision = excluded.revision",
        )
        .bind(self.store.as_str())
        .bind(letter)
        .bind(language)
        .bind(&template.subject)
        .bind(&template.mjml)
        .bind(&template.plain)
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Goes back to our template. False if there was no other.
    pub async fn remove_letter_template(
        &mut self,
        letter: &str,
        language: &str,
    ) -> Result<bool, StoreError> {
        let removed = query(
            "
            DELETE FROM letter_template
             WHERE store_id = $1
               AND letter = $2
               AND language = $3",
        )
        .bind(self.store.as_str())
        .bind(letter)
        .bind(language)
        .execute(&mut self.session)
        .await?;
        Ok(removed == 1)
    }
}

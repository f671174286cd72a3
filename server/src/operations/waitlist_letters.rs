//! Sends letters to who waits for goods, each with a link of its own that nobody but its reader knows: only its hash is kept.

use chrono::{DateTime, Utc};
use rand::rngs::OsRng;
use shared::ids::{Sku, StoreId};
use shared::promise::Amount;
use shared::quantity::Quantity;
use shared::text::Language;

use super::ActError;
use super::check_availability::{Question, answer};
use super::claims::known;
use super::letters::Unsent;
use super::records::{EntryState, Errand, ErrandEnd, WaitlistAddress};
use super::reserve::as_kept;
use super::running::{Touched, publish};
use super::share_goods::{buy_url, share_path};
use super::waitlist::{About, hash_of, invented_token, is_refused, ready_units};
use crate::app::App;
use crate::catalogue::Shop;
use crate::mail::carrier::Undelivered;
use crate::mail::render::Template;
use crate::mail::{Letter, LetterKind};
use crate::store::Writing;
use crate::store::writing::Note;

/// Sends the letter of an errand, and ends the errand.
pub(super) async fn send(app: &App, store: &StoreId, errand: &Errand) -> Result<(), Unsent> {
    let about: About = serde_json::from_str(&errand.content).map_err(|_| Unsent::Needless)?;
    let shop = app.catalogue.shop(store).ok_or(Unsent::Needless)?;
    let carrier = app.connections.carrier(store).ok_or_else(|| {
        Unsent::Again("nobody said who carries the mail: see docs/accounts.md".into())
    })?;
    let now = as_kept(app.clock.now());
    let token = invented_token(&mut OsRng).map_err(|error| Unsent::Again(error.to_string()))?;
    let pages = format!("/b/{store}/{token}");
    let pages = app.connections.link(&pages).ok_or_else(|| {
        Unsent::Again(
            "nobody said how the server is reached: public_url, see docs/accounts.md".into(),
        )
    })?;

    let mut writing = begin(app, store, errand, now).await?;
    let address = writing.waitlist_address(about.address).await;
    let address = address.map_err(ActError::from)?;
    let Some(address) = address.filter(|address| !is_refused(address, now)) else {
        writing.undo().await.map_err(ActError::from)?;
        return Err(Unsent::Needless);
    };
    let writer = Writer {
        app,
        shop: &shop,
        address: &address,
        pages: &pages,
        now,
    };
    let kind = match about.sku.as_deref().map(str::parse::<Sku>) {
        None => writer.asks(&mut writing).await?,
        Some(Ok(sku)) if writer.is_there(&mut writing, &sku).await? => {
            writer.tells(&mut writing, &sku).await?
        }
        Some(Ok(sku)) => return wait_again(app, store, writing, errand, &address, &sku).await,
        Some(Err(_)) => None,
    };
    let Some((kind, leave)) = kind else {
        writing.undo().await.map_err(ActError::from)?;
        return Err(Unsent::Needless);
    };
    let letter = writer.letter(kind, leave);
    let hash = hash_of(&token);
    let link = writing.add_waitlist_link(address.number, &hash).await;
    link.map_err(ActError::from)?;
    writing.commit().await.map_err(ActError::from)?;

    let own = app
        .store
        .letter_template(store, letter.kind.name(), letter.language.tag())
        .await
        .map_err(ActError::from)?;
    let mail = own
        .as_ref()
        .unwrap_or_else(|| Template::ours())
        .mail(&letter);
    // A template of the shop's that fails is no reason to tell nobody.
    let mail = mail.or_else(|_| Template::ours().mail(&letter));
    let mail = mail.map_err(|error| Unsent::Never(error.to_string()))?;
    let name = format!("{store}.{}", errand.name);
    let carried = carrier.carry(&name, &address.email, &mail, now).await;
    match carried {
        Ok(()) => end(app, store, errand, about, now).await,
        Err(Undelivered::Again(why)) => Err(Unsent::Again(why)),
        Err(Undelivered::Never(why)) => {
            leave_alone(app, store, errand, about.address, now).await?;
            Err(Unsent::Never(why))
        }
    }
}

/// What a letter says, and where its reader leaves.
type Said = Option<(LetterKind, String)>;

struct Writer<'a> {
    app: &'a App,
    shop: &'a Shop,
    address: &'a WaitlistAddress,
    pages: &'a str,
    now: DateTime<Utc>,
}

impl Writer<'_> {
    /// Asks about all that nobody has confirmed.
    async fn asks(&self, writing: &mut Writing) -> Result<Said, ActError> {
        let entries = writing.waitlist_entries(self.address.number).await?;
        let asked = entries
            .iter()
            .filter(|entry| entry.state == EntryState::Asked);
        let titles: Vec<String> = asked.map(|entry| title(self.shop, &entry.sku)).collect();
        let confirm = self.pages.to_owned();
        let kind = LetterKind::BackInStockConfirm {
            titles: titles.clone(),
            confirm,
        };
        Ok((!titles.is_empty()).then(|| (kind, format!("{}/refuse", self.pages))))
    }

    async fn tells(&self, writing: &mut Writing, sku: &Sku) -> Result<Said, ActError> {
        let entries = writing.waitlist_entries(self.address.number).await?;
        let is_told = |entry: &&_| is_told(entry, sku);
        if entries.iter().find(is_told).is_none() {
            return Ok(None);
        }
        let settings = self.shop.settings();
        let share = || {
            let path = share_path(&self.shop.id, sku);
            let path = format!("{path}?lang={}", self.language().tag());
            self.app
                .connections
                .link(&path)
                .filter(|_| settings.share_pages)
        };
        let question = Question {
            quantity: Quantity::new(1),
            language: self.language(),
            to: None,
            visitor: None,
        };
        let told = answer(self.shop, &settings, sku, &question, self.now);
        let kind = LetterKind::BackInStock {
            title: title(self.shop, sku),
            ships: told.text.date,
            buy: buy_url(&settings, sku).or_else(share),
        };
        Ok(Some((kind, format!("{}/leave", self.pages))))
    }

    /// True if some of it is still there, now that the letter goes.
    async fn is_there(&self, writing: &mut Writing, sku: &Sku) -> Result<bool, ActError> {
        let facts = known(writing, self.shop, std::slice::from_ref(sku)).await?;
        Ok(ready_units(&facts, &self.shop.settings(), sku, self.now) != Amount::ZERO)
    }

    fn letter(&self, kind: LetterKind, leave: String) -> Letter {
        let settings = self.shop.settings();
        let mail = self.app.connections.of(&self.shop.id);
        let mail = mail.and_then(|connection| connection.mail.as_ref());
        Letter {
            kind,
            language: self.language(),
            today: settings.location.calendar.today(self.now),
            shop: settings.name.clone(),
            postal: mail.and_then(|mail| mail.postal.clone()),
            customer: None,
            order: String::new(),
            page: None,
            lines: Vec::new(),
            offer: None,
            leave: Some(leave),
        }
    }

    fn language(&self) -> Language {
        Language::for_tag(&self.address.language)
    }
}

/// It was sold before the letter left: whoever was to be told has their place in the queue again.
async fn wait_again(
    app: &App,
    store: &StoreId,
    mut writing: Writing,
    errand: &Errand,
    address: &WaitlistAddress,
    sku: &Sku,
) -> Result<(), Unsent> {
    let back = writing.wait_again(address.number, sku).await;
    back.map_err(ActError::from)?;
    let ended = writing
        .end_errand(&errand.name, ErrandEnd::Dropped, None)
        .await;
    if !ended.map_err(ActError::from)? {
        writing.undo().await.map_err(ActError::from)?;
        return Ok(());
    }
    let revision = writing.commit().await.map_err(ActError::from)?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

/// Ends the errand. Of a letter that asked it is written down when it left: the next one asks no sooner than a day after that.
async fn end(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    about: About,
    now: DateTime<Utc>,
) -> Result<(), Unsent> {
    let mut writing = begin(app, store, errand, now).await?;
    let ended = writing
        .end_errand(&errand.name, ErrandEnd::Done, None)
        .await;
    if !ended.map_err(ActError::from)? {
        writing.undo().await.map_err(ActError::from)?;
        return Ok(());
    }
    let address = writing.waitlist_address(about.address).await;
    if let Some(mut address) = address.map_err(ActError::from)?
        && about.sku.is_none()
    {
        address.asked_to_at = Some(now);
        let put = writing.put_waitlist_address(&address).await;
        put.map_err(ActError::from)?;
    }
    let revision = writing.commit().await.map_err(ActError::from)?;
    publish(app, store, Touched::Skus(Vec::new()), revision).await;
    Ok(())
}

/// A mail server will not take letters for the address: nothing of this kind goes there for as long as where its owner had not asked.
async fn leave_alone(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    address: u64,
    now: DateTime<Utc>,
) -> Result<(), ActError> {
    let mut writing = begin(app, store, errand, now).await?;
    let Some(mut address) = writing.waitlist_address(address).await? else {
        return Ok(writing.undo().await?);
    };
    writing.leave_waitlist(address.number).await?;
    address.refused_at = Some(now);
    writing.put_waitlist_address(&address).await?;
    writing.commit().await?;
    Ok(())
}

async fn begin(
    app: &App,
    store: &StoreId,
    errand: &Errand,
    now: DateTime<Utc>,
) -> Result<Writing, ActError> {
    let note = Note::new("send_letter", errand.name.as_str());
    Ok(app.store.begin(store, note, now).await?)
}

fn is_told(entry: &super::records::WaitlistEntry, sku: &Sku) -> bool {
    entry.sku == *sku && entry.state == EntryState::Told
}

/// What goods are called, or else their SKU.
fn title(shop: &Shop, sku: &Sku) -> String {
    let entry = shop.entry(sku.as_str());
    let title = entry.and_then(|entry| entry.facts().title);
    title.map_or_else(|| sku.to_string(), |title| title.to_string())
}

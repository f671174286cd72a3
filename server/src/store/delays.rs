//! What customers are told of dates that were moved, what they answer, and what follows from it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shared::delay::{Cause, DelayPolicy, Event, Kind, Law, Notice, Rule, Silence, When};
use shared::ids::{OrderId, StoreId};

use super::by_order::ByOrder;
use super::engine::{Session, instant, query, query_as, stored};
use super::payments::words;
use super::promises::number;
use super::skus::read;
use super::{StoreError, Writing};

words!(
    /// Where a notice stands.
    NoticeState {
        /// It is still to be sent.
        Due = "due",
        /// The customer was told.
        Told = "told",
        /// A later one took its place before it was sent.
        Replaced = "replaced",
    }
);

/// What a shop does about late goods where the law leaves it a choice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DelayRules {
    /// False: time alone cancels nothing, whatever silence means by law. The shop sees to it itself.
    pub auto_cancel: Option<bool>,
    /// True: what will be late is cancelled and given back, and nobody is asked.
    pub cancel_instead_of_asking: bool,
    /// Days within which goods leave of which no date was told.
    pub limit_days: Option<u32>,
    /// Days of the last period that a customer may set.
    pub extra_period_days: Option<u32>,
    /// True: goods that the law of the United States leaves out, such as seeds and plants.
    pub exempt: bool,
}

impl DelayRules {
    /// The rules under a law.
    pub fn policy(&self, law: Law) -> DelayPolicy {
        let mut policy = DelayPolicy::of(law);
        match &mut policy.rule {
            Rule::Ask { auto_cancel, .. } => {
                *auto_cancel = self.auto_cancel.unwrap_or(*auto_cancel);
            }
            Rule::ExtraPeriod { days, .. } => {
                *days = self.extra_period_days.unwrap_or(*days);
            }
            Rule::Tell => {}
        }
        policy.limit_days = self.limit_days.unwrap_or(policy.limit_days);
        policy.exempt = self.exempt;
        policy.cancel_instead_of_asking = self.cancel_instead_of_asking;
        policy
    }

    /// As it is stored.
    pub(super) fn stored(&self) -> String {
        serde_json::to_string(self).expect("numbers and truths are always JSON")
    }

    /// As it was stored; none: as the law has it.
    pub(super) fn read(stored: Option<&str>) -> Result<Self, StoreError> {
        let rules = stored.map_or(Ok(Self::default()), serde_json::from_str);
        rules.map_err(|_| StoreError::Unreadable("delays"))
    }
}

/// A part of an order's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartKey {
    /// The line of the order, from 0.
    pub line: u32,
    /// The part of the line.
    pub part: u32,
}

/// What the customer is told of a part's date, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRecord {
    /// The part.
    pub key: PartKey,
    /// The how-manieth date of the part.
    pub version: u32,
    /// The word for what kind of change it is.
    pub kind: String,
    /// What was told before.
    pub was: When,
    /// What is true now.
    pub now: When,
    /// What follows where nobody answers.
    pub silence: Silence,
    /// Last day on which an answer counts.
    pub reply_by: Option<NaiveDate>,
    /// Where it stands.
    pub state: NoticeState,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When the customer was told.
    pub told_at: Option<DateTime<Utc>>,
}

/// What happened to a part's date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelayEvent {
    /// The part.
    pub key: PartKey,
    /// What happened.
    pub event: Event,
    /// When it was written down.
    pub at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct NoticeRow {
    line: i64,
    part: i64,
    version: i64,
    kind: String,
    was_by: Option<NaiveDate>,
    now_by: Option<NaiveDate>,
    silence: String,
    reply_by: Option<NaiveDate>,
    cancels_on: Option<NaiveDate>,
    state: String,
    made_at_ms: i64,
    told_at_ms: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    line: i64,
    part: i64,
    kind: String,
    on_day: NaiveDate,
    due: Option<NaiveDate>,
    cause: Option<String>,
    at_ms: i64,
}

/// The word for a kind of change.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Earlier => "earlier",
        Kind::WithinAgreed => "within_agreed",
        Kind::Definite => "definite",
        Kind::Long => "long",
        Kind::Indefinite => "indefinite",
        Kind::Renewed => "renewed",
        Kind::ExtraPeriod(_) => "extra_period",
        Kind::Later => "later",
        Kind::CancelledBySeller => "cancelled_by_seller",
    }
}

/// The word for what follows where nobody answers.
pub fn silence_name(silence: Silence) -> &'static str {
    match silence {
        Silence::Consents => "consents",
        Silence::Cancels { .. } => "cancels",
        Silence::ChangesNothing => "nothing",
    }
}

/// The word for why a part was cancelled.
pub fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Shopper => "shopper",
        Cause::Seller => "seller",
        Cause::Silence => "silence",
        Cause::NoNotice => "no_notice",
    }
}

/// Why a part was cancelled, by the word for it.
pub(super) fn cause_named(name: Option<&str>) -> Cause {
    match name {
        Some("shopper") => Cause::Shopper,
        Some("silence") => Cause::Silence,
        Some("no_notice") => Cause::NoNotice,
        _ => Cause::Seller,
    }
}

/// The word for what happened.
pub fn event_name(event: &Event) -> &'static str {
    match event {
        Event::Told { .. } => "told",
        Event::Consented { .. } => "consented",
        Event::ExtraPeriodSet { .. } => "extra_period_set",
        Event::SellerRefused { .. } => "seller_refused",
        Event::Shipped { .. } => "shipped",
        Event::Cancelled { .. } => "cancelled",
        Event::RefundStarted { .. } => "refund_started",
    }
}

impl Writing {
    /// Writes down what the customer is to be told of the last date of a part. What was still to be told of it before is not
    /// told any more.
    pub async fn add_notice(
        &mut self,
        order: &OrderId,
        key: PartKey,
        notice: &Notice,
    ) -> Result<u32, StoreError> {
        self.replace_notices(order, key).await?;
        let cancels_on = match notice.silence {
            Silence::Cancels { on } => Some(on),
            Silence::Consents | Silence::ChangesNothing => None,
        };
        let (version,): (i64,) = query_as(
            "
            INSERT INTO notice
                 ( store_id
                 , sales_order
                 , line
                 , part
                 , version
                 , kind
                 , was_by
                 , now_by
                 , silence
                 , reply_by
                 , cancels_on
                 , state
                 , made_at_ms
                 , revision
                 )
            SELECT $1
                 , $2
                 , $3
                 , $4
                 , max(version)
                 , $5
                 , $6
                 , $7
                 , $8
                 , $9
                 , $10
                 , 'due'
                 , $11
                 , $12
              FROM promise
             WHERE store_id = $1
               AND reservation = $2
               AND line = $3
               AND part = $4
                ON CONFLICT (store_id, sales_order, line, part, version) DO UPDATE
               SET kind       = excluded.kind
                 , was_by     = excluded.was_by
                 , now_by     = excluded.now_by
                 , silence    = excluded.silence
                 , reply_by   = excluded.reply_by
                 , cancels_on = excluded.cancels_on
                 , state      = excluded.state
                 , told_at_ms = NULL
                 , revision   = excluded.revision
            RETURNING version",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(key.line)
        .bind(key.part)
        .bind(kind_name(notice.kind))
        .bind(day(notice.promise_from))
        .bind(day(notice.promise_to))
        .bind(silence_name(notice.silence))
        .bind(notice.reply_by)
        .bind(cancels_on)
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .fetch_one(&mut self.session)
        .await?;
        number(version)
    }

    /// What was still to be told of a part is not told any more.
    pub async fn replace_notices(
        &mut self,
        order: &OrderId,
        key: PartKey,
    ) -> Result<(), StoreError> {
        query(
            "
            UPDATE notice
               SET state = 'replaced'
             WHERE store_id = $1
               AND sales_order = $2
               AND line = $3
               AND part = $4
               AND state = 'due'",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(key.line)
        .bind(key.part)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// The customer was told.
    pub async fn told(
        &mut self,
        order: &OrderId,
        key: PartKey,
        version: u32,
    ) -> Result<(), StoreError> {
        query(
            "
            UPDATE notice
               SET state      = 'told'
                 , told_at_ms = $6
             WHERE store_id = $1
               AND sales_order = $2
               AND line = $3
               AND part = $4
               AND version = $5",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(key.line)
        .bind(key.part)
        .bind(version)
        .bind(self.at.timestamp_millis())
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Notes what happened to a part's date.
    pub async fn note_delay(
        &mut self,
        order: &OrderId,
        key: PartKey,
        event: &Event,
    ) -> Result<(), StoreError> {
        let (due, cause) = match event {
            Event::Told { due, .. } | Event::Consented { to: due, .. } => (day(*due), None),
            Event::Cancelled { cause, .. } => (None, Some(cause_name(*cause))),
            _ => (None, None),
        };
        query(
            "
            INSERT INTO delay_event
                 ( store_id
                 , sales_order
                 , line
                 , part
                 , event
                 , kind
                 , on_day
                 , due
                 , cause
                 , at_ms
                 , revision
                 )
            SELECT $1
                 , $2
                 , $3
                 , $4
                 , coalesce(max(event), 0) + 1
                 , $5
                 , $6
                 , $7
                 , $8
                 , $9
                 , $10
              FROM delay_event
             WHERE store_id = $1
               AND sales_order = $2
               AND line = $3
               AND part = $4",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(key.line)
        .bind(key.part)
        .bind(event_name(event))
        .bind(event.on())
        .bind(due)
        .bind(cause)
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// A part that was split off another has its past.
    pub async fn inherit_delays(
        &mut self,
        order: &OrderId,
        line: u32,
        from: u32,
        to: u32,
    ) -> Result<(), StoreError> {
        query(
            "
            INSERT INTO delay_event
                 ( store_id
                 , sales_order
                 , line
                 , part
                 , event
                 , kind
                 , on_day
                 , due
                 , cause
                 , at_ms
                 , revision
                 )
            SELECT store_id
                 , sales_order
                 , line
                 , $5
                 , event
                 , kind
                 , on_day
                 , due
                 , cause
                 , at_ms
                 , revision
              FROM delay_event
             WHERE store_id = $1
               AND sales_order = $2
               AND line = $3
               AND part = $4",
        )
        .bind(self.store.as_str())
        .bind(order.as_str())
        .bind(line)
        .bind(from)
        .bind(to)
        .execute(&mut self.session)
        .await?;
        Ok(())
    }

    /// Which of some names are orders.
    pub async fn orders_among(&mut self, names: &[&str]) -> Result<Vec<OrderId>, StoreError> {
        let rows: Vec<(String,)> = query_as(
            "
            SELECT sales_order
              FROM sales_order
             WHERE store_id = $1
               AND sales_order IN (SELECT value FROM json_each($2))",
        )
        .bind(self.store.as_str())
        .bind(super::skus::json_list(names))
        .fetch_all(&mut self.session)
        .await?;
        let order = |(order,): (String,)| read(&order, "sales_order.sales_order");
        rows.into_iter().map(order).collect()
    }
}

/// What the customers of a list of orders are, or were, told.
pub(super) async fn notices_of(
    session: &mut Session,
    store: &StoreId,
    orders: &str,
) -> Result<ByOrder<NoticeRecord>, StoreError> {
    ByOrder::fetched(
        session,
        "
        SELECT sales_order
             , line
             , part
             , version
             , kind
             , was_by
             , now_by
             , silence
             , reply_by
             , cancels_on
             , state
             , made_at_ms
             , told_at_ms
          FROM notice
         WHERE store_id = $1
           AND sales_order IN (SELECT value FROM json_each($2))
         ORDER BY line
                , part
                , version",
        store,
        orders,
        NoticeRow::record,
    )
    .await
}

/// What happened to the dates of the parts of a list of orders, earliest first for each.
pub(super) async fn delay_events_of(
    session: &mut Session,
    store: &StoreId,
    orders: &str,
) -> Result<ByOrder<DelayEvent>, StoreError> {
    ByOrder::fetched(
        session,
        "
        SELECT sales_order
             , line
             , part
             , kind
             , on_day
             , due
             , cause
             , at_ms
          FROM delay_event
         WHERE store_id = $1
           AND sales_order IN (SELECT value FROM json_each($2))
         ORDER BY line
                , part
                , event",
        store,
        orders,
        EventRow::event,
    )
    .await
}

impl NoticeRow {
    fn record(self) -> Result<NoticeRecord, StoreError> {
        let unreadable = || StoreError::Unreadable("notice");
        let silence = match (self.silence.as_str(), self.cancels_on) {
            ("consents", _) => Silence::Consents,
            ("cancels", Some(on)) => Silence::Cancels { on },
            ("nothing", _) => Silence::ChangesNothing,
            _ => return Err(unreadable()),
        };
        Ok(NoticeRecord {
            key: PartKey {
                line: number(self.line)?,
                part: number(self.part)?,
            },
            version: number(self.version)?,
            kind: self.kind,
            was: self.was_by.into(),
            now: self.now_by.into(),
            silence,
            reply_by: self.reply_by,
            state: NoticeState::named(&self.state).ok_or_else(unreadable)?,
            made_at: instant(self.made_at_ms)?,
            told_at: self.told_at_ms.map(instant).transpose()?,
        })
    }
}

impl EventRow {
    fn event(self) -> Result<DelayEvent, StoreError> {
        let on = self.on_day;
        let due = When::from(self.due);
        let event = match self.kind.as_str() {
            "told" => Event::Told { on, due },
            "consented" => Event::Consented { on, to: due },
            "extra_period_set" => Event::ExtraPeriodSet { on },
            "seller_refused" => Event::SellerRefused { on },
            "shipped" => Event::Shipped { on },
            "refund_started" => Event::RefundStarted { on },
            "cancelled" => Event::Cancelled {
                on,
                cause: cause_named(self.cause.as_deref()),
            },
            _ => return Err(StoreError::Unreadable("delay_event.kind")),
        };
        Ok(DelayEvent {
            key: PartKey {
                line: number(self.line)?,
                part: number(self.part)?,
            },
            event,
            at: instant(self.at_ms)?,
        })
    }
}

fn day(when: When) -> Option<NaiveDate> {
    match when {
        When::By(day) => Some(day),
        When::Unknown => None,
    }
}

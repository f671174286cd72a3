//! What is still to be sent to somebody outside: written with the change that it tells of, and done after it.

use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{OrderId, StoreId};

use super::engine::{instant, query, query_as, stored};
use super::payments::words;
use super::skus::read;
use super::{Store, StoreError, Writing};

/// Why an errand is put off of which nothing has come yet, and nothing is wrong.
const NOT_YET: &str = "not yet";

words!(
    /// What is to be done.
    ErrandKind {
        /// Send a letter.
        Mail = "mail",
        /// Send a letter to who waits for goods.
        WaitlistMail = "waitlist_mail",
        /// Send an order to a supplier, or ask about it.
        ReorderMail = "reorder_mail",
        /// Tell the merchant of something.
        MerchantMail = "merchant_mail",
        /// Post something on a network, or remove it from there.
        Post = "post",
        /// Ask the provider to begin the payment of an order.
        BeginPayment = "begin_payment",
        /// Ask the provider what became of the payment of an order.
        LookUpPayment = "look_up_payment",
        /// Ask the provider whether a parcel may be charged.
        Authorize = "authorize",
        /// Ask the provider for the money of a parcel that has left.
        Capture = "capture",
        /// Ask the provider what became of the charge for a parcel.
        LookUpCharge = "look_up_charge",
        /// Ask the provider to let go of what it keeps for a parcel.
        ReleaseCharge = "release_charge",
        /// Ask the provider to let go of what it keeps for an order.
        ReleasePayment = "release_payment",
        /// Ask the provider to give back.
        Refund = "refund",
    }
);

words!(
    /// How an errand ended.
    ErrandEnd {
        /// It was done.
        Done = "done",
        /// It cannot be done, or was tried often enough.
        GivenUp = "given_up",
        /// It was not needed any more.
        Dropped = "dropped",
    }
);

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Its name: its kind, and what it is about.
    pub name: String,
    /// What is to be done.
    pub kind: ErrandKind,
    /// The order that it is about.
    pub order: Option<OrderId>,
    /// What it needs to know, as JSON.
    pub content: String,
    /// How often it was tried since it was answered last.
    pub attempts: u32,
    /// When it was written down.
    pub made_at: DateTime<Utc>,
}

/// An errand as it stands, for who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandRecord {
    /// The errand.
    pub errand: Errand,
    /// When it is tried next.
    pub due_at: DateTime<Utc>,
    /// When and how it ended.
    pub ended: Option<(DateTime<Utc>, ErrandEnd)>,
    /// Why it did not succeed so far.
    pub failure: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    errand: String,
    kind: String,
    sales_order: Option<String>,
    content: String,
    attempts: i64,
    made_at_ms: i64,
}

#[derive(sqlx::FromRow)]
struct RecordRow {
    errand: String,
    kind: String,
    sales_order: Option<String>,
    content: String,
    attempts: i64,
    made_at_ms: i64,
    due_at_ms: i64,
    ended_at_ms: Option<i64>,
    ended_by: Option<String>,
    failure: Option<String>,
}

words!(
    /// What is done apart, so that none waits for another: whom one asks may not answer for long.
    Lane {
        /// Letters, which a mail server takes.
        Letters = "letters",
        /// What networks are to show, or not any more.
        Posts = "posts",
        /// All else: what providers of payment are asked.
        Questions = "questions",
    }
);

impl Lane {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Letters, Self::Posts, Self::Questions];
}

impl Store {
    /// Takes errands that are due, the oldest of them: for `lease` nobody else does them, and for as much longer with each attempt
    /// before. So one that servers die of is not done again and again while they do. Of an order one at a time, so that what one of
    /// them finds to be told, or to be paid, another one is not telling or paying already. What only invites to buy comes after what is
    /// owed to customers. Letters, posts and all else are taken apart, so that none waits for another.
    pub async fn take_errands(
        &self,
        store: &StoreId,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: u32,
        lane: Lane,
    ) -> Result<Vec<Errand>, StoreError> {
        if !self.has_errands(store, now).await? {
            return Ok(Vec::new());
        }
        let mut session = self.0.engine.write(store).await?;
        let rows: Vec<Row> = query_as(
            "
            UPDATE errand
               SET taken_until_ms = $2 + $3 * (1 + attempts)
                 , attempts       = attempts + 1
             WHERE store_id = $1
               AND taken_until_ms <= $2
               AND ended_at_ms IS NULL
               AND errand IN
                 ( SELECT due.errand
                     FROM errand AS due
                    WHERE due.store_id = $1
                      AND due.ended_at_ms IS NULL
                      AND due.due_at_ms <= $2
                      AND due.taken_until_ms <= $2
                      AND CASE
                          WHEN due.kind IN ('mail', 'waitlist_mail', 'reorder_mail', 'merchant_mail') THEN 'letters'
                          WHEN due.kind = 'post' THEN 'posts'
                          ELSE 'questions'
                           END = $5
                      AND NOT EXISTS
                        ( SELECT 1
                            FROM errand AS other
                           WHERE other.store_id = due.store_id
                             AND other.sales_order = due.sales_order
                             AND other.ended_at_ms IS NULL
                             AND ( other.taken_until_ms > $2
                                OR ( other.due_at_ms <= $2
                                 AND (other.due_at_ms, other.made_at_ms, other.errand)
                                   < (due.due_at_ms, due.made_at_ms, due.errand)
                                   )
                                 )
                        )
                    ORDER BY due.kind = 'waitlist_mail'
                           , due.due_at_ms
                           , due.made_at_ms
                           , due.errand
                    LIMIT $4
                 )
            RETURNING errand
                    , kind
                    , sales_order
                    , content
                    , attempts
                    , made_at_ms",
        )
        .bind(store.as_str())
        .bind(now.timestamp_millis())
        .bind(lease.num_milliseconds())
        .bind(limit)
        .bind(lane.name())
        .fetch_all(&mut session)
        .await?;
        session.commit().await?;
        let errands: Result<Vec<Errand>, _> = rows.into_iter().map(Row::errand).collect();
        let mut errands = errands?;
        errands.sort_by(|one, next| (one.made_at, &one.name).cmp(&(next.made_at, &next.name)));
        Ok(errands)
    }

    /// Writes down what else an errand needs to know.
    pub async fn put_errand_content(
        &self,
        store: &StoreId,
        name: &str,
        content: &str,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            UPDATE errand
               SET content = $3
             WHERE store_id = $1
               AND errand = $2
               AND ended_at_ms IS NULL",
        )
        .bind(store.as_str())
        .bind(name)
        .bind(content)
        .execute(&mut session)
        .await?;
        session.commit().await
    }

    /// Puts an errand off: it did not succeed.
    pub async fn put_off(
        &self,
        store: &StoreId,
        name: &str,
        until: DateTime<Utc>,
        failure: &str,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            UPDATE errand
               SET due_at_ms      = $3
                 , taken_until_ms = 0
                 , failure        = $4
             WHERE store_id = $1
               AND errand = $2
               AND ended_at_ms IS NULL",
        )
        .bind(store.as_str())
        .bind(name)
        .bind(until.timestamp_millis())
        .bind(failure)
        .execute(&mut session)
        .await?;
        session.commit().await
    }

    /// Puts off an errand whose question was answered by "not yet". The tries before it that failed are over with that.
    pub async fn ask_again(
        &self,
        store: &StoreId,
        name: &str,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        query(
            "
            UPDATE errand
               SET due_at_ms      = $3
                 , taken_until_ms = 0
                 , attempts       = 0
                 , failure        = $4
             WHERE store_id = $1
               AND errand = $2
               AND ended_at_ms IS NULL",
        )
        .bind(store.as_str())
        .bind(name)
        .bind(until.timestamp_millis())
        .bind(NOT_YET)
        .execute(&mut session)
        .await?;
        session.commit().await
    }

    /// Ends an errand of which nothing else is to be written down.
    pub async fn end_errand(
        &self,
        store: &StoreId,
        name: &str,
        now: DateTime<Utc>,
        end: ErrandEnd,
        failure: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        ending(store, name, now, end, failure)
            .execute(&mut session)
            .await?;
        session.commit().await
    }

    /// Errands of an order, oldest first.
    pub async fn errands_of(
        &self,
        store: &StoreId,
        order: &OrderId,
    ) -> Result<Vec<ErrandRecord>, StoreError> {
        let rows: Vec<RecordRow> = query_as(
            "
            SELECT errand
                 , kind
                 , sales_order
                 , content
                 , attempts
                 , made_at_ms
                 , due_at_ms
                 , ended_at_ms
                 , ended_by
                 , failure
              FROM errand
             WHERE store_id = $1
               AND sales_order = $2
             ORDER BY made_at_ms
                    , errand",
        )
        .bind(store.as_str())
        .bind(order.as_str())
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(RecordRow::record).collect()
    }

    /// How many errands were written down before an instant and are still to be done: an alarm where it stays above zero. What
    /// somebody was asked and has not decided yet is not among them, and neither is what was to be done later from the start.
    pub async fn errands_overdue(
        &self,
        store: &StoreId,
        before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let (count,): (i64,) = query_as(
            "
            SELECT count(*)
              FROM errand
             WHERE store_id = $1
               AND ended_at_ms IS NULL
               AND made_at_ms <= $2
               AND (due_at_ms <= $2 OR 0 < attempts)
               AND coalesce(failure, '') <> $3",
        )
        .bind(store.as_str())
        .bind(before.timestamp_millis())
        .bind(NOT_YET)
        .fetch_one(&mut self.read(store).await?)
        .await?;
        Ok(count.unsigned_abs())
    }

    async fn has_errands(&self, store: &StoreId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let found: Option<(bool,)> = query_as(
            "
            SELECT true
              FROM errand
             WHERE store_id = $1
               AND ended_at_ms IS NULL
               AND due_at_ms <= $2
               AND taken_until_ms <= $2
             LIMIT 1",
        )
        .bind(store.as_str())
        .bind(now.timestamp_millis())
        .fetch_optional(&mut self.read(store).await?)
        .await?;
        Ok(found.is_some())
    }
}

impl Writing {
    /// Writes an errand down, to be done after this change is committed. One of the same name is not written twice:
    /// what was asked for already is not asked for again.
    pub async fn send(
        &mut self,
        kind: ErrandKind,
        about: &str,
        order: Option<&OrderId>,
        content: &str,
    ) -> Result<(), StoreError> {
        self.send_at(kind, about, order, content, self.at).await?;
        Ok(())
    }

    /// The same, to be done at `due` and not before. False if one of the same name was written before.
    pub async fn send_at(
        &mut self,
        kind: ErrandKind,
        about: &str,
        order: Option<&OrderId>,
        content: &str,
        due: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let sent = query(
            "
            INSERT INTO errand
                 ( store_id
                 , errand
                 , kind
                 , sales_order
                 , content
                 , due_at_ms
                 , attempts
                 , taken_until_ms
                 , made_at_ms
                 , revision
                 )
            VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8)
                ON CONFLICT (store_id, errand) DO NOTHING",
        )
        .bind(self.store.as_str())
        .bind(format!("{} {about}", kind.name()))
        .bind(kind.name())
        .bind(order.map(OrderId::as_str))
        .bind(content)
        .bind(due.timestamp_millis())
        .bind(self.at.timestamp_millis())
        .bind(stored(self.revision))
        .execute(&mut self.session)
        .await?;
        Ok(sent == 1)
    }

    /// True if an errand of that name was written down and has not ended.
    pub async fn is_open_errand(
        &mut self,
        kind: ErrandKind,
        about: &str,
    ) -> Result<bool, StoreError> {
        let found: Option<(bool,)> = query_as(
            "
            SELECT true
              FROM errand
             WHERE store_id = $1
               AND errand = $2
               AND ended_at_ms IS NULL",
        )
        .bind(self.store.as_str())
        .bind(format!("{} {about}", kind.name()))
        .fetch_optional(&mut self.session)
        .await?;
        Ok(found.is_some())
    }

    /// Ends an errand together with what came of it. False if it had ended before: then nothing is to come of it.
    pub async fn end_errand(
        &mut self,
        name: &str,
        end: ErrandEnd,
        failure: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (store, at) = (self.store.clone(), self.at);
        let ended = ending(&store, name, at, end, failure);
        Ok(ended.execute(&mut self.session).await? == 1)
    }
}

fn ending(
    store: &StoreId,
    name: &str,
    now: DateTime<Utc>,
    end: ErrandEnd,
    failure: Option<&str>,
) -> super::engine::Query<()> {
    query(
        "
        UPDATE errand
           SET ended_at_ms = $3
             , ended_by    = $4
             , failure     = coalesce($5, failure)
         WHERE store_id = $1
           AND errand = $2
           AND ended_at_ms IS NULL",
    )
    .bind(store.as_str())
    .bind(name)
    .bind(now.timestamp_millis())
    .bind(end.name())
    .bind(failure)
}

impl Row {
    fn errand(self) -> Result<Errand, StoreError> {
        let order = self
            .sales_order
            .map(|order| read(&order, "errand.sales_order"));
        Ok(Errand {
            kind: ErrandKind::named(&self.kind).ok_or(StoreError::Unreadable("errand.kind"))?,
            order: order.transpose()?,
            name: self.errand,
            content: self.content,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            made_at: instant(self.made_at_ms)?,
        })
    }
}

impl RecordRow {
    fn record(self) -> Result<ErrandRecord, StoreError> {
        let end = self.ended_by.as_deref().and_then(ErrandEnd::named);
        let ended = match (self.ended_at_ms, end) {
            (Some(at), Some(end)) => Some((instant(at)?, end)),
            _ => None,
        };
        let row = Row {
            errand: self.errand,
            kind: self.kind,
            sales_order: self.sales_order,
            content: self.content,
            attempts: self.attempts,
            made_at_ms: self.made_at_ms,
        };
        Ok(ErrandRecord {
            errand: row.errand()?,
            due_at: instant(self.due_at_ms)?,
            ended,
            failure: self.failure,
        })
    }
}

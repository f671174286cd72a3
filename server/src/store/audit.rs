//! Who did what. Each row has a hash of itself and of the hash before it, so that none can be changed or left out unseen.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use shared::ids::StoreId;

use super::engine::{Session, instant, json_rows, query, query_as, stored};
use super::members::{Member, SecretHash};
use super::payments::words;
use super::soundness::Fault;
use super::{Store, StoreError, Writing};

/// Rows that are checked at a time.
const CHECKED_AT_ONCE: u32 = 500;

words!(
    /// What came of something that somebody did.
    AuditOutcome {
        /// It was done.
        Done = "done",
        /// It was refused, or failed.
        Refused = "refused",
    }
);

/// Who did something: for as long as it is kept, also when they are no member any more.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditWho {
    /// Their id.
    pub id: String,
    /// Their address.
    pub email: String,
}

impl AuditWho {
    /// A member.
    pub fn of(member: &Member) -> Self {
        Self {
            id: member.id.clone(),
            email: member.email.clone(),
        }
    }
}

impl std::fmt::Debug for AuditWho {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AuditWho").field(&self.id).finish()
    }
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who; `None`: on the command line, or nobody who is known.
    pub who: Option<AuditWho>,
    /// What: `PUT /v1/skus/{sku}`.
    pub action: String,
    /// To what: `cc-mug`; empty where there is none.
    pub subject: String,
    /// What came of it.
    pub outcome: AuditOutcome,
    /// Why it was refused.
    pub code: Option<String>,
}

/// Something that somebody did, as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number: 1, 2, 3.
    pub number: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub entry: AuditEntry,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    at_ms: i64,
    member: Option<String>,
    email: Option<String>,
    action: String,
    subject: String,
    outcome: String,
    code: Option<String>,
    hash: Vec<u8>,
}

impl Store {
    /// Writes down what somebody did.
    pub async fn add_audit(
        &self,
        store: &StoreId,
        entry: &AuditEntry,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut session = self.0.engine.write(store).await?;
        // As every change of a store does: so the numbers have no gap, and each hash is of the one before.
        query("UPDATE store SET revision = revision WHERE store_id = $1")
            .bind(store.as_str())
            .execute(&mut session)
            .await?;
        add(&mut session, store, entry, at).await?;
        session.commit().await
    }

    /// What was done in a store, the latest first, from before the number `before`.
    pub async fn audit(
        &self,
        store: &StoreId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let rows: Vec<Row> = query_as(
            "
            SELECT number
                 , at_ms
                 , member
                 , email
                 , action
                 , subject
                 , outcome
                 , code
                 , hash
              FROM audit
             WHERE store_id = $1
               AND number < $2
             ORDER BY number DESC
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(before.map_or(i64::MAX, stored))
        .bind(limit)
        .fetch_all(&mut self.read(store).await?)
        .await?;
        rows.into_iter().map(Row::record).collect()
    }
}

impl Writing {
    /// Writes down what somebody did, together with what they changed.
    pub async fn add_audit(&mut self, entry: &AuditEntry) -> Result<(), StoreError> {
        let (store, at) = (self.store.clone(), self.at);
        add(&mut self.session, &store, entry, at).await
    }
}

/// The store's row is locked by now, so nobody else adds one meanwhile.
async fn add(
    session: &mut Session,
    store: &StoreId,
    entry: &AuditEntry,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let last: Option<(i64, Vec<u8>)> = query_as(
        "
        SELECT number
             , hash
          FROM audit
         WHERE store_id = $1
         ORDER BY number DESC
         LIMIT 1",
    )
    .bind(store.as_str())
    .fetch_optional(session)
    .await?;
    let (last, hash) = last.unwrap_or_default();
    let mut row = Row {
        number: last + 1,
        at_ms: at.timestamp_millis(),
        member: entry.who.as_ref().map(|who| who.id.clone()),
        email: entry.who.as_ref().map(|who| who.email.clone()),
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        outcome: entry.outcome.name().to_owned(),
        code: entry.code.clone(),
        hash,
    };
    row.hash = row.hash_after(&row.hash).to_vec();
    query(
        "
        INSERT INTO audit
             ( store_id
             , number
             , at_ms
             , member
             , email
             , action
             , subject
             , outcome
             , code
             , hash
             )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(store.as_str())
    .bind(row.number)
    .bind(row.at_ms)
    .bind(row.member.as_deref())
    .bind(row.email.as_deref())
    .bind(&row.action)
    .bind(&row.subject)
    .bind(&row.outcome)
    .bind(row.code.as_deref())
    .bind(&row.hash[..])
    .execute(session)
    .await?;
    Ok(())
}

/// Rows that are not what was written down, or are missing.
pub(super) async fn rows_that_were_changed(
    session: &mut Session,
    store: &StoreId,
) -> Result<Vec<Fault>, StoreError> {
    let (mut number, mut hash) = (0, Vec::new());
    loop {
        let rows: Vec<Row> = query_as(
            "
            SELECT number
                 , at_ms
                 , member
                 , email
                 , action
                 , subject
                 , outcome
                 , code
                 , hash
              FROM audit
             WHERE store_id = $1
               AND $2 < number
             ORDER BY number
             LIMIT $3",
        )
        .bind(store.as_str())
        .bind(number)
        .bind(CHECKED_AT_ONCE)
        .fetch_all(session)
        .await?;
        for row in &rows {
            if row.number != number + 1 || row.hash[..] != row.hash_after(&hash) {
                // What comes after it has hashes of their own, so one is enough.
                return Ok(vec![Fault {
                    check: "the audit log is as it was written",
                    found: format!(
                        "store {store}: entry {} was changed, or one before it removed",
                        row.number
                    ),
                }]);
            }
            number = row.number;
            hash.clone_from(&row.hash);
        }
        if u32::try_from(rows.len()).is_ok_and(|count| count < CHECKED_AT_ONCE) {
            return Ok(Vec::new());
        }
    }
}

impl Row {
    /// The hash of the row, given the one before it; of nothing before the first.
    fn hash_after(&self, before: &[u8]) -> SecretHash {
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update(json_rows(&[(
            self.number,
            self.at_ms,
            &self.member,
            &self.email,
            &self.action,
            &self.subject,
            &self.outcome,
            &self.code,
        )]));
        hash.finalize().into()
    }

    fn record(self) -> Result<AuditRecord, StoreError> {
        let who = self.member.zip(self.email);
        Ok(AuditRecord {
            number: self.number.unsigned_abs(),
            at: instant(self.at_ms)?,
            entry: AuditEntry {
                who: who.map(|(id, email)| AuditWho { id, email }),
                action: self.action,
                subject: self.subject,
                outcome: AuditOutcome::named(&self.outcome)
                    .ok_or(StoreError::Unreadable("audit.outcome"))?,
                code: self.code,
            },
        })
    }
}

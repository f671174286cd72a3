//! Moves all stores of a database to another one, on whichever engine each is.
//!
//! What is read is of one moment, in one transaction that only reads. What is written is one transaction
//! too, committed when the rows in it have been read back and are the same: a copy that is cut off, by
//! whatever, leaves the target as it was.

use shared::ids::StoreId;
use tokio::task::yield_now;

use super::engine::rows::{PAGE_ROWS, Sum, Table};
use super::engine::{Scope, Session, query, query_as};
use super::stores::FIRST_STORE;
use super::{Store, StoreError};

/// Every table, each after those that its rows refer to.
pub const TABLES: [&str; 65] = [
    "store",
    "location",
    "transit",
    "supplier",
    "sku",
    "stock_level",
    "act",
    "movement",
    "purchase_order",
    "purchase_order_line",
    "supply_date_change",
    "receipt",
    "receipt_line",
    "delivery",
    "supplier_model",
    "reservation",
    "promised_part",
    "claim",
    "promise",
    "sales_order",
    "sales_order_line",
    "shipment",
    "shipment_line",
    "payment",
    "charge",
    "refund",
    "money_event",
    "notice",
    "delay_event",
    "errand",
    "letter_template",
    "waitlist_address",
    "waitlist_entry",
    "waitlist_link",
    "offer_rule",
    "order_shopper",
    "offer_exposure",
    "offer_exposure_sum",
    "offer_assignment",
    "offer",
    "member",
    "recovery_code",
    "session",
    "setup_link",
    "audit",
    "sales_month",
    "forecast",
    "forecast_state",
    "reorder_policy",
    "reorder_terms",
    "reorder",
    "reorder_line",
    "reorder_firing",
    "alert",
    "webhook_endpoint",
    "webhook_event",
    "webhook_delivery",
    "webhook_try",
    "webhook_known",
    "post_policy",
    "post",
    "post_copy",
    "post_outlook",
    "key",
    "kept_answer",
];

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The table whose rows are carried or compared.
    pub table: &'static str,
    /// Rows that were carried or compared so far.
    pub rows: u64,
}

/// What is in a table of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSum {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of all that stands in them, in the order of the primary key; the same on both engines.
    pub digest: [u8; 32],
}

/// A store that was carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The store.
    pub store: StoreId,
    /// What is in it, on both sides.
    pub tables: Vec<TableSum>,
}

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The target is in use.
    #[error(
        "the target has the store `{0}` already, which somebody has changed: take a fresh database"
    )]
    NotFresh(String),
    /// The two have other tables.
    #[error("the table {0} has other columns on the other side: take the same version for both")]
    OtherTables(&'static str),
    /// What was written is not what was read.
    #[error("the table {table} of the store `{store}` was not the same when it was read back")]
    Differs {
        /// Whose.
        store: StoreId,
        /// Which.
        table: &'static str,
    },
    /// One of the two did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Copies all stores to a target that has none, but for the untouched first one of a fresh database.
    ///
    /// # Errors
    ///
    /// [`CopyError::NotFresh`], and as the databases fail. The target is as it was then.
    pub async fn copy_all_to(
        &self,
        target: &Self,
        mut progress: impl FnMut(Progress),
    ) -> Result<Vec<Copied>, CopyError> {
        let first: StoreId = FIRST_STORE.parse().expect("is an id by its looks");
        let mut from = self.read_all().await?;
        let mut to = target.0.engine.write(&first).await?;
        clear(&mut to, &first).await?;
        let tables = common_tables(&mut from, &mut to).await?;
        from.find_by_keys_alone(true).await?;
        to.find_by_keys_alone(true).await?;
        let mut rows = 0;
        let mut read = Vec::new();
        for store in stores(&mut from).await? {
            from.turn_to(Scope::Store(&store)).await?;
            to.turn_to(Scope::Store(&store)).await?;
            let mut sums = Vec::new();
            for (source, target) in &tables {
                let mut told = |more: u64| {
                    rows += more;
                    let table = source.name;
                    progress(Progress { table, rows });
                };
                sums.push(carry(&mut from, source, &mut to, target, &store, &mut told).await?);
            }
            from.turn_to(Scope::AllStores).await?;
            read.push((store, sums));
        }
        // PostgreSQL would end it while the other is compared.
        from.end().await?;

        let mut copied = Vec::new();
        for (store, sums) in read {
            to.turn_to(Scope::Store(&store)).await?;
            let mut written = Vec::new();
            for ((_, table), sum) in tables.iter().zip(&sums) {
                let found = table.sum(&mut to, &store).await?;
                let table = table.name;
                if (found.rows, found.digest()) != (sum.rows, sum.digest()) {
                    return Err(CopyError::Differs { store, table });
                }
                rows += found.rows;
                progress(Progress { table, rows });
                // Whoever waits may have heard enough: then this is where it ends.
                yield_now().await;
                written.push(TableSum::of(table, &found));
            }
            copied.push(Copied {
                store,
                tables: written,
            });
        }
        to.commit().await?;
        target.0.untold.add_everywhere();
        Ok(copied)
    }

    /// What is in each table of a store, seen at one moment.
    pub async fn sums(&self, store: &StoreId) -> Result<Vec<TableSum>, StoreError> {
        let mut session = self.read(store).await?;
        let mut sums = Vec::new();
        for table in Table::read(&mut session, &TABLES).await? {
            let sum = table.sum(&mut session, store).await?;
            sums.push(TableSum::of(table.name, &sum));
        }
        session.end().await?;
        Ok(sums)
    }
}

impl TableSum {
    fn of(table: &'static str, sum: &Sum) -> Self {
        Self {
            table,
            rows: sum.rows,
            digest: sum.digest(),
        }
    }
}

/// All tables, as the one side has them and as the other.
async fn common_tables(
    from: &mut Session,
    to: &mut Session,
) -> Result<Vec<(Table, Table)>, CopyError> {
    let source = Table::read(from, &TABLES).await?;
    let target = Table::read(to, &TABLES).await?;
    let tables: Vec<(Table, Table)> = source.into_iter().zip(target).collect();
    match tables.iter().find(|(own, other)| !own.is_like(other)) {
        Some((table, _)) => Err(CopyError::OtherTables(table.name)),
        None => Ok(tables),
    }
}

/// Carries the rows of a store's table over. Returns the sum of what was read.
async fn carry(
    from: &mut Session,
    source: &Table,
    to: &mut Session,
    target: &Table,
    store: &StoreId,
    told: &mut impl FnMut(u64),
) -> Result<Sum, StoreError> {
    let mut sum = Sum::default();
    let mut after: Option<Vec<_>> = None;
    loop {
        let page = source.page(from, store, after.as_deref()).await?;
        page.iter().for_each(|row| sum.take(row));
        let rows = page.len();
        after = page.last().cloned();
        if 0 < rows {
            target.add(to, page).await?;
            told(u64::try_from(rows).unwrap_or(u64::MAX));
            yield_now().await;
        }
        if rows < PAGE_ROWS {
            return Ok(sum);
        }
    }
}

/// The ids of all stores.
async fn stores(session: &mut Session) -> Result<Vec<StoreId>, StoreError> {
    let ids: Vec<(String,)> = query_as(
        "
        SELECT store_id
          FROM store
         ORDER BY store_id",
    )
    .fetch_all(session)
    .await?;
    let ids = ids.iter().map(|(id,)| id.parse());
    ids.collect::<Result<_, _>>()
        .map_err(|_| StoreError::Unreadable("store.store_id"))
}

/// Removes the first store of a fresh database.
async fn clear(to: &mut Session, first: &StoreId) -> Result<(), CopyError> {
    to.turn_to(Scope::AllStores).await?;
    let known = stores(to).await?;
    if let Some(other) = known.iter().find(|store| *store != first) {
        return Err(CopyError::NotFresh(other.to_string()));
    }
    to.turn_to(Scope::Store(first)).await?;
    let removed = query(
        "
        DELETE FROM store
         WHERE store_id = $1
           AND revision = 0",
    )
    .bind(first.as_str())
    .execute(to)
    .await?;
    if removed < u64::try_from(known.len()).unwrap_or(u64::MAX) {
        return Err(CopyError::NotFresh(first.to_string()));
    }
    query(
        "
        DELETE FROM location
         WHERE store_id = $1",
    )
    .bind(first.as_str())
    .execute(to)
    .await?;
    Ok(())
}

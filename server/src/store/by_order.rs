//! Rows of several orders, read by one statement.

use std::collections::HashMap;

use shared::ids::StoreId;

use super::StoreError;
use super::engine::query::Row;
use super::engine::{Session, query_as};

/// A row, and the order whose it is: a statement names that `sales_order`.
#[derive(sqlx::FromRow)]
pub(super) struct Of<T> {
    sales_order: String,
    #[sqlx(flatten)]
    row: T,
}

/// What belongs to each of several orders, in the sequence in which it was read.
pub(super) struct ByOrder<T>(HashMap<String, Vec<T>>);

impl<T> ByOrder<T> {
    /// Reads the rows of a statement that takes a store and a JSON list of ids.
    pub async fn fetched<R>(
        session: &mut Session,
        sql: &'static str,
        store: &StoreId,
        orders: &str,
        read: impl Fn(R) -> Result<T, StoreError>,
    ) -> Result<Self, StoreError>
    where
        Of<R>: Row,
    {
        let rows: Vec<Of<R>> = query_as(sql)
            .bind(store.as_str())
            .bind(orders)
            .fetch_all(session)
            .await?;
        let mut found: HashMap<String, Vec<T>> = HashMap::new();
        for Of { sales_order, row } in rows {
            found.entry(sales_order).or_default().push(read(row)?);
        }
        Ok(Self(found))
    }

    /// What belongs to an order. It is not here any more after that.
    pub fn take(&mut self, order: &str) -> Vec<T> {
        self.0.remove(order).unwrap_or_default()
    }
}

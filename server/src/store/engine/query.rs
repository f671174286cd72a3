//! A statement with its values, for either engine.

use std::marker::PhantomData;

use chrono::NaiveDate;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Encode, FromRow, Type};

use super::Session;
use super::postgres::answered;
use super::wording::worded;
use crate::store::StoreError;

/// What can be read from a row of either engine.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

/// A statement, its values in the order `$1`, `$2`, ..., and what its rows are read into.
pub struct Query<T> {
    sql: &'static str,
    values: Vec<Value>,
    rows: PhantomData<fn() -> T>,
}

/// A statement whose rows have one column.
pub struct Scalar<T>(Query<(T,)>);

/// A value that a statement takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Characters.
    Text(Option<String>),
    /// A whole number.
    Number(Option<i64>),
    /// True or false.
    Truth(bool),
    /// A civil date.
    Date(Option<NaiveDate>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

/// A statement without rows to read.
pub fn query(sql: &'static str) -> Query<()> {
    query_as(sql)
}

/// A statement whose rows are read into `T`.
pub fn query_as<T>(sql: &'static str) -> Query<T> {
    Query {
        sql,
        values: Vec::new(),
        rows: PhantomData,
    }
}

/// A statement whose rows have one column, of type `T`.
pub fn query_scalar<T>(sql: &'static str) -> Scalar<T> {
    Scalar(query_as(sql))
}

/// Runs statements of which none sees what another does, and none changes a row that another does. PostgreSQL
/// is asked once for all of them.
pub async fn together(queries: Vec<Query<()>>, session: &mut Session) -> Result<(), StoreError> {
    if let Session::Postgres(transaction) = session
        && 1 < queries.len()
    {
        let (sql, values) = in_one(queries);
        let values = arguments::<PgArguments>(values)?;
        // Made of statements of this program and nothing else.
        let query = sqlx::query_with(AssertSqlSafe(sql), values);
        answered(query.execute(&mut **transaction)).await?;
        return Ok(());
    }
    for query in queries {
        query.execute(session).await?;
    }
    Ok(())
}

/// Statements that change rows as parts of one, and its values.
fn in_one(queries: Vec<Query<()>>) -> (String, Vec<Value>) {
    let mut sql = String::new();
    let mut values = Vec::new();
    for (at, query) in queries.into_iter().enumerate() {
        let before = if at == 0 { "WITH" } else { "," };
        let statement = numbered_from(worded(query.sql), values.len());
        sql.push_str(&format!("{before} part_{at} AS ({statement} RETURNING 1)"));
        values.extend(query.values);
    }
    sql.push_str(" SELECT 1");
    (sql, values)
}

/// A statement whose first value is not `$1` but comes after so many others.
fn numbered_from(sql: &str, others: usize) -> String {
    let mut parts = sql.split('$');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit());
        let (number, rest) = part.split_at(end.unwrap_or(part.len()));
        let number: usize = number.parse().unwrap_or_default();
        numbered.push_str(&format!("${}{rest}", number + others));
    }
    numbered
}

impl<T> Query<T> {
    /// Gives the next value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Runs it. Returns how many rows it changed.
    pub async fn execute(self, session: &mut Session) -> Result<u64, StoreError> {
        Ok(match session {
            Session::Sqlite(transaction) => {
                let values = arguments::<SqliteArguments>(self.values)?;
                let query = sqlx::query_with(self.sql, values);
                query.execute(&mut **transaction).await?.rows_affected()
            }
            Session::Postgres(transaction) => {
                let values = arguments::<PgArguments>(self.values)?;
                let query = sqlx::query_with(worded(self.sql), values);
                answered(query.execute(&mut **transaction))
                    .await?
                    .rows_affected()
            }
        })
    }
}

impl<T: Row> Query<T> {
    /// All rows.
    pub async fn fetch_all(self, session: &mut Session) -> Result<Vec<T>, StoreError> {
        match session {
            Session::Sqlite(_) => self.fetch_all_patiently(session).await,
            Session::Postgres(_) => answered(self.fetch_all_patiently(session)).await,
        }
    }

    /// All rows, however long that takes.
    pub async fn fetch_all_patiently(self, session: &mut Session) -> Result<Vec<T>, StoreError> {
        Ok(match session {
            Session::Sqlite(transaction) => {
                let values = arguments::<SqliteArguments>(self.values)?;
                let query = sqlx::query_as_with(self.sql, values);
                query.fetch_all(&mut **transaction).await?
            }
            Session::Postgres(transaction) => {
                let values = arguments::<PgArguments>(self.values)?;
                let query = sqlx::query_as_with(worded(self.sql), values);
                query.fetch_all(&mut **transaction).await?
            }
        })
    }

    /// The first row, if there is any.
    pub async fn fetch_optional(self, session: &mut Session) -> Result<Option<T>, StoreError> {
        Ok(match session {
            Session::Sqlite(transaction) => {
                let values = arguments::<SqliteArguments>(self.values)?;
                let query = sqlx::query_as_with(self.sql, values);
                query.fetch_optional(&mut **transaction).await?
            }
            Session::Postgres(transaction) => {
                let values = arguments::<PgArguments>(self.values)?;
                let query = sqlx::query_as_with(worded(self.sql), values);
                answered(query.fetch_optional(&mut **transaction)).await?
            }
        })
    }

    /// The first row, which there must be.
    pub async fn fetch_one(self, session: &mut Session) -> Result<T, StoreError> {
        let row = self.fetch_optional(session).await?;
        Ok(row.ok_or(sqlx::Error::RowNotFound)?)
    }
}

impl<T> Scalar<T>
where
    (T,): Row,
{
    /// Gives the next value.
    pub fn bind(self, value: impl Into<Value>) -> Self {
        Self(self.0.bind(value))
    }

    /// The column of all rows.
    pub async fn fetch_all(self, session: &mut Session) -> Result<Vec<T>, StoreError> {
        let rows = self.0.fetch_all(session).await?;
        Ok(rows.into_iter().map(|(value,)| value).collect())
    }

    /// The column of the first row, if there is any.
    pub async fn fetch_optional(self, session: &mut Session) -> Result<Option<T>, StoreError> {
        Ok(self.0.fetch_optional(session).await?.map(|(value,)| value))
    }

    /// The column of the first row, which there must be.
    pub async fn fetch_one(self, session: &mut Session) -> Result<T, StoreError> {
        Ok(self.0.fetch_one(session).await?.0)
    }
}

/// The values as an engine takes them.
pub(super) fn arguments<A>(values: Vec<Value>) -> Result<A, StoreError>
where
    A: Arguments + Default,
    Option<String>: for<'q> Encode<'q, A::Database> + Type<A::Database>,
    Option<i64>: for<'q> Encode<'q, A::Database> + Type<A::Database>,
    bool: for<'q> Encode<'q, A::Database> + Type<A::Database>,
    Option<NaiveDate>: for<'q> Encode<'q, A::Database> + Type<A::Database>,
    Option<Vec<u8>>: for<'q> Encode<'q, A::Database> + Type<A::Database>,
{
    let mut arguments = A::default();
    for value in values {
        match value {
            Value::Text(text) => arguments.add(text),
            Value::Number(number) => arguments.add(number),
            Value::Truth(truth) => arguments.add(truth),
            Value::Date(date) => arguments.add(date),
            Value::Bytes(bytes) => arguments.add(bytes),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<NaiveDate> for Value {
    fn from(date: NaiveDate) -> Self {
        Self::Date(Some(date))
    }
}

impl From<Option<NaiveDate>> for Value {
    fn from(date: Option<NaiveDate>) -> Self {
        Self::Date(date)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(Some(bytes.to_owned()))
    }
}

impl From<Option<&[u8]>> for Value {
    fn from(bytes: Option<&[u8]>) -> Self {
        Self::Bytes(bytes.map(<[u8]>::to_owned))
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl From<$number> for Value {
            fn from(number: $number) -> Self {
                Self::Number(Some(number.into()))
            }
        }

        impl From<Option<$number>> for Value {
            fn from(number: Option<$number>) -> Self {
                Self::Number(number.map(Into::into))
            }
        }
    )*};
}

numbers!(u8, u16, u32, i32, i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_become_parts_of_one_and_keep_their_values() {
        let (sql, values) = in_one(vec![
            query("INSERT INTO a SELECT $1, $2").bind("one").bind(2),
            query("UPDATE b SET c = $2 WHERE d = $1")
                .bind(3)
                .bind("four"),
        ]);
        assert_eq!(
            sql,
            "WITH part_0 AS (INSERT INTO a SELECT $1, $2 RETURNING 1), \
             part_1 AS (UPDATE b SET c = $4 WHERE d = $3 RETURNING 1) SELECT 1"
        );
        assert_eq!(
            values,
            [Value::from("one"), 2.into(), 3.into(), "four".into()]
        );
    }
}

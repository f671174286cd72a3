//! Rows of any table, whole, as they are carried from one database to another.
//!
//! The one place where statements are put together: their names come from the schema, and no others.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use shared::ids::StoreId;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row};

use super::Session;
use super::query::{Value, arguments};
use crate::store::StoreError;

/// Rows that are carried at a time.
pub const PAGE_ROWS: usize = 500;
/// Rows that SQLite is given at a time. With the columns of the widest table they stay below its 32,766 values.
const ROWS_AT_ONCE: usize = 100;

/// A table with its columns, as one engine has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in their places.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    kind: Kind,
    /// Its place in the primary key, from 1.
    in_key: Option<usize>,
}

/// What a column holds. SQLite has no truths and no dates of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Truth,
    Text,
    Date,
    Bytes,
}

/// A value that both engines know: truth is 0 or 1, a date `2026-11-23`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// None.
    Absent,
    /// A whole number.
    Number(i64),
    /// Characters.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A number of rows, and the sum of all that stands in them.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    /// How many.
    pub rows: u64,
    hash: Sha256,
}

impl Table {
    /// What the database knows of some tables.
    pub async fn read(
        session: &mut Session,
        names: &[&'static str],
    ) -> Result<Vec<Self>, StoreError> {
        let asked = serde_json::to_string(names).expect("a list of strings is always JSON");
        // Table, name, kind and place in the primary key, 0 for none.
        let found: Vec<(String, String, String, i64)> = match session {
            Session::Sqlite(transaction) => {
                let columns = sqlx::query_as(
                    "
                    SELECT asked.value
                         , of_column.name
                         , of_column.type
                         , of_column.pk
                      FROM json_each($1) AS asked
                      JOIN pragma_table_info(asked.value) AS of_column
                     ORDER BY asked.key
                            , of_column.cid",
                );
                columns.bind(asked).fetch_all(&mut **transaction).await?
            }
            Session::Postgres(transaction) => {
                let columns = sqlx::query_as(
                    "
                    SELECT asked.value
                         , CAST(attname AS text)
                         , format_type(atttypid, NULL)
                         , CAST(coalesce(array_position(conkey, attnum), 0) AS bigint)
                      FROM json_each($1) AS asked
                      JOIN pg_attribute
                        ON attrelid = to_regclass(asked.value)
                       AND 0 < attnum
                       AND NOT attisdropped
                      LEFT JOIN pg_constraint
                        ON conrelid = attrelid
                       AND contype = 'p'
                     ORDER BY attrelid
                            , attnum",
                );
                columns.bind(asked).fetch_all(&mut **transaction).await?
            }
        };
        let mut tables: Vec<Self> = names
            .iter()
            .map(|name| Self {
                name,
                columns: Vec::new(),
            })
            .collect();
        for (table, name, kind, in_key) in found {
            let column = Column {
                name,
                kind: Kind::named(&kind).ok_or(OTHER_KIND)?,
                in_key: usize::try_from(in_key).ok().filter(|place| 0 < *place),
            };
            let table = tables.iter_mut().find(|known| known.name == table);
            table.ok_or(OTHER_KIND)?.columns.push(column);
        }
        Ok(tables)
    }

    /// True if it has the same columns in the same places as the other engine's.
    pub fn is_like(&self, other: &Self) -> bool {
        let names = |table: &Self| -> Vec<(String, Option<usize>)> {
            let columns = table.columns.iter();
            columns
                .map(|column| (column.name.clone(), column.in_key))
                .collect()
        };
        self.name == other.name && names(self) == names(other)
    }

    /// Places of the columns by which rows of a store are told apart and ordered.
    fn key(&self) -> Vec<usize> {
        let mut key: Vec<(usize, usize)> = self
            .columns
            .iter()
            .enumerate()
            .filter_map(|(at, column)| Some((column.in_key?, at)))
            .collect();
        key.sort_unstable();
        // The first is the store itself.
        key.into_iter().skip(1).map(|(_, at)| at).collect()
    }

    /// The rows of a store that come after a row, in the order of the primary key; one page.
    pub async fn page(
        &self,
        session: &mut Session,
        store: &StoreId,
        after: Option<&[Cell]>,
    ) -> Result<Vec<Vec<Cell>>, StoreError> {
        let key = self.key();
        let after = after.map(|row| key.iter().map(|at| row[*at].clone()));
        let after: Vec<Cell> = after.into_iter().flatten().collect();
        let sql = self.select(&key, after.len(), matches!(session, Session::Postgres(_)));
        let mut values = vec![Value::from(store.as_str())];
        values.extend(after.into_iter().map(Value::from));
        match session {
            Session::Sqlite(transaction) => {
                let values = arguments::<SqliteArguments>(values)?;
                let query = sqlx::query_with(AssertSqlSafe(sql), values);
                let rows = query.fetch_all(&mut **transaction).await?;
                rows.iter().map(|row| self.of_sqlite(row)).collect()
            }
            Session::Postgres(transaction) => {
                let values = arguments::<PgArguments>(values)?;
                let query = sqlx::query_with(AssertSqlSafe(sql), values);
                let rows = query.fetch_all(&mut **transaction).await?;
                rows.iter().map(|row| self.of_postgres(row)).collect()
            }
        }
    }

    /// Adds rows as they are.
    pub async fn add(&self, session: &mut Session, rows: Vec<Vec<Cell>>) -> Result<(), StoreError> {
        match session {
            Session::Sqlite(transaction) => {
                let places = format!("({})", vec!["?"; self.columns.len()].join(", "));
                for rows in rows.chunks(ROWS_AT_ONCE) {
                    let sql = format!(
                        "INSERT INTO {} ({}) VALUES {}",
                        self.name,
                        self.names().join(", "),
                        vec![places.as_str(); rows.len()].join(", ")
                    );
                    let values = rows.iter().flatten().cloned().map(Value::from).collect();
                    let values = arguments::<SqliteArguments>(values)?;
                    let query = sqlx::query_with(AssertSqlSafe(sql), values);
                    query.execute(&mut **transaction).await?;
                }
            }
            Session::Postgres(transaction) => {
                let mut values = PgArguments::default();
                for (at, column) in self.columns.iter().enumerate() {
                    let cells = rows.iter().map(|row| &row[at]);
                    match column.kind {
                        Kind::Number | Kind::Truth => values.add(numbers(cells)?),
                        Kind::Text | Kind::Date => values.add(texts(cells)?),
                        Kind::Bytes => values.add(bytes(cells)?),
                    }
                    .map_err(sqlx::Error::Encode)?;
                }
                let query = sqlx::query_with(AssertSqlSafe(self.insert_page()), values);
                query.execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }

    /// The sum of a store's rows, read from the database.
    pub async fn sum(&self, session: &mut Session, store: &StoreId) -> Result<Sum, StoreError> {
        let mut sum = Sum::default();
        let mut after: Option<Vec<Cell>> = None;
        loop {
            let mut page = self.page(session, store, after.as_deref()).await?;
            page.iter().for_each(|row| sum.take(row));
            let is_last = page.len() < PAGE_ROWS;
            after = page.pop();
            if is_last {
                return Ok(sum);
            }
        }
    }

    fn names(&self) -> Vec<&str> {
        let names = self.columns.iter().map(|column| column.name.as_str());
        names.collect()
    }

    /// The statement that reads a page, after a row where there are `after` values of its key.
    fn select(&self, key: &[usize], after: usize, on_postgres: bool) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|Column { name, kind, .. }| match kind {
                Kind::Truth if on_postgres => format!("CAST(CAST({name} AS int) AS bigint)"),
                Kind::Date if on_postgres => format!("to_char({name}, 'YYYY-MM-DD')"),
                _ => name.clone(),
            })
            .collect();
        let names: Vec<&str> = key
            .iter()
            .map(|at| self.columns[*at].name.as_str())
            .collect();
        let mut sql = format!(
            "SELECT {} FROM {} WHERE store_id = $1",
            columns.join(", "),
            self.name
        );
        if 0 < after {
            let places: Vec<String> = (2..after + 2).map(|n| format!("${n}")).collect();
            let (names, places) = (names.join(", "), places.join(", "));
            write!(sql, " AND ({places}) < ({names})").expect("a string takes all");
        }
        let order: Vec<&str> = ["store_id"].into_iter().chain(names).collect();
        write!(sql, " ORDER BY {} LIMIT {PAGE_ROWS}", order.join(", "))
            .expect("a string takes all");
        sql
    }

    /// The statement by which PostgreSQL takes a list of values for each column.
    fn insert_page(&self) -> String {
        let given = self.columns.iter().enumerate().map(|(at, column)| {
            let kind = match column.kind {
                Kind::Number | Kind::Truth => "bigint",
                Kind::Text | Kind::Date => "text",
                Kind::Bytes => "bytea",
            };
            format!("CAST(${} AS {kind}[])", at + 1)
        });
        let taken = self
            .columns
            .iter()
            .map(|Column { name, kind, .. }| match kind {
                Kind::Truth => format!("page.{name} <> 0"),
                Kind::Date => format!("CAST(page.{name} AS date)"),
                _ => format!("page.{name}"),
            });
        let names = self.names().join(", ");
        format!(
            "INSERT INTO {} ({names}) SELECT {} FROM unnest({}) AS page ({names})",
            self.name,
            taken.collect::<Vec<_>>().join(", "),
            given.collect::<Vec<_>>().join(", ")
        )
    }

    fn of_sqlite(&self, row: &SqliteRow) -> Result<Vec<Cell>, StoreError> {
        let cells = self.columns.iter().enumerate().map(|(at, column)| {
            Ok(match column.kind {
                Kind::Number | Kind::Truth => row.try_get::<Option<i64>, _>(at)?.into(),
                Kind::Text | Kind::Date => row.try_get::<Option<String>, _>(at)?.into(),
                Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.into(),
            })
        });
        cells.collect()
    }

    fn of_postgres(&self, row: &PgRow) -> Result<Vec<Cell>, StoreError> {
        let cells = self.columns.iter().enumerate().map(|(at, column)| {
            Ok(match column.kind {
                Kind::Number | Kind::Truth => row.try_get::<Option<i64>, _>(at)?.into(),
                Kind::Text | Kind::Date => row.try_get::<Option<String>, _>(at)?.into(),
                Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.into(),
            })
        });
        cells.collect()
    }
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "INTEGER" | "bigint" => Some(Self::Number),
            "boolean" => Some(Self::Truth),
            "TEXT" | "text" => Some(Self::Text),
            "date" => Some(Self::Date),
            "BLOB" | "bytea" => Some(Self::Bytes),
            _ => None,
        }
    }
}

impl Sum {
    /// Counts a row. Rows are taken in the order of the primary key, the same on both engines.
    pub fn take(&mut self, row: &[Cell]) {
        self.rows += 1;
        for cell in row {
            // What it is and how long, so that no two rows look the same one after the other.
            let (kind, bytes): (u8, &[u8]) = match cell {
                Cell::Absent => (0, &[]),
                Cell::Number(number) => (1, &number.to_be_bytes()),
                Cell::Text(text) => (2, text.as_bytes()),
                Cell::Bytes(bytes) => (3, bytes),
            };
            self.hash.update([kind]);
            self.hash.update((bytes.len() as u64).to_be_bytes());
            self.hash.update(bytes);
        }
    }

    /// The sum of all that was taken.
    pub fn digest(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Absent => Self::Number(None),
            Cell::Number(number) => Self::Number(Some(number)),
            Cell::Text(text) => Self::Text(Some(text)),
            Cell::Bytes(bytes) => Self::Bytes(Some(bytes)),
        }
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Cell {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

const OTHER_KIND: StoreError = StoreError::Unreadable("a column of another kind");

fn numbers<'a>(cells: impl Iterator<Item = &'a Cell>) -> Result<Vec<Option<i64>>, StoreError> {
    let numbers = cells.map(|cell| match cell {
        Cell::Absent => Ok(None),
        Cell::Number(number) => Ok(Some(*number)),
        _ => Err(OTHER_KIND),
    });
    numbers.collect()
}

fn texts<'a>(cells: impl Iterator<Item = &'a Cell>) -> Result<Vec<Option<String>>, StoreError> {
    let texts = cells.map(|cell| match cell {
        Cell::Absent => Ok(None),
        Cell::Text(text) => Ok(Some(text.clone())),
        _ => Err(OTHER_KIND),
    });
    texts.collect()
}

fn bytes<'a>(cells: impl Iterator<Item = &'a Cell>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
    let bytes = cells.map(|cell| match cell {
        Cell::Absent => Ok(None),
        Cell::Bytes(bytes) => Ok(Some(bytes.clone())),
        _ => Err(OTHER_KIND),
    });
    bytes.collect()
}

//! How many rows SQLite is told to expect, so that it chooses the same index in every shop and on every day.
//!
//! Without statistics it takes ten rows to have a given `store_id`
//! (<https://www.sqlite.org/fileformat2.html#the_sqlite_stat1_table>), and goes through all rows of a store
//! where an index would find the few. With gathered ones it chooses by what a table held when it was looked
//! through: for a new shop, nothing. So it is told what a large shop holds.

use sqlx::{Connection, SqliteConnection};

/// For each index that begins with the store: rows in all, and how many of them agree in the first column, in
/// the first two, and so on. Of a partial index fewer: what is still open.
const EXPECTED: &str = "
    INSERT INTO sqlite_stat1 (tbl, idx, stat)
    SELECT tbl
         , idx
         , iif(is_partial, '10000', '1000000') || group_concat(alike, '')
      FROM ( SELECT of_table.name AS tbl
                  , iif(of_index.origin = 'pk' AND of_table.wr, of_table.name, of_index.name) AS idx
                  , of_index.partial AS is_partial
                  , CASE
                    WHEN of_index.\"unique\" AND of_column.seqno = max(of_column.seqno) OVER of_index THEN ' 1'
                    WHEN of_column.seqno = 0 THEN iif(of_index.partial, ' 2000', ' 200000')
                    WHEN of_column.seqno = 1 THEN ' 10'
                    WHEN of_column.seqno = 2 THEN ' 6'
                    WHEN of_column.seqno = 3 THEN ' 4'
                    ELSE ' 2'
                     END AS alike
                  , first_value(of_column.name) OVER of_index AS leads
               FROM pragma_table_list AS of_table
               JOIN pragma_index_list(of_table.name) AS of_index
               JOIN pragma_index_info(of_index.name) AS of_column
              WHERE of_table.type = 'table'
                AND of_table.schema = 'main'
             WINDOW of_index AS
                  ( PARTITION BY of_table.name, of_index.name
                        ORDER BY of_column.seqno
                     ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                  )
           )
     WHERE leads = 'store_id'
     GROUP BY tbl, idx, is_partial";

/// Writes down what is to be expected of every table that there is. Connections made later go by it.
pub async fn expect(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut writing = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Makes the table of statistics, and gathers none.
    for statement in [
        "ANALYZE sqlite_schema",
        "DELETE FROM sqlite_stat1",
        EXPECTED,
    ] {
        sqlx::query(statement).execute(&mut *writing).await?;
    }
    writing.commit().await
}

#[cfg(test)]
mod tests {
    use crate::store::engine::sqlite::Sqlite;

    /// How a fresh file finds rows.
    async fn plan(sql: &'static str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(&folder.path().join("shop.sqlite"))
            .await
            .unwrap();
        let mut reader = sqlite.reader().await.unwrap();
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sql).fetch_all(&mut reader).await.unwrap();
        let steps: Vec<String> = steps.into_iter().map(|(.., step)| step).collect();
        steps.join("; ")
    }

    #[tokio::test]
    async fn what_a_part_takes_is_found_by_the_part() {
        let plan = plan(
            "
            EXPLAIN QUERY PLAN
            SELECT sku
                 , quantity
              FROM claim
             WHERE store_id = 'shop'
               AND reservation = 'ord_1'
               AND line = 0
               AND part = 0",
        )
        .await;
        assert!(
            plan.contains("claim_by_part (store_id=? AND reservation=? AND line=? AND part=?)"),
            "{plan}"
        );
    }

    #[tokio::test]
    async fn the_charges_of_an_order_are_found_by_the_order() {
        let plan = plan("EXPLAIN QUERY PLAN SELECT * FROM charge WHERE store_id = 'shop' AND sales_order = 'ord_1'").await;
        assert!(
            plan.contains("charge_by_order (store_id=? AND sales_order=?)"),
            "{plan}"
        );
    }

    #[tokio::test]
    async fn errands_still_to_run_are_found_among_those_that_have_not_ended() {
        let plan = plan(
            "
            EXPLAIN QUERY PLAN
            SELECT count(*)
              FROM errand
             WHERE store_id = 'shop'
               AND ended_at_ms IS NULL
               AND made_at_ms <= 0",
        )
        .await;
        assert!(plan.contains("errand_due (store_id=?)"), "{plan}");
    }
}

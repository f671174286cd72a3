//! The tables: the same on both engines, made by their owner alone, with what the database itself refuses.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use server::operations::records::SkuRecord;
use server::operations::{ActError, StoreError};
use server::store::writing::Note;
use server::store::{OpenError, Store};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use crate::filled::fill;
use crate::shop::{TestShop, id, now};
use crate::stage::{OWNER, SERVING, address_for, admin, connected_as, fresh_shop};

/// Name, kind of value, whether it must be there, and place in the primary key, of each column in its place.
type Columns = Vec<(String, String, bool, i64)>;

async fn on_sqlite(shop: &TestShop) -> BTreeMap<String, Columns> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(shop.path());
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("the database");
    let rows: Vec<(String, String, String, bool, i64)> = sqlx::query_as(
        "
        SELECT of_table.name
             , of_column.name
             , of_column.type
             , of_column.\"notnull\" <> 0
             , of_column.pk
          FROM sqlite_schema AS of_table
          JOIN pragma_table_info(of_table.name) AS of_column
         WHERE of_table.type = 'table'
           AND of_table.name <> '_sqlx_migrations'
           AND of_table.name NOT GLOB 'sqlite_*'
         ORDER BY of_table.name
                , of_column.cid",
    )
    .fetch_all(&mut connection)
    .await
    .expect("columns");
    by_table(rows)
}

async fn on_postgres(shop: &TestShop) -> BTreeMap<String, Columns> {
    let rows: Vec<(String, String, String, bool, i64)> = sqlx::query_as(
        "
        SELECT CAST(of_column.table_name AS text)
             , CAST(of_column.column_name AS text)
             , CASE of_column.data_type
                    WHEN 'bigint'  THEN 'INTEGER'
                    WHEN 'boolean' THEN 'INTEGER'
                    WHEN 'text'    THEN 'TEXT'
                    WHEN 'date'    THEN 'TEXT'
                    WHEN 'bytea'   THEN 'BLOB'
                    ELSE of_column.data_type
                END
             , of_column.is_nullable = 'NO'
             , CAST(coalesce
               ( ( SELECT array_position(conkey, CAST(of_column.ordinal_position AS int2))
                     FROM pg_constraint
                    WHERE contype = 'p'
                      AND conrelid = to_regclass(of_column.table_name)
                 )
               , 0
               ) AS bigint)
          FROM information_schema.columns AS of_column
         WHERE of_column.table_schema = 'public'
           AND of_column.table_name <> '_sqlx_migrations'
         ORDER BY of_column.table_name
                , of_column.ordinal_position",
    )
    .fetch_all(&mut admin(shop).await)
    .await
    .expect("columns");
    by_table(rows)
}

fn by_table(rows: Vec<(String, String, String, bool, i64)>) -> BTreeMap<String, Columns> {
    let mut tables = BTreeMap::<String, Columns>::new();
    for (table, column, kind, needed, in_key) in rows {
        let columns = tables.entry(table).or_default();
        columns.push((column, kind, needed, in_key));
    }
    tables
}

#[test]
fn both_engines_have_the_same_migrations() {
    let sqlite = sqlx::migrate!("./migrations/sqlite");
    let postgres = sqlx::migrate!("./migrations/postgres");
    let names = |all: &sqlx::migrate::Migrator| {
        let names = all.iter().map(|one| (one.version, one.description.clone()));
        names.collect::<Vec<_>>()
    };
    assert!(4 < names(&sqlite).len());
    assert_eq!(names(&sqlite), names(&postgres));
}

#[tokio::test]
async fn both_engines_have_the_same_tables_with_the_same_columns() {
    let (file, shop) = (TestShop::in_file().await, fresh_shop().await);
    let (sqlite, postgres) = (on_sqlite(&file).await, on_postgres(&shop).await);
    let names = |tables: &BTreeMap<String, Columns>| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    for (table, columns) in &sqlite {
        assert_eq!(columns, &postgres[table], "{table}");
    }
}

#[tokio::test]
async fn text_is_ordered_by_its_bytes() {
    let shop = fresh_shop().await;
    let by_language: Vec<String> = sqlx::query_scalar(
        "
        SELECT table_name || '.' || column_name
          FROM information_schema.columns
         WHERE table_schema = 'public'
           AND table_name <> '_sqlx_migrations'
           AND data_type = 'text'
           AND collation_name IS DISTINCT FROM 'C'",
    )
    .fetch_all(&mut admin(&shop).await)
    .await
    .expect("columns");
    assert_eq!(by_language, [""; 0]);
}

#[tokio::test]
async fn what_stands_in_a_ledger_stays_there_whoever_asks() {
    let shop = fresh_shop().await;
    fill(&shop.app).await;
    for role in [SERVING, OWNER] {
        let mut connection = connected_as(&shop, role).await;
        connection
            .execute("SET ships_by.store = 'default'")
            .await
            .expect("a setting");
        refuse_changes(&mut connection).await;
    }
    refuse_changes(&mut admin(&shop).await).await;
    shop.assert_sound().await;
}

async fn refuse_changes(connection: &mut PgConnection) {
    for change in ["UPDATE audit SET action = 'GET /'", "DELETE FROM audit"] {
        let error = connection.execute(change).await.expect_err(change);
        let error = error.to_string();
        assert!(error.contains("audit is append-only"), "{change}: {error}");
    }
    for table in [
        "act",
        "movement",
        "supply_date_change",
        "promise",
        "shipment",
    ] {
        for change in [
            format!("UPDATE {table} SET revision = revision + 1"),
            format!("DELETE FROM {table}"),
            format!("DELETE FROM {table} WHERE revision = (SELECT max(revision) FROM {table})"),
        ] {
            let done = connection.execute(AssertSqlSafe(change.clone())).await;
            let error = done.expect_err(&change).to_string();
            let words = format!("{table} is append-only");
            assert!(error.contains(&words), "{change}: {error}");
        }
    }
}

/// All that migrating could change: tables, constraints, policies, functions, rights, and what was migrated when.
async fn schema(shop: &TestShop) -> Vec<String> {
    sqlx::query_scalar(
        "
        SELECT concat_ws(' ', 'table', relname, relkind, relacl, relrowsecurity, relforcerowsecurity, oid)
          FROM pg_class WHERE relnamespace = CAST('public' AS regnamespace)
         UNION ALL
        SELECT concat_ws(' ', 'column', attrelid, attname, atttypid, attnotnull, attacl)
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = CAST('public' AS regnamespace)
         UNION ALL
        SELECT concat_ws(' ', 'constraint', conname, oid) FROM pg_constraint
         UNION ALL
        SELECT concat_ws(' ', 'policy', polname, oid) FROM pg_policy
         UNION ALL
        SELECT concat_ws(' ', 'function', proname, proacl, oid) FROM pg_proc WHERE pronamespace = CAST('public' AS regnamespace)
         UNION ALL
        SELECT concat_ws(' ', 'migrated', version, description, installed_on, checksum) FROM _sqlx_migrations
         ORDER BY 1",
    )
    .fetch_all(&mut admin(shop).await)
    .await
    .expect("the schema")
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let shop = fresh_shop().await;
    fill(&shop.app).await;
    let (before, standings) = (schema(&shop).await, shop.app.store.standings().await);
    assert!(100 < before.len());
    for _ in 0..2 {
        Store::migrate(&address_for(&shop, OWNER), SERVING)
            .await
            .expect("the same tables");
    }
    assert_eq!(schema(&shop).await, before);
    let after = shop.app.store.standings().await.expect("stores");
    assert_eq!(standings.expect("stores"), after);
    shop.stocked("after", 3).await;
}

#[tokio::test]
async fn who_may_not_make_tables_is_told_who_may() {
    let shop = fresh_shop().await;
    let serving = address_for(&shop, SERVING);
    // As if a migration were still to be done.
    let older =
        "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    admin(&shop)
        .await
        .execute(older)
        .await
        .expect("older tables");
    let refused = Store::migrate(&serving, SERVING)
        .await
        .expect_err("no right to");
    let words = refused.to_string();
    assert!(words.contains("role that owns the database"), "{words}");
}

#[tokio::test]
async fn a_server_of_other_tables_is_refused_with_what_to_do() {
    let shop = fresh_shop().await;
    let serving = address_for(&shop, SERVING);
    let mut admin = admin(&shop).await;
    for tamper in [
        // Older, newer, changed, and of something else altogether.
        "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
        "INSERT INTO _sqlx_migrations SELECT 9999, 'later', now(), true, checksum, 0 FROM _sqlx_migrations WHERE version = 1",
        "UPDATE _sqlx_migrations SET checksum = sha384('other') WHERE version = 2",
        "UPDATE _sqlx_migrations SET success = false WHERE version = 3",
        "ALTER TABLE _sqlx_migrations RENAME TO something_else",
    ] {
        let kept = "CREATE TABLE kept AS SELECT * FROM _sqlx_migrations";
        admin.execute(kept).await.expect("a copy");
        admin.execute(tamper).await.expect(tamper);
        let refused = Store::connect(&serving).await.expect_err(tamper);
        assert!(matches!(refused, OpenError::OtherTables(_)), "{refused}");
        let words = refused.to_string();
        assert!(words.contains("ships-by migrate"), "{words}");
        let back = "ALTER TABLE IF EXISTS something_else RENAME TO _sqlx_migrations;
                    DELETE FROM _sqlx_migrations;
                    INSERT INTO _sqlx_migrations SELECT * FROM kept;
                    DROP TABLE kept";
        admin.execute(back).await.expect("as it was");
    }
    Store::connect(&serving).await.expect("as it was");
}

#[tokio::test]
async fn an_address_is_shown_without_its_password() {
    let address = address_for(&fresh_shop().await, "nobody:secret-word");
    let refused = Store::connect(&address).await.expect_err("no such role");
    let words = format!("{refused} {refused:?}");
    assert!(words.contains("nobody"), "{words}");
    assert!(!words.contains("secret-word"), "{words}");
}

#[tokio::test]
async fn a_connection_that_writes_has_its_timeouts_and_its_durability() {
    let shop = fresh_shop().await;
    shop.stocked("a", 1).await;
    // The connection writes its own settings down when it commits.
    let spy = format!(
        "
        CREATE TABLE seen (name text, setting text);
        GRANT INSERT ON seen TO {SERVING};
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO seen SELECT name, setting FROM pg_settings; RETURN new; END $$;
        CREATE TRIGGER seeing BEFORE INSERT ON act FOR EACH ROW EXECUTE FUNCTION see()"
    );
    let mut admin = admin(&shop).await;
    admin.execute(AssertSqlSafe(spy)).await.expect("a spy");
    shop.set("a", 2, None).await.expect("a count");
    let seen: Vec<(String, String)> = sqlx::query_as("SELECT name, setting FROM seen")
        .fetch_all(&mut admin)
        .await
        .expect("settings");
    let seen: BTreeMap<String, String> = seen.into_iter().collect();
    for (name, wanted) in [
        ("statement_timeout", "5000"),
        ("lock_timeout", "2000"),
        ("idle_in_transaction_session_timeout", "10000"),
        ("synchronous_commit", "on"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_user_timeout", "8000"),
        ("application_name", "ships-by"),
        ("row_security", "on"),
    ] {
        assert_eq!(seen[name], wanted, "{name}");
    }
}

#[tokio::test]
async fn a_lock_held_for_too_long_is_answered_as_busy_and_the_next_attempt_succeeds() {
    let shop = fresh_shop().await;
    shop.stocked("a", 1).await;
    let mut admin = admin(&shop).await;
    let mut holder = admin.begin().await.expect("a transaction");
    holder
        .execute("SELECT 1 FROM store FOR UPDATE")
        .await
        .expect("the lock");
    let began = Instant::now();
    let refused = shop.set("a", 2, None).await.expect_err("a lock");
    let waited = began.elapsed();
    assert!(
        matches!(refused, ActError::Store(StoreError::Busy(_))),
        "{refused:?}"
    );
    let about = Duration::from_millis(1900)..Duration::from_secs(4);
    assert!(about.contains(&waited), "{waited:?}");
    // Who only looks does not wait.
    assert_eq!(shop.on_hand("a").await, 1);
    holder.rollback().await.expect("the end");
    shop.set("a", 2, Some(1)).await.expect("nobody holds it");
    assert_eq!(shop.on_hand("a").await, 2);
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_constraint_that_does_not_hold_is_named() {
    let shop = fresh_shop().await;
    let mut late = SkuRecord::new(id("late"));
    late.lead_time_days = Some(4_000);
    let mut orphan = SkuRecord::new(id("orphan"));
    orphan.supplier = Some(id("nobody"));
    for (record, constraint) in [
        (late, "sku_lead_time_in_range"),
        (orphan, "sku_supplier_known"),
    ] {
        let note = Note::new("test", record.sku.as_str());
        let writing = shop.app.store.begin(&shop.store, note, now()).await;
        let mut writing = writing.expect("a change");
        let refused = writing.put_sku(&record).await.expect_err(constraint);
        assert!(
            matches!(&refused, StoreError::Constraint(name) if name == constraint),
            "{refused:?}"
        );
    }
    assert_eq!(
        shop.app
            .store
            .skus(&shop.store, None, 9)
            .await
            .expect("SKUs"),
        []
    );
}

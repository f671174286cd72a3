//! Stores are kept apart by the database, whatever a server asks.

use std::collections::BTreeSet;

use server::store::{OpenError, Store};
use shared::ids::StoreId;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::filled::fill;
use crate::shop::{TestShop, id};
use crate::stage::{OWNER, SERVING, address_for, admin, connected_as, fresh_shop, server};

/// Tables with rows of stores.
async fn tables(connection: &mut PgConnection) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "
        SELECT CAST(relname AS text)
          FROM pg_class
         WHERE relnamespace = CAST('public' AS regnamespace)
           AND relkind IN ('r', 'p', 'v', 'm', 'f')
           AND relname <> '_sqlx_migrations'
         ORDER BY relname",
    )
    .fetch_all(connection)
    .await
    .expect("tables");
    assert!(20 < tables.len(), "{tables:?}");
    tables
}

/// A shop with rows in every table, and a second store with a SKU of its own.
async fn two_stores() -> (TestShop, StoreId) {
    let shop = fresh_shop().await;
    fill(&shop.app).await;
    let other = shop.add_store("other").await;
    (shop, other)
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count)
        .fetch_one(connection)
        .await
        .expect("a count")
}

async fn refused(connection: &mut PgConnection, sql: &str) -> String {
    let done = connection.execute(AssertSqlSafe(sql.to_owned())).await;
    done.expect_err(sql).to_string()
}

async fn speak_for(connection: &mut PgConnection, store: &str) {
    sqlx::query("SELECT set_config('ships_by.store', $1, false)")
        .bind(store)
        .execute(connection)
        .await
        .expect("a setting");
}

#[tokio::test]
async fn every_table_keeps_stores_apart_when_reading_and_when_writing() {
    let shop = fresh_shop().await;
    let mut admin = admin(&shop).await;
    for table in tables(&mut admin).await {
        let (has_store, enabled, forced): (bool, bool, bool) = sqlx::query_as(
            "
            SELECT EXISTS
                 ( SELECT 1
                     FROM pg_attribute
                    WHERE attrelid = pg_class.oid
                      AND attname = 'store_id'
                      AND attnotnull
                 )
                 , relrowsecurity
                 , relforcerowsecurity
              FROM pg_class
             WHERE oid = to_regclass($1)",
        )
        .bind(&table)
        .fetch_one(&mut admin)
        .await
        .expect("a table");
        assert!(has_store, "{table} has no store_id");
        assert!(enabled && forced, "{table} is not kept apart");
        let policies: Vec<(String, String, String, Option<String>)> = sqlx::query_as(
            "
            SELECT CAST(policyname AS text)
                 , cmd
                 , qual
                 , with_check
              FROM pg_policies
             WHERE tablename = $1
             ORDER BY policyname",
        )
        .bind(&table)
        .fetch_all(&mut admin)
        .await
        .expect("policies");
        let (name, what, seen, written) = &policies[0];
        assert_eq!((name.as_str(), what.as_str()), ("of_its_store", "ALL"));
        assert!(seen.contains("ships_by.store"), "{table}: {seen}");
        let written = written.as_deref().unwrap_or_default();
        assert!(written.contains("ships_by.store"), "{table}: {written}");
        // Whatever else is allowed is to be seen, of the two tables that every server has to know.
        for (name, what, ..) in &policies[1..] {
            assert_eq!((name.as_str(), what.as_str()), ("to_be_listed", "SELECT"));
            assert!(["store", "key"].contains(&table.as_str()), "{table}");
        }
    }
}

#[tokio::test]
async fn without_a_store_nothing_is_seen_and_with_it_all_of_its_own() {
    let (shop, _) = two_stores().await;
    let mut admin = admin(&shop).await;
    for role in [SERVING, OWNER] {
        let mut connection = connected_as(&shop, role).await;
        for table in tables(&mut admin).await {
            assert_eq!(count(&mut connection, &table).await, 0, "{role} {table}");
        }
        speak_for(&mut connection, "default").await;
        for table in tables(&mut admin).await {
            let own = AssertSqlSafe(format!(
                "SELECT count(*) FROM {table} WHERE store_id = 'default'"
            ));
            let own: i64 = sqlx::query_scalar(own)
                .fetch_one(&mut admin)
                .await
                .expect("rows");
            assert!(0 < own, "{table} has no rows: nothing is tested");
            assert_eq!(count(&mut connection, &table).await, own, "{role} {table}");
        }
    }
}

#[tokio::test]
async fn another_stores_rows_are_neither_seen_nor_changed_nor_added_to() {
    let (shop, _) = two_stores().await;
    let mut admin = admin(&shop).await;
    let mut other = connected_as(&shop, SERVING).await;
    speak_for(&mut other, "other").await;
    for table in tables(&mut admin).await {
        let sees: bool = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT EXISTS (SELECT 1 FROM {table} WHERE store_id <> 'other')"
        )))
        .fetch_one(&mut other)
        .await
        .expect("an answer");
        assert!(!sees, "{table}");
        for change in [
            format!("UPDATE {table} SET store_id = 'other' WHERE store_id = 'default'"),
            format!("DELETE FROM {table} WHERE store_id = 'default'"),
        ] {
            let done = other.execute(AssertSqlSafe(change.clone())).await;
            let done = done.expect(&change).rows_affected();
            assert_eq!(done, 0, "{change}");
        }
        // Every row that there is, once more: refused before it is compared with those that there are.
        let mut taken = admin.begin().await.expect("a transaction");
        let copy =
            format!("CREATE TABLE taken AS SELECT * FROM {table} WHERE store_id = 'default'");
        taken.execute(AssertSqlSafe(copy)).await.expect("a copy");
        let grant = AssertSqlSafe(format!("GRANT SELECT ON taken TO {SERVING}"));
        taken.execute(grant).await.expect("a grant");
        taken.commit().await.expect("a commit");
        for more in ["", " ON CONFLICT DO NOTHING"] {
            let add = format!("INSERT INTO {table} SELECT * FROM taken{more}");
            let error = refused(&mut other, &add).await;
            assert!(error.contains("row-level security"), "{table}: {error}");
        }
        admin.execute("DROP TABLE taken").await.expect("a drop");
    }
}

#[tokio::test]
async fn no_reference_leads_to_another_stores_rows() {
    let (shop, _) = two_stores().await;
    let mut admin = admin(&shop).await;
    // The store comes first on both sides of every reference.
    let loose: Vec<String> = sqlx::query_scalar(
        "
        SELECT CAST(conname AS text)
          FROM pg_constraint
         WHERE contype = 'f'
           AND NOT EXISTS
             ( SELECT 1
                 FROM pg_attribute AS own
                 JOIN pg_attribute AS theirs
                   ON theirs.attrelid = confrelid
                  AND theirs.attnum = confkey[1]
                WHERE own.attrelid = conrelid
                  AND own.attnum = conkey[1]
                  AND own.attname = 'store_id'
                  AND theirs.attname = 'store_id'
             )",
    )
    .fetch_all(&mut admin)
    .await
    .expect("references");
    assert_eq!(loose, [""; 0]);
    let mut other = connected_as(&shop, SERVING).await;
    speak_for(&mut other, "other").await;
    for (add, constraint) in [
        (
            "INSERT INTO stock_level VALUES ('other', 'cc-scarf', 'main', 1, 0, 0, 1)",
            "stock_level_sku_known",
        ),
        (
            "INSERT INTO claim VALUES ('other', 'cc-scarf', 'rsv_test', 0, 0, 1)",
            "claim_part_known",
        ),
        (
            "INSERT INTO receipt VALUES ('other', 'PO-test', 'second', '2026-11-23', 1)",
            "receipt_order_known",
        ),
    ] {
        let error = refused(&mut other, add).await;
        assert!(error.contains(constraint), "{add}: {error}");
    }
}

#[tokio::test]
async fn who_lists_all_stores_sees_which_there_are_and_changes_nothing() {
    let (shop, _) = two_stores().await;
    let mut admin = admin(&shop).await;
    let mut lister = connected_as(&shop, SERVING).await;
    speak_for(&mut lister, "*").await;
    let mut seen = BTreeSet::new();
    for table in tables(&mut admin).await {
        if 0 < count(&mut lister, &table).await {
            seen.insert(table.clone());
        }
        for change in [
            format!("UPDATE {table} SET store_id = store_id"),
            format!("DELETE FROM {table}"),
        ] {
            let done = lister.execute(AssertSqlSafe(change.clone())).await;
            assert_eq!(done.expect(&change).rows_affected(), 0, "{change}");
        }
    }
    assert_eq!(seen, BTreeSet::from(["key".into(), "store".into()]));
    let add = "INSERT INTO location (store_id, location, name, time_zone, working_days, pickup_days, holidays, cut_off, processing_days, receiving_days, revision)
               VALUES ('*', 'main', 'main', 'UTC', '1111100', '1111100', '[]', '14:00', 1, 1, 0)";
    let error = refused(&mut lister, add).await;
    assert!(error.contains("row-level security"), "{error}");
}

#[tokio::test]
async fn the_role_that_serves_owns_nothing_and_makes_nothing() {
    let shop = fresh_shop().await;
    let owned: Vec<String> = sqlx::query_scalar(
        "
        SELECT CAST(relname AS text) FROM pg_class WHERE pg_get_userbyid(relowner) = $1
         UNION ALL
        SELECT CAST(proname AS text) FROM pg_proc WHERE pg_get_userbyid(proowner) = $1
         UNION ALL
        SELECT CAST(nspname AS text) FROM pg_namespace WHERE pg_get_userbyid(nspowner) = $1
         UNION ALL
        SELECT CAST(datname AS text) FROM pg_database WHERE pg_get_userbyid(datdba) = $1",
    )
    .bind(SERVING)
    .fetch_all(&mut admin(&shop).await)
    .await
    .expect("what it owns");
    assert_eq!(owned, [""; 0]);
    let mut serving = connected_as(&shop, SERVING).await;
    for (sql, why) in [
        ("CREATE TABLE mine (store_id text)", "permission denied"),
        ("DROP TABLE claim", "must be owner"),
        ("TRUNCATE act", "permission denied"),
        (
            "ALTER TABLE act DISABLE TRIGGER act_is_never_changed",
            "must be owner",
        ),
        ("DROP POLICY of_its_store ON sku", "must be owner"),
        (
            "ALTER TABLE sku NO FORCE ROW LEVEL SECURITY",
            "must be owner",
        ),
        ("DELETE FROM _sqlx_migrations", "permission denied"),
        (
            "SET session_replication_role = replica",
            "permission denied",
        ),
    ] {
        let error = refused(&mut serving, sql).await;
        assert!(error.contains(why), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_role_that_is_not_held_by_the_policies_is_refused_with_what_to_do() {
    let shop = fresh_shop().await;
    let mut admin = admin(&shop).await;
    // Roles are the whole server's, so they may be there from a run before.
    let (passing, member, turning) = ("passes_over", "belongs_to_the_owner", "turns_into");
    for sql in [
        format!("CREATE ROLE {passing} LOGIN BYPASSRLS"),
        format!("GRANT {SERVING} TO {passing}"),
        format!("CREATE ROLE {member} LOGIN IN ROLE {OWNER}"),
        format!("CREATE ROLE {turning} LOGIN IN ROLE {passing}"),
    ] {
        let made = admin.execute(AssertSqlSafe(sql)).await;
        if let Err(error) = made {
            assert!(error.to_string().contains("already exists"), "{error}");
        }
    }
    let almighty = server();
    let (almighty, _) = almighty.split_once('@').expect("postgres://role@host");
    let (_, almighty) = almighty.split_once("://").expect("postgres://role@host");
    for role in [passing, member, turning, OWNER, almighty] {
        let refused = Store::connect(&address_for(&shop, role)).await;
        let refused = refused.expect_err(role);
        assert!(
            matches!(&refused, OpenError::TooMighty(name) if name == role),
            "{role}: {refused:?}"
        );
        let words = refused.to_string();
        assert!(words.contains(&format!("`{role}`")), "{words}");
        assert!(words.contains("ships-by migrate --help"), "{words}");
    }
    Store::connect(&address_for(&shop, SERVING))
        .await
        .expect("the role that serves");
}

#[tokio::test]
async fn a_connection_that_served_one_store_shows_nothing_of_it_to_the_next() {
    let (shop, other) = two_stores().await;
    for _ in 0..100 {
        let (ours, theirs) = tokio::join!(
            shop.app.store.skus(&shop.store, None, 100),
            shop.app.store.skus(&other, None, 100)
        );
        assert!(!ours.expect("SKUs").is_empty());
        assert_eq!(theirs.expect("SKUs"), []);
    }
    let nobody: StoreId = id("nobody");
    assert_eq!(
        shop.app.store.store_record(&nobody).await.expect("none"),
        None
    );
}

//! Stock files: real ones with exact numbers, and broken ones.

use std::io::Cursor;

use server::demo::products::{INVENTORY_CSV as SHOPIFY, PRODUCTS_CSV as WOOCOMMERCE};
use server::import::Format;
use server::operations::import_stock::{
    ImportError, ImportStock, StockImported, import_into, import_stock,
};
use server::operations::once::Outcome;
use server::operations::put_location::put_location;
use server::operations::records::{LocationRecord, SkuRecord};
use shared::supply::BackorderMode;

use crate::shop::{TestShop, id, now};

fn request(format: Format) -> ImportStock {
    ImportStock {
        format,
        location: None,
        dry_run: false,
    }
}

async fn import(
    shop: &TestShop,
    request: ImportStock,
    file: impl Into<Vec<u8>>,
) -> Result<StockImported, ImportError> {
    let file = Cursor::new(file.into());
    let turn = shop
        .app
        .imports
        .of(&shop.store)
        .expect("nobody else imports");
    let outcome = import_stock(&shop.app, turn, request, file, None).await?;
    match outcome {
        Outcome::Done(done) => Ok(done),
        Outcome::Before(answer) => panic!("answered before: {answer:?}"),
    }
}

/// On hand and committed of a SKU at a location.
async fn level(shop: &TestShop, sku: &str, location: &str) -> Option<(u32, u32)> {
    let level = shop
        .app
        .store
        .level(&shop.store, &id(sku), &id(location))
        .await;
    level
        .expect("an answer")
        .map(|level| (level.on_hand.units(), level.committed.units()))
}

/// Line and code of what was refused.
fn refused(imported: &StockImported) -> Vec<(u64, &'static str)> {
    let refused = imported.report.refused.iter();
    refused.map(|remark| (remark.line, remark.code)).collect()
}

#[tokio::test]
async fn a_real_woocommerce_export_comes_in_whole() {
    let shop = TestShop::new().await;
    let imported = import(&shop, request(Format::WooCommerce), WOOCOMMERCE)
        .await
        .expect("an import");
    assert_eq!(imported.report.rows_read, 24);
    assert_eq!(imported.report.skipped, 4);
    assert_eq!((imported.changed, imported.unchanged), (20, 0));
    assert_eq!(refused(&imported), []);
    let hoodie = shop.app.store.sku(&shop.store, &id("cc-hoodie-red")).await;
    let hoodie = hoodie.expect("an answer").expect("a SKU");
    assert_eq!(hoodie.title.as_deref(), Some("Hoodie - Red, No"));
    assert!(!hoodie.tracked);
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    assert_eq!(memory.len(), 20);
    let again = import(&shop, request(Format::WooCommerce), WOOCOMMERCE).await;
    let again = again.expect("the same again");
    assert_eq!((again.changed, again.unchanged), (0, 20));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_real_shopify_export_comes_in_with_its_two_locations() {
    let shop = TestShop::new().await;
    let imported = import(&shop, request(Format::ShopifyInventory), SHOPIFY)
        .await
        .expect("an import");
    assert_eq!(imported.report.rows_read, 27);
    assert_eq!(imported.report.skipped, 3);
    assert_eq!((imported.changed, imported.unchanged), (24, 0));
    assert_eq!(refused(&imported), []);
    assert_eq!(
        level(&shop, "cc-hoodie-with-logo", "main-warehouse").await,
        Some((12, 2))
    );
    assert_eq!(
        level(&shop, "cc-hoodie-with-logo", "portland-store").await,
        None
    );
    assert_eq!(
        level(&shop, "cc-hoodie-green", "main-warehouse").await,
        Some((6, 0))
    );
    assert_eq!(
        level(&shop, "cc-hoodie-green", "portland-store").await,
        Some((3, 0))
    );
    // Two fewer than none, three promised: none there, five promised.
    assert_eq!(
        level(&shop, "cc-hoodie-blue", "main-warehouse").await,
        Some((0, 5))
    );
    let warned = |code: &str| {
        let warnings = imported.report.warnings.iter();
        warnings.filter(|remark| remark.code == code).count()
    };
    assert_eq!(warned("negative_stock"), 1);
    assert_eq!(warned("incoming_without_date"), 7);
    assert_eq!(warned("ships_from_new_location"), 1);
    let settings = shop
        .app
        .catalogue
        .shop(&shop.store)
        .expect("a shop")
        .settings();
    assert_eq!(settings.location.id.as_str(), "main-warehouse");
    shop.assert_sound().await;
}

#[tokio::test]
async fn counts_from_shopify_join_names_from_woocommerce() {
    let shop = TestShop::new().await;
    import(&shop, request(Format::WooCommerce), WOOCOMMERCE)
        .await
        .expect("names");
    import(&shop, request(Format::ShopifyInventory), SHOPIFY)
        .await
        .expect("counts");
    let beanie = shop.app.store.sku(&shop.store, &id("cc-beanie")).await;
    let beanie = beanie.expect("an answer").expect("a SKU");
    assert_eq!(beanie.title.as_deref(), Some("Beanie"));
    assert!(beanie.tracked);
    shop.assert_sound().await;
}

#[tokio::test]
async fn only_lines_of_the_location_asked_for_count() {
    let shop = TestShop::new().await;
    let only = ImportStock {
        location: Some("Portland store".into()),
        ..request(Format::ShopifyInventory)
    };
    let imported = import(&shop, only, SHOPIFY).await.expect("an import");
    assert_eq!(imported.changed, 6);
    assert_eq!(
        level(&shop, "cc-hoodie-green", "main-warehouse").await,
        None
    );
    assert_eq!(
        level(&shop, "cc-hoodie-green", "portland-store").await,
        Some((3, 0))
    );
}

#[tokio::test]
async fn our_own_format_says_only_what_it_says() {
    let shop = TestShop::new().await;
    let full = "sku,title,on_hand,committed,safety_stock,low_stock_threshold,backorder,backorder_limit,reason,lead_time_days,released_on,discontinued\n\
        a,\"Hoodie, blue\",5,1,2,3,allow,20,Woven to order,21,2026-12-24,false\n";
    let imported = import(&shop, request(Format::ShipsBy), full)
        .await
        .expect("an import");
    assert_eq!(imported.changed, 1);
    let sku = shop
        .app
        .store
        .sku(&shop.store, &id("a"))
        .await
        .expect("an answer")
        .expect("a SKU");
    assert_eq!(sku.title.as_deref(), Some("Hoodie, blue"));
    assert_eq!(sku.backorder, BackorderMode::Allow);
    assert_eq!(sku.backorder_limit.map(|limit| limit.units()), Some(20));
    assert_eq!(sku.reason.as_deref(), Some("Woven to order"));
    assert_eq!(sku.lead_time_days, Some(21));
    assert_eq!(sku.released_on, Some(id("2026-12-24")));
    assert_eq!(level(&shop, "a", "main").await, Some((5, 1)));

    let count = import(&shop, request(Format::ShipsBy), "sku,on_hand\na,7\n")
        .await
        .expect("a count");
    assert_eq!(count.changed, 1);
    assert_eq!(level(&shop, "a", "main").await, Some((7, 1)));
    let after = shop
        .app
        .store
        .sku(&shop.store, &id("a"))
        .await
        .expect("an answer")
        .expect("a SKU");
    assert_eq!(after.reason, sku.reason);
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_line_that_cannot_be_used_is_named_and_the_others_come_in() {
    let shop = TestShop::new().await;
    let file = "sku,on_hand,location\n\
        a,1,\n\
        b,-1,\n\
        c,1.5,\n\
        d,1e9,\n\
        e,2000000000,\n\
        ,4,\n\
        a,9,\n\
        f,1,moon\n\
        g,1\n\
        h,1,,surplus\n\
        \"two\nlines\",1,\n\
        i,2,main\n";
    let imported = import(&shop, request(Format::ShipsBy), file)
        .await
        .expect("an import");
    assert_eq!(
        refused(&imported),
        [
            (3, "invalid_quantity"),
            (4, "invalid_quantity"),
            (5, "invalid_quantity"),
            (6, "invalid_quantity"),
            (7, "invalid_sku"),
            (8, "duplicate_sku"),
            (9, "unknown_location"),
            (10, "wrong_cell_count"),
            (11, "wrong_cell_count"),
            (12, "invalid_sku"),
        ]
    );
    assert_eq!(imported.report.refused_count, 10);
    assert_eq!(imported.report.rows_read, 12);
    assert_eq!(imported.changed, 2);
    assert_eq!(level(&shop, "a", "main").await, Some((1, 0)));
    assert_eq!(level(&shop, "i", "main").await, Some((2, 0)));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_file_that_is_broken_changes_nothing_and_says_what_to_do() {
    let shop = TestShop::new().await;
    let wide = format!("sku,on_hand{}\na,1\n", ",x".repeat(1_000_000));
    let good: String = (0..5_000).map(|n| format!("sku-{n},1\n")).collect();
    let unclosed = format!("sku,on_hand\n{good}\"open,1\nnever,closed\n");
    let endless = format!("sku,on_hand\n{good}\"{}", "x".repeat(2_000_000));
    let long = format!("sku,on_hand\n{}", "x".repeat(2_000_000));
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(
            "sku,on_hand\na,1\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        )
        .collect();
    let utf16_unmarked = utf16[2..].to_vec();
    let cases: [(&[u8], &str, &str); 11] = [
        (b"", "empty_file", "Export it again"),
        (b"\xEF\xBB\xBF \n", "empty_file", "Export it again"),
        (&utf16, "not_utf8", "CSV UTF-8"),
        (&utf16_unmarked, "not_utf8", "CSV UTF-8"),
        (b"PK\x03\x04rest", "not_csv", "Unpack it"),
        (b"sku,count\na,1\n", "unknown_column", "\"count\""),
        (b"sku,title\na,b\n", "missing_column", "\"on_hand\""),
        (wide.as_bytes(), "too_many_columns", "1000 columns"),
        (unclosed.as_bytes(), "unclosed_quote", "opens on line 5002"),
        (endless.as_bytes(), "unclosed_quote", "opens on line 5002"),
        (long.as_bytes(), "line_too_long", "Line 2"),
    ];
    for (file, code, advice) in cases {
        let beginning = String::from_utf8_lossy(&file[..file.len().min(20)]).into_owned();
        match import(&shop, request(Format::ShipsBy), file).await {
            Err(ImportError::Broken(broken)) => {
                assert_eq!(broken.code, code, "{beginning}: {broken:?}");
                assert!(broken.detail.contains(advice), "{beginning}: {broken:?}");
            }
            other => panic!("{beginning}: {other:?}"),
        }
    }
    let skus = shop
        .app
        .store
        .skus(&shop.store, None, 10)
        .await
        .expect("an answer");
    assert_eq!(skus, []);
    assert_eq!(
        shop.app.store.standings().await.expect("stores")[0].revision,
        0
    );
}

#[tokio::test]
async fn other_delimiters_marks_and_line_ends_are_understood() {
    let files = [
        "\u{FEFF}sku;on_hand\r\na;5\r\n",
        "sku\ton_hand\na\t5",
        "SKU,On_Hand\n a , 5 \n",
        "sku,on_hand\n\n\"a\",\"5\"\n\n",
    ];
    for file in files {
        let shop = TestShop::new().await;
        let imported = import(&shop, request(Format::ShipsBy), file)
            .await
            .expect(file);
        assert_eq!(
            (imported.changed, refused(&imported)),
            (1, vec![]),
            "{file:?}"
        );
        assert_eq!(level(&shop, "a", "main").await, Some((5, 0)), "{file:?}");
    }
}

#[tokio::test]
async fn a_refused_line_is_named_by_its_number_whatever_ends_lines() {
    let shop = TestShop::new().await;
    for ending in ["\n", "\r\n", "\r"] {
        let file = "sku,on_hand\na,1\n\nb,x\nc,2\nd,x\n".replace('\n', ending);
        let imported = import(&shop, request(Format::ShipsBy), file)
            .await
            .expect("an import");
        let expected = [(4, "invalid_quantity"), (6, "invalid_quantity")];
        assert_eq!(refused(&imported), expected, "{ending:?}");
    }
}

#[tokio::test]
async fn a_line_in_another_encoding_is_refused_alone() {
    let shop = TestShop::new().await;
    let file = b"sku,title,on_hand\na,Gr\xF6\xDFe,1\nb,plain,2\n";
    let imported = import(&shop, request(Format::ShipsBy), &file[..])
        .await
        .expect("an import");
    assert_eq!(refused(&imported), [(2, "not_utf8")]);
    assert_eq!(level(&shop, "b", "main").await, Some((2, 0)));
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_changes_nothing() {
    let shop = TestShop::new().await;
    let dry = ImportStock {
        dry_run: true,
        ..request(Format::ShopifyInventory)
    };
    let told = import(&shop, dry, SHOPIFY).await.expect("a dry run");
    assert_eq!(
        shop.app.store.standings().await.expect("stores")[0].revision,
        0
    );
    assert_eq!(
        shop.app
            .store
            .locations(&shop.store)
            .await
            .expect("locations")
            .len(),
        1
    );
    let done = import(&shop, request(Format::ShopifyInventory), SHOPIFY)
        .await
        .expect("an import");
    assert!(told.dry_run && !done.dry_run);
    assert_eq!((told.report, told.changed), (done.report, done.changed));
}

#[tokio::test]
async fn woocommerce_says_what_is_owed_and_what_may_be_backordered() {
    let shop = TestShop::new().await;
    let file = "Type,SKU,Name,In stock?,Stock,Low stock amount,Backorders allowed?\n\
        simple,a,A,1,5,2,0\n\
        simple,b,B,1,-3,,notify\n\
        simple,c,C,0,,,1\n\
        simple,d,D,backorder,,,0\n\
        simple,,E,1,1,,0\n\
        simple,f,F,1,1,,perhaps\n\
        simple,g,G,1,2.5,,0\n";
    let imported = import(&shop, request(Format::WooCommerce), file)
        .await
        .expect("an import");
    assert_eq!(
        refused(&imported),
        [
            (6, "sku_missing"),
            (7, "invalid_value"),
            (8, "invalid_quantity")
        ]
    );
    assert_eq!(level(&shop, "a", "main").await, Some((5, 0)));
    assert_eq!(level(&shop, "b", "main").await, Some((0, 3)));
    assert_eq!(level(&shop, "c", "main").await, Some((0, 0)));
    for (sku, mode) in [
        ("a", BackorderMode::Deny),
        ("b", BackorderMode::Allow),
        ("c", BackorderMode::AllowSilent),
        ("d", BackorderMode::Allow),
    ] {
        let record = shop
            .app
            .store
            .sku(&shop.store, &id(sku))
            .await
            .expect("an answer");
        assert_eq!(record.expect(sku).backorder, mode, "{sku}");
    }
}

#[tokio::test]
async fn more_than_can_be_owed_is_refused_with_its_line() {
    let shop = TestShop::new().await;
    let file = "SKU,Location,Committed,Unavailable,On hand (current)\n\
        a,main,1,0,-1000000000\n\
        b,main,0,0,-1000000000\n\
        c,main,999999999,2,0\n\
        d,main,1,0,1\n";
    let imported = import(&shop, request(Format::ShopifyInventory), file)
        .await
        .expect("an import");
    assert_eq!(
        refused(&imported),
        [(2, "invalid_quantity"), (4, "invalid_quantity")]
    );
    assert_eq!(level(&shop, "b", "main").await, Some((0, 1_000_000_000)));
    assert_eq!(level(&shop, "d", "main").await, Some((1, 1)));
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_location_whose_name_cannot_be_one_is_refused_with_its_line() {
    let shop = TestShop::new().await;
    let (long, longer) = ("x".repeat(200), "x".repeat(201));
    let file =
        format!("SKU,Location,On hand (current)\na,{longer},1\nb,\"two\nlines\",1\nc,{long},1\n");
    let imported = import(&shop, request(Format::ShopifyInventory), file)
        .await
        .expect("an import");
    assert_eq!(refused(&imported), [(2, "too_long"), (3, "invalid_text")]);
    let locations = shop.app.store.locations(&shop.store).await;
    let names = locations.expect("locations").into_iter();
    let names: Vec<String> = names.map(|location| location.name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&long));
    shop.assert_sound().await;
}

async fn add_location(shop: &TestShop, name: &str) {
    let record = LocationRecord::usual(id(name), name.to_owned(), chrono_tz::UTC);
    put_location(&shop.app, &shop.store, record)
        .await
        .expect("a location");
}

async fn sku(shop: &TestShop, name: &str) -> SkuRecord {
    let sku = shop.app.store.sku(&shop.store, &id(name)).await;
    sku.expect("an answer").expect("a SKU")
}

#[tokio::test]
async fn what_is_said_of_a_sku_counts_on_whichever_of_its_lines_it_is() {
    let shop = TestShop::new().await;
    add_location(&shop, "attic").await;
    add_location(&shop, "cellar").await;
    // First for a SKU that is new, then for one that is known.
    for round in 1..=2 {
        let file = format!(
            "sku,location,on_hand,title,reason,low_stock_threshold,released_on\n\
             a,main,{round},,slow {round},,\n\
             a,attic,{round},Title {round},,,\n\
             a,cellar,{round},Title {round},,{round},2026-12-0{round}\n\
             b,main,{round},,,,\n"
        );
        let imported = import(&shop, request(Format::ShipsBy), file.clone())
            .await
            .expect("an import");
        assert_eq!(refused(&imported), []);
        assert_eq!((imported.changed, imported.unchanged), (4, 0));
        let record = sku(&shop, "a").await;
        assert_eq!(record.title, Some(format!("Title {round}")));
        assert_eq!(record.reason, Some(format!("slow {round}")));
        assert_eq!(record.low_stock_threshold.units(), round);
        assert_eq!(record.released_on, Some(id(&format!("2026-12-0{round}"))));
        let again = import(&shop, request(Format::ShipsBy), file).await;
        let again = again.expect("the same again");
        assert_eq!((again.changed, again.unchanged), (0, 4));
        assert_eq!(sku(&shop, "a").await.revision, record.revision);
    }
    shop.assert_sound().await;
}

#[tokio::test]
async fn a_line_that_contradicts_one_before_it_is_refused() {
    let shop = TestShop::new().await;
    add_location(&shop, "attic").await;
    add_location(&shop, "cellar").await;
    let file = "location,sku,on_hand,title,discontinued\n\
        main,a,1,,\n\
        main,b,1,B,\n\
        attic,a,2,First,\n\
        cellar,a,3,Second,\n\
        attic,b,4,B,true\n\
        cellar,b,5,,false\n\
        cellar,a,6,First,\n";
    for changed in [5, 0] {
        let imported = import(&shop, request(Format::ShipsBy), file)
            .await
            .expect("an import");
        assert_eq!(
            refused(&imported),
            [(5, "contradicts_line"), (7, "contradicts_line")]
        );
        assert!(imported.report.refused[0].detail.contains("line 4"));
        assert_eq!(imported.changed, changed);
    }
    assert_eq!(sku(&shop, "a").await.title.as_deref(), Some("First"));
    assert_eq!(level(&shop, "a", "cellar").await, Some((6, 0)));
    assert!(sku(&shop, "b").await.discontinued);
    shop.assert_sound().await;
}

#[tokio::test]
async fn what_is_said_of_a_sku_counts_however_far_apart_its_lines_are() {
    let shop = TestShop::new().await;
    add_location(&shop, "attic").await;
    // In order, so that the lines of one SKU fall into two batches somewhere.
    let lines: String = (0..5_000)
        .map(|n| format!("sku-{n:04},attic,{n},,slow\nsku-{n:04},main,{n},Title {n},\n"))
        .collect();
    let file = format!("sku,location,on_hand,title,reason\n{lines}");
    for changed in [10_000, 0] {
        let imported = import(&shop, request(Format::ShipsBy), file.clone())
            .await
            .expect("an import");
        assert_eq!(imported.changed, changed);
    }
    let skus = shop.app.store.skus(&shop.store, None, 5_000).await;
    for (n, record) in skus.expect("SKUs").into_iter().enumerate() {
        assert_eq!(record.title, Some(format!("Title {n}")));
        assert_eq!(record.reason.as_deref(), Some("slow"), "{n}");
    }
    shop.assert_sound().await;
}

#[test]
fn the_format_of_a_file_is_told_by_its_header() {
    let cases = [
        (WOOCOMMERCE, Some(Format::WooCommerce)),
        (SHOPIFY, Some(Format::ShopifyInventory)),
        ("sku;on_hand\n", Some(Format::ShipsBy)),
        ("part,amount\n", None),
        ("", None),
    ];
    for (file, format) in cases {
        assert_eq!(Format::of(file.as_bytes()), format);
    }
}

#[tokio::test]
async fn a_file_in_any_order_changes_adds_and_leaves_as_it_says() {
    let shop = TestShop::new().await;
    let first = "sku,on_hand,safety_stock\nkept,5,1\nmoved,5,1\nguarded,5,1\n";
    import(&shop, request(Format::ShipsBy), first)
        .await
        .expect("a first import");
    let revision = |sku: &str| {
        let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
        memory.entry(sku).expect("a SKU").revision()
    };
    let before = revision("kept");
    let second = "sku,on_hand,safety_stock\nnew,1,\nmoved,2,\nkept,5,1\nguarded,,3\nempty,0,\n";
    let imported = import(&shop, request(Format::ShipsBy), second)
        .await
        .expect("a second");
    assert_eq!((imported.changed, imported.unchanged), (4, 1));
    assert_eq!(revision("kept"), before);
    for sku in ["new", "moved", "guarded", "empty"] {
        assert_eq!(revision(sku), before + 1, "{sku}");
    }
    let levels = ["new", "moved", "kept", "guarded", "empty"].map(|sku| async {
        let level = shop
            .app
            .store
            .level(&shop.store, &id(sku), &id("main"))
            .await;
        let level = level.expect("an answer").expect("a level");
        (level.on_hand.units(), level.safety_stock.units())
    });
    let levels = futures_util::future::join_all(levels).await;
    assert_eq!(levels, [(1, 0), (2, 1), (5, 1), (5, 3), (0, 0)]);
    shop.assert_sound().await;
}

#[tokio::test]
async fn an_import_of_many_batches_agrees_with_its_ledger_and_is_seen_by_the_server() {
    let shop = TestShop::new().await;
    let lines: String = (0..10_000)
        .map(|n| format!("sku-{n},{}\n", n % 7))
        .collect();
    let file = Cursor::new(format!("sku,on_hand\n{lines}").into_bytes());
    let other = shop.other_process().await;
    let imported = import_into(&other, &shop.store, request(Format::ShipsBy), file, now()).await;
    assert_eq!(imported.expect("an import").changed, 10_000);
    let watching = tokio::spawn(server::operations::watch::watch(shop.app.clone()));
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    for _ in 0..300 {
        if memory.len() == 10_000 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    watching.abort();
    assert_eq!(shop.on_hand_in_memory("sku-9999"), Some(3));
    shop.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_counts_as_seen_once_all_of_it_is() {
    let shop = TestShop::new().await;
    let lines: String = (0..20_000).map(|n| format!("sku-{n:05},1\n")).collect();
    let memory = shop.app.catalogue.shop(&shop.store).expect("a shop");
    let looking = tokio::task::spawn_blocking(move || {
        while memory.revision() == 0 {
            std::thread::yield_now();
        }
        memory.len()
    });
    let file = format!("sku,on_hand\n{lines}");
    import(&shop, request(Format::ShipsBy), file)
        .await
        .expect("an import");
    assert_eq!(looking.await.expect("a count"), 20_000);
}

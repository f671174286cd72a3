//! What a supplier is sent of an order: a letter in its language, a PDF that says the same, and a CSV.

use lopdf::Document;
use serde_json::{Value, json};

use crate::reorders::{Desk, two_years, weaver};

/// The text of each page.
fn pages(pdf: &[u8]) -> Vec<String> {
    let document = Document::load_mem(pdf).expect("a PDF");
    let numbers = document.get_pages();
    let text = |number: &u32| document.extract_text(&[*number]).expect("text");
    numbers.keys().map(text).collect()
}

/// A desk with a draft of A for the weaver, which costs 3 dollars each.
async fn drafted(supplier: Value) -> (Desk, Value) {
    let mut desk = Desk::new().await;
    let put = desk.client.put("/v1/suppliers/weaver", supplier).await;
    assert_eq!(put.status, 200, "{}", put.json());
    desk.policy(weaver(json!({}))).await;
    desk.import(&two_years("A")).await;
    desk.terms(json!([{"sku": "A", "unit_cost": {"amount": 300, "currency": "USD"}}]))
        .await;
    desk.count("A", 0).await;
    let draft = desk.post("/v1/reorders/run", json!({})).await.json()["items"][0].clone();
    (desk, draft)
}

#[tokio::test]
async fn a_draft_can_be_looked_at_as_the_files_that_its_supplier_will_get() {
    let (desk, draft) = drafted(json!({"name": "Weaver & Sons", "lead_time_days": 14})).await;
    let id = draft["id"].as_str().expect("an id");
    let pdf = desk
        .client
        .get(&format!("/v1/reorders/{id}/order.pdf"))
        .await;
    assert_eq!(pdf.status, 200);
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    let named = format!("attachment; filename=\"{id}.pdf\"");
    assert_eq!(pdf.headers["content-disposition"], named);
    let text = pages(&pdf.body).join("\n");
    let units = draft["lines"][0]["quantity"].as_u64().expect("units");
    let total = format!("${}.00", 3 * units);
    for said in [
        "default",
        &format!("Purchase order {id}"),
        "November 23, 2026",
        "Weaver & Sons",
        "Cap, blue",
        &units.to_string(),
        "$3.00",
        &total,
        "Page 1 of 1",
    ] {
        assert!(text.contains(said), "no `{said}` in {text}");
    }
    // Nobody has planned with a draft yet.
    assert!(!text.contains("Wanted by"), "{text}");
    let csv = desk
        .client
        .get(&format!("/v1/reorders/{id}/order.csv"))
        .await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let csv = String::from_utf8(csv.body).expect("text");
    let line = format!("{id},2026-11-23,A,\"Cap, blue\",{units}\n");
    assert!(csv.ends_with(&line), "{csv}");
    for file in ["order.pdf", "order.csv"] {
        let missing = desk.client.get(&format!("/v1/reorders/R-0/{file}")).await;
        assert_eq!(missing.status, 404);
    }
}

#[tokio::test]
async fn a_supplier_is_written_to_in_its_language_with_a_pdf_that_says_by_when() {
    let supplier = json!({"name": "Weberei Söhne", "lead_time_days": 14, "lang": "de-AT"});
    let (mut desk, draft) = drafted(supplier).await;
    let shown = desk.client.get("/v1/suppliers/weaver").await.json();
    assert_eq!(shown["lang"], "de-AT");
    let id = draft["id"].as_str().expect("an id").to_owned();
    for step in ["approve", "send"] {
        let path = format!("/v1/reorders/{id}/{step}");
        assert_eq!(desk.post(&path, json!({})).await.status, 200);
    }
    desk.turn().await;
    let letters = desk.letters();
    let letter = letters.iter().find(|one| one.to == "orders@weaver.example");
    let letter = letter.expect("a letter");
    assert_eq!(letter.subject, format!("Bestellung {id} von default"));
    for file in ["pdf", "csv"] {
        let named = format!("filename=\"{id}.{file}\"");
        assert!(letter.text.contains(&named), "{}", letter.text);
    }
    let pdf = desk
        .client
        .get(&format!("/v1/reorders/{id}/order.pdf"))
        .await;
    let text = pages(&pdf.body).join("\n");
    // Two weeks from the day on which it was sent.
    for said in [
        "Bestellung",
        "Gewünscht bis",
        "7. Dezember 2026",
        "Weberei Söhne",
        "Menge",
    ] {
        assert!(text.contains(said), "no `{said}` in {text}");
    }
    // Two weeks without a word: it is asked for in German too.
    desk.after_days(14).await;
    let reminded = format!("Erinnerung: Bestellung {id} von default");
    let letters = desk.letters();
    assert!(
        letters.iter().any(|one| one.subject == reminded),
        "{letters:?}"
    );
}

//! What the widget's buttons say and where they lead: for pages of the shop, in their language.

use serde_json::{Value, json};
use server::catalogue::Settings;

use crate::stand::Stand;

const PUBLIC_URL: &str = "https://ships.example";

async fn extras(stand: &Stand, lang: &str) -> Value {
    let answer = stand.get(&format!("/v1/extras?lang={lang}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    answer.json()
}

#[tokio::test]
async fn a_button_leads_to_the_page_that_is_shared_in_the_language_of_who_shares() {
    let stand = Stand::new().await.reached_at(PUBLIC_URL);
    let english = extras(&stand, "en").await;
    assert_eq!(english["share_page"], format!("{PUBLIC_URL}/s/one/{{sku}}"));
    assert_eq!(english["text"]["share"], "Share");
    let german = extras(&stand, "de-AT").await;
    assert_eq!(
        german["share_page"],
        format!("{PUBLIC_URL}/s/one/{{sku}}?lang=de")
    );
    assert_eq!(german["text"]["share"], "Teilen");
    assert_eq!(german["lang"], "de");
}

#[tokio::test]
async fn where_pages_are_switched_off_there_is_none_to_share() {
    let stand = Stand::new().await;
    assert_eq!(extras(&stand, "en").await["share_page"], "/s/one/{sku}");
    let before = stand.shop.settings();
    stand.shop.put_settings(Settings {
        share_pages: false,
        generation: before.generation + 1,
        ..(*before).clone()
    });
    assert_eq!(extras(&stand, "en").await["share_page"], Value::Null);
}

#[tokio::test]
async fn where_no_letter_can_be_sent_nobody_is_asked_to_wait_for_one() {
    let stand = Stand::new().await.reached_at(PUBLIC_URL);
    assert_eq!(extras(&stand, "en").await["back_in_stock"], json!(false));
}

//! Pages of goods that are shared, and their pictures: for everybody, always current, and without a count.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use resvg::tiny_skia::Pixmap;
use serde_json::Value;
use shared::availability::Display;
use shared::quantity::Quantity;
use shared::text::Language;

use crate::stand::{SHOP_ORIGIN, Stand, cap, hoodie, settings};

const PUBLIC_URL: &str = "https://ships.example";

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("plain text"))
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    /// The value of a tag: `<meta property="og:title" content="...">`, `<link rel="canonical" href="...">`.
    #[track_caller]
    fn tag(&self, name: &str) -> String {
        let text = self.text();
        let rest = text.split_once(&format!("=\"{name}\" "));
        let (_, rest) = rest.unwrap_or_else(|| panic!("no {name} in {text}"));
        let mut quoted = rest.split('"').skip(1);
        quoted.next().expect("a value").to_owned()
    }

    fn picture(&self) -> Pixmap {
        assert_eq!(self.status, 200);
        assert_eq!(self.header("content-type"), "image/png");
        Pixmap::decode_png(&self.body).expect("a PNG")
    }
}

/// Asks as somebody does who was sent a link: without a key.
async fn get(stand: &Stand, address: &str) -> Got {
    get_with(stand, address, "").await
}

async fn get_with(stand: &Stand, address: &str, known: &str) -> Got {
    let request = Request::builder()
        .uri(address)
        .header("host", "ships.example")
        .header("if-none-match", known)
        .body(Body::empty())
        .expect("a request");
    let response = stand
        .front
        .answer(request, IpAddr::from([127, 0, 0, 1]))
        .await;
    let (parts, body) = response.into_parts();
    Got {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.collect().await.expect("a body").to_bytes().to_vec(),
    }
}

async fn reached() -> Stand {
    Stand::new().await.reached_at(PUBLIC_URL)
}

#[tokio::test]
async fn a_page_says_what_it_is_and_when_it_ships_to_people_and_to_who_shows_links() {
    let page = get(&reached().await, "/s/one/hoodie").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let text = page.text();
    for words in [
        "<title>hoodie · Test</title>",
        "<h1><bdi>hoodie</bdi></h1>",
        "In stock",
        "Ships by Tuesday, November 24",
    ] {
        assert!(text.contains(words), "no `{words}` in {text}");
    }
    let told = "In stock · Ships by Tuesday, November 24";
    let here = format!("{PUBLIC_URL}/s/one/hoodie");
    assert_eq!(page.tag("description"), told);
    assert_eq!(page.tag("canonical"), here);
    assert_eq!(page.tag("og:url"), here);
    assert_eq!(page.tag("og:title"), "hoodie");
    assert_eq!(page.tag("og:site_name"), "Test");
    assert_eq!(page.tag("og:description"), told);
    assert_eq!(page.tag("og:image:width"), "1200");
    assert_eq!(page.tag("og:image:height"), "630");
    assert_eq!(page.tag("twitter:card"), "summary_large_image");
    let picture = page.tag("og:image").replace("&amp;", "&");
    assert!(
        picture.starts_with(&format!("{here}.png?lang=en-US&v=")),
        "{picture}"
    );
    assert_eq!(page.tag("twitter:image").replace("&amp;", "&"), picture);
}

#[tokio::test]
async fn what_programs_read_of_a_page_is_the_offer_that_pages_of_the_shop_have() {
    let stand = reached().await;
    let page = get(&stand, "/s/one/cap").await.text();
    let (_, rest) = page
        .split_once("<script type=\"application/ld+json\">")
        .expect("an offer");
    let (json, _) = rest.split_once("</script>").expect("its end");
    let offer: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(offer, stand.get("/v1/jsonld/cap.json").await.json());
    assert_eq!(
        page.matches("<script").count(),
        1,
        "there is no other script"
    );
}

#[tokio::test]
async fn a_page_is_in_the_language_that_is_asked_for() {
    let stand = reached().await;
    let cases = [
        (
            "de",
            "ltr",
            "Versand bis Dienstag, 24. November",
            "Im Shop ansehen",
        ),
        (
            "fr",
            "ltr",
            "Expédié au plus tard le mardi 24 novembre",
            "Voir dans la boutique",
        ),
        (
            "es",
            "ltr",
            "Se envía a más tardar el martes, 24 de noviembre",
            "Ver en la tienda",
        ),
        ("ja", "ltr", "11月24日火曜日までに発送", "ショップで見る"),
        ("ar", "rtl", "يُشحن بحلول", "شاهده في المتجر"),
        (
            "en-GB",
            "ltr",
            "Ships by Tuesday 24 November",
            "See it in the shop",
        ),
    ];
    let mut sells = settings(SHOP_ORIGIN);
    sells.product_url = Some("https://shop.example/p/{sku}?ref=ships".into());
    sells.generation = 2;
    stand.shop.put_settings(sells);
    for (lang, direction, date, button) in cases {
        let page = get(&stand, &format!("/s/one/hoodie?lang={lang}")).await;
        let text = page.text().replace("&#x2f;", "/");
        let start = format!("<html lang=\"{lang}\" dir=\"{direction}\"");
        for words in [
            start.as_str(),
            date,
            button,
            "https://shop.example/p/hoodie?ref=ships",
        ] {
            assert!(text.contains(words), "no `{words}` in {text}");
        }
        assert_eq!(
            page.tag("og:url"),
            format!("{PUBLIC_URL}/s/one/hoodie?lang={lang}")
        );
        assert!(page.tag("description").contains(date));
    }
}

#[tokio::test]
async fn whatever_goods_are_called_is_text() {
    let stand = reached().await;
    let page = get(&stand, "/s/one/cap").await;
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    assert!(page.text().contains("Cap &lt;"), "{}", page.text());
    let mut hostile = cap(5);
    hostile.title =
        Some("\"/></text><image href=\"/etc/passwd\"/>&amp;&#0;\u{202e}%s{{ 7*7 }}".into());
    stand.change(hostile);
    assert!(!get(&stand, "/s/one/cap").await.text().contains("<image"));
    get(&stand, "/s/one/cap.png").await.picture();
    let odd = get(&stand, "/s/one/%3Cb%3E%22gone%22%3C%2Fb%3E").await;
    assert_eq!(odd.status, 200);
    assert_eq!(
        odd.tag("canonical"),
        format!("{PUBLIC_URL}/s/one/%3Cb%3E%22gone%22%3C%2Fb%3E")
    );
}

#[tokio::test]
async fn a_picture_has_the_size_that_is_said_and_another_look_when_the_date_moves() {
    let stand = reached().await;
    let first = get(&stand, "/s/one/hoodie.png").await;
    let before = first.picture();
    assert_eq!((before.width(), before.height()), (1_200, 630));
    assert!(first.body.len() < 1_000_000, "{}", first.body.len());
    let again = get_with(&stand, "/s/one/hoodie.png", first.header("etag")).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let address = get(&stand, "/s/one/hoodie").await.tag("og:image");

    stand.change(hoodie_with(0));

    let moved = get_with(&stand, "/s/one/hoodie.png", first.header("etag")).await;
    assert!(moved.picture().data() != before.data());
    assert_ne!(get(&stand, "/s/one/hoodie").await.tag("og:image"), address);
    assert_eq!(get(&stand, "/s/one/hoodie.png").await.body, moved.body);
}

#[tokio::test]
async fn pictures_are_drawn_in_every_language_and_for_whatever_script() {
    let stand = reached().await;
    let long = "Long ".repeat(40);
    let tags = Language::ALL.map(Language::tag);
    let titles = ["سترة بقلنسوة زرقاء", "青いパーカー", "หมวก", long.trim()];
    let asked = tags.map(|tag| ("Hoodie", tag)).into_iter();
    let asked = asked.chain(titles.map(|title| (title, "en-US")));
    let mut seen = Vec::new();
    for (title, tag) in asked {
        let mut named = hoodie();
        named.title = Some(title.into());
        stand.change(named);
        let picture = get(&stand, &format!("/s/one/hoodie.png?lang={tag}")).await;
        picture.picture();
        seen.push(picture.body);
    }
    let asked = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), asked, "each has a look of its own");
}

#[tokio::test]
async fn no_page_and_no_picture_tells_a_count() {
    let stand = reached().await;
    stand.change(cap(3));
    for display in [Display::Exact, Display::FewLeft, Display::Hidden] {
        let mut shown = settings(SHOP_ORIGIN);
        shown.promises.display = display;
        shown.generation = stand.shop.settings().generation + 1;
        stand.shop.put_settings(shown);
        let text = get(&stand, "/s/one/cap").await.text();
        assert!(!text.contains("3 left"), "{display:?}: {text}");
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_shared_look_the_same() {
    let stand = reached().await;
    let missing = get(&stand, "/s/one/nobody").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("cache-control"), "no-store");
    let closed = stand.shop.settings();
    let closed = server::catalogue::Settings {
        share_pages: false,
        generation: closed.generation + 1,
        ..(*closed).clone()
    };
    assert_eq!(get(&stand, "/s/one/cap").await.status, 200);
    stand.shop.put_settings(closed);
    for address in [
        "/s/one/cap",
        "/s/one/cap.png",
        "/s/nobody/cap",
        "/s/nobody/cap.png",
        "/s/one/nobody.png",
        "/s/one/%FF",
        "/s/%00/cap",
    ] {
        let same = get(&stand, address).await;
        assert_eq!((same.status, &same.body), (404, &missing.body), "{address}");
    }
}

#[tokio::test]
async fn a_sku_may_look_like_a_picture() {
    let stand = reached().await;
    let mut odd = cap(5);
    odd.sku = "a.png".parse().expect("a SKU");
    stand.change(odd);
    assert_eq!(
        get(&stand, "/s/one/a.png").await.header("content-type"),
        "text/html; charset=utf-8"
    );
    get(&stand, "/s/one/a.png.png").await.picture();
}

#[tokio::test]
async fn a_page_is_kept_until_its_answer_may_change() {
    let stand = reached().await;
    let page = get(&stand, "/s/one/hoodie").await;
    assert_eq!(
        page.header("cache-control"),
        "public, max-age=5, stale-while-revalidate=5, stale-if-error=600"
    );
    let again = get_with(&stand, "/s/one/hoodie", page.header("etag")).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    stand.change(hoodie_with(0));
    let moved = get_with(&stand, "/s/one/hoodie", page.header("etag")).await;
    assert_eq!(moved.status, 200);
    // At 14:00 in New York the date moves: nobody keeps the picture for longer.
    let late = Stand::starting("2026-11-23T18:59:30Z", stand.app.limits.clone()).await;
    let late = get(&late, "/s/one/cap.png").await;
    let kept = late.header("cache-control");
    let (_, on_error) = kept.split_once("stale-if-error=").expect("an end");
    assert!(on_error.parse::<u32>().expect("seconds") <= 25, "{kept}");
}

#[tokio::test]
async fn where_nobody_said_how_the_server_is_reached_addresses_begin_with_a_slash() {
    let page = get(&Stand::new().await, "/s/one/hoodie?lang=de").await;
    assert_eq!(page.tag("canonical"), "/s/one/hoodie?lang=de");
    assert!(
        page.tag("og:image")
            .starts_with("/s/one/hoodie.png?lang=de")
    );
}

fn hoodie_with(units: u32) -> shared::supply::SkuFacts {
    let mut facts = hoodie();
    facts.places[0].on_hand = Quantity::new(units);
    facts
}

//! The explanation as a picture: one lane for each SKU at each location, over one line of days.
//!
//! It stands alone: no script, no link, no font of its own, and it follows the reader's light or dark.

use chrono::{NaiveDate, TimeDelta};
use shared::availability::Status;
use shared::explain::{PartExplained, PlaceExplained};

use super::chart::{Drawing, Scale, cut, escaped, width};
use super::lane::{Lane, draw};
use super::style::CSS;
use super::{Told, words};

/// Pixels from side to side.
const WIDTH: f64 = 900.0;
/// Where days begin.
const LEFT: f64 = 84.0;
/// Room on the right.
const RIGHT: f64 = 28.0;
/// Where names stand.
const EDGE: f64 = 28.0;
/// Most lanes; what is beyond is in the text.
const LANES_MAX: usize = 8;
/// Fewest days in a picture.
const DAYS_MIN: i64 = 12;

/// The whole picture.
pub fn svg(told: &Told<'_>) -> String {
    let lanes = lanes(told);
    let mut drawing = Drawing::default();
    let mut y = header(told, &mut drawing);
    let (shown, more) = lanes.split_at(lanes.len().min(LANES_MAX));
    if let Some(scale) = scale(told, shown) {
        for lane in shown {
            y = draw(told, lane, &scale, y, &mut drawing);
        }
    }
    for left_out in left_out(told, &lanes, more.len()) {
        y += 20.0;
        drawing.text(EDGE, y, "soft small", &cut(&left_out, WIDTH - 2.0 * EDGE));
    }
    let height = y + 24.0;
    let title = escaped(&format!("How the date of {} comes about", name(told)));
    let description = escaped(&described(told));
    let elements = drawing.finished();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" role=\"img\" aria-labelledby=\"explained-title explained-desc\">\n\
         <title id=\"explained-title\">{title}</title>\n\
         <desc id=\"explained-desc\">{description}</desc>\n\
         <style>{CSS}</style>\n\
         <rect width=\"100%\" height=\"100%\" class=\"ground\"/>\n\
         {elements}</svg>\n"
    )
}

fn name<'a>(told: &Told<'a>) -> &'a str {
    let sku = told.goods.facts.sku.as_str();
    told.title().unwrap_or(sku)
}

fn described(told: &Told<'_>) -> String {
    let answer = &told.explanation.answer;
    let mut said = format!(
        "{} of {}: {}, {}.",
        words::units(answer.requested),
        answer.sku,
        told.label(),
        told.sentence()
    );
    for part in &told.explanation.slices {
        said.push_str(&format!(
            " {} by {}.",
            words::units(part.slice.quantity),
            words::day(part.slice.ships_by)
        ));
    }
    said
}

fn header(told: &Told<'_>, drawing: &mut Drawing) -> f64 {
    let answer = &told.explanation.answer;
    let title = cut(name(told), 420.0);
    drawing.text(EDGE, 44.0, "title", &title);
    if told.title().is_some() {
        let sku = cut(answer.sku.as_str(), 300.0);
        drawing.text(WIDTH - RIGHT, 44.0, "soft end", &sku);
    }
    let (class, is_ring) = match answer.status {
        Status::InStock | Status::LowStock { .. } => ("ready", false),
        Status::Backorder { .. } | Status::Preorder { .. } => ("wait", true),
        _ => ("gone", false),
    };
    match is_ring {
        true => drawing.circle((EDGE + 5.0, 71.5), 4.0, &format!("ring {class}")),
        false => drawing.circle((EDGE + 5.0, 71.5), 4.5, class),
    }
    let label = (&*format!("strong {class}"), told.label());
    drawing.texts(EDGE + 17.0, 76.0, [label, ("ink", &sentence(told))]);
    if let Some(place) = told.explanation.places.first() {
        let local = told.now.with_timezone(&place.location.calendar.zone);
        let asked = format!(
            "{}, asked {}",
            words::units(answer.requested),
            local.format("%a %-d %b %Y, %H:%M")
        );
        drawing.text(WIDTH - RIGHT, 76.0, "soft end", &asked);
    }
    legend(drawing);
    122.0
}

fn sentence(told: &Told<'_>) -> String {
    let said = told.sentence();
    let mut characters = said.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

fn legend(drawing: &mut Drawing) {
    let y = 108.0;
    let mut x = EDGE;
    let mut entry = |words: &str, draw: &dyn Fn(&mut Drawing, f64)| {
        draw(drawing, x);
        drawing.text(x + 28.0, y, "soft small", words);
        x += 28.0 + width(words) + 22.0;
    };
    entry("supply so far", &|drawing, x| {
        drawing.line((x, y - 4.0), (x + 20.0, y - 4.0), "supply");
    });
    entry("promised to others", &|drawing, x| {
        drawing.line((x, y - 4.0), (x + 20.0, y - 4.0), "claims");
    });
    entry("can be promised", &|drawing, x| {
        drawing.rect((x, y - 10.0), (20.0, 12.0), 2.0, "free");
        drawing.line((x, y - 10.0), (x + 20.0, y - 10.0), "edge");
    });
    entry("this request", &|drawing, x| {
        drawing.rect((x, y - 10.0), (20.0, 12.0), 4.0, "pill");
    });
    entry("day off", &|drawing, x| {
        drawing.rect((x, y - 10.0), (20.0, 12.0), 2.0, "off");
    });
}

/// What is drawn: places that send something first. Where nothing is, nothing is drawn.
fn lanes<'a>(told: &Told<'a>) -> Vec<Lane<'a>> {
    let mut lanes = Vec::new();
    for (at, place) in told.explanation.places.iter().enumerate() {
        let slices = told.explanation.slices.iter().copied();
        let slices = slices.filter(|part| usize::from(part.slice.from.0) == at);
        let slices: Vec<_> = slices.collect();
        for part in &place.parts {
            lanes.push(Lane {
                place,
                part,
                slices: slices.clone(),
            });
        }
    }
    if lanes.iter().any(|lane| !lane.is_empty()) {
        lanes.retain(|lane| !lane.is_empty());
    } else {
        lanes.truncate(1);
    }
    lanes.sort_by_key(|lane| lane.slices.is_empty());
    lanes
}

fn left_out(told: &Told<'_>, lanes: &[Lane<'_>], more: usize) -> Vec<String> {
    let mut said = Vec::new();
    let is_drawn =
        |place: &PlaceExplained<'_>| lanes.iter().any(|lane| std::ptr::eq(lane.place, place));
    let empty = told.explanation.places.iter();
    let empty = empty.filter(|place| !is_drawn(place));
    let empty: Vec<String> = empty.map(|place| place.location.id.to_string()).collect();
    if !empty.is_empty() {
        said.push(format!(
            "Nothing there and nothing on its way: {}.",
            words::list(&empty)
        ));
    }
    if 0 < more {
        let lanes = words::count(u32::try_from(more).unwrap_or(u32::MAX), "more timeline");
        said.push(format!("And {lanes}: see the text."));
    }
    if let Some(broken) = &told.broken {
        said.push(format!("The kit cannot be put together: {broken}."));
    }
    if told.explanation.places.is_empty() {
        said.push("No location of the store fulfils orders.".into());
    }
    said
}

/// From the day before today to shortly after the last day that matters.
fn scale(told: &Told<'_>, lanes: &[Lane<'_>]) -> Option<Scale> {
    let today = lanes.iter().map(|lane| lane.place.today).min()?;
    let first = today.pred_opt().unwrap_or(today);
    let slices = told.explanation.slices.iter();
    let days = lanes
        .iter()
        .flat_map(|lane| matters(lane.part))
        .chain(slices.map(|part| part.slice.ships_by));
    let last = days.max().unwrap_or(today).max(today);
    let after = |day: NaiveDate, days: i64| day.checked_add_signed(TimeDelta::days(days));
    let room = ((last - first).num_days() / 12).max(2);
    let last = after(last, room).max(after(first, DAYS_MIN))?;
    Some(Scale {
        first,
        last,
        left: LEFT,
        right: WIDTH - RIGHT,
    })
}

/// Days on which something happens, up to the horizon.
fn matters(part: &PartExplained<'_>) -> impl Iterator<Item = NaiveDate> {
    let release = part.unreleased_until;
    let horizon = part.horizon;
    part.days
        .iter()
        .filter_map(|day| day.due.day())
        .chain(release)
        .filter(move |day| *day <= horizon)
}

//! One SKU at one location over time: sums as steps, supply and claims as marks, this request as flags.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use shared::explain::{DayExplained, PartExplained, PlaceExplained, SliceExplained};
use shared::promise::Amount;
use shared::quantity::Quantity;
use shared::supply::Due;
use shared::timeline::Source;

use super::chart::{Drawing, Scale, cut, height, step, width};
use super::{Told, arrivals, text, words};

/// Height of the steps.
const PLOT: f64 = 132.0;
/// Height of a row of flags.
const FLAG: f64 = 24.0;
/// Most dated parts that have a flag each.
const FLAGS_APART_MAX: usize = 6;
/// Where there are more, those closer than this share one.
const FLAGS_TOGETHER: f64 = 128.0;
/// Marks closer than this are drawn as one.
const MARKS_APART: f64 = 40.0;
/// Narrowest day of which each one that is off is shaded.
const DAY_SHADED_MIN: f64 = 4.0;
/// Seven days.
const WEEK: Days = Days::new(7);
/// Where the names of rows end.
const GUTTER: f64 = 12.0;

/// One SKU at one location.
pub struct Lane<'a> {
    /// The location.
    pub place: &'a PlaceExplained<'a>,
    /// The SKU there.
    pub part: &'a PartExplained<'a>,
    /// What of the request leaves from there.
    pub slices: Vec<SliceExplained>,
}

impl Lane<'_> {
    /// True if nothing is there, nothing comes, nobody waits.
    pub fn is_empty(&self) -> bool {
        let supply = &self.part.supply;
        supply
            .iter()
            .all(|step| step.arrival.amount == Amount::ZERO)
            && self.part.claims.is_empty()
            && self.part.dropped.is_empty()
            && self.part.withheld.is_zero()
    }
}

/// Draws a lane below `top`; returns where it ends.
pub fn draw(
    told: &Told<'_>,
    lane: &Lane<'_>,
    scale: &Scale,
    top: f64,
    drawing: &mut Drawing,
) -> f64 {
    let mut y = top + 28.0;
    drawing.line((28.0, top + 6.0), (scale.right, top + 6.0), "hair");
    heading(told, lane, scale, y, drawing);
    y += 14.0;

    let flags = flags(lane, scale);
    let rows = flags.iter().map(|flag| flag.row + 1).max().unwrap_or(0);
    let plot_top = y + FLAG * f64::from(u32::try_from(rows).unwrap_or(0)) + 8.0;
    let plot = match lane.is_empty() {
        true => 44.0,
        false => PLOT,
    };
    let bottom = plot_top + plot;
    shade(lane.place, scale, plot_top, bottom, drawing);
    match lane.is_empty() {
        true => drawing.text(
            (scale.left + scale.right) / 2.0,
            plot_top + 27.0,
            "soft mid",
            "Nothing there, nothing on its way, nobody waits",
        ),
        false => steps(lane.part, scale, (plot_top, bottom), drawing),
    }
    bounds(lane, scale, (plot_top, bottom), drawing);
    axis(lane.place.today, scale, bottom, drawing);
    for part in &lane.slices {
        let x = scale.middle(part.slice.ships_by);
        drawing.line((x, bottom - 7.0), (x, bottom), "pole");
    }
    for flag in &flags {
        let row = rows.saturating_sub(1 + flag.row);
        let y = y + FLAG * f64::from(u32::try_from(row).unwrap_or(0)) + 6.0;
        drawing.line((flag.x, y), (flag.x, bottom), "pole");
    }
    for flag in &flags {
        let row = rows.saturating_sub(1 + flag.row);
        let y = y + FLAG * f64::from(u32::try_from(row).unwrap_or(0));
        drawing.rect((flag.left, y), (flag.width, 19.0), 6.0, "pill");
        drawing.text(
            flag.left + 8.0,
            y + 13.5,
            "small strong accent",
            &flag.words,
        );
    }
    marks(lane, scale, bottom + 26.0, drawing)
}

fn heading(told: &Told<'_>, lane: &Lane<'_>, scale: &Scale, y: f64, drawing: &mut Drawing) {
    let location = &lane.place.location.id;
    let name = match told.goods.is_kit() {
        true => format!(
            "From {location}: {} × {}",
            lane.part.each.units(),
            lane.part.facts.sku
        ),
        false => format!("From {location}"),
    };
    drawing.text(28.0, y, "head", &cut(&name, 300.0));
    let hours = text::cut_off(told, lane.place);
    drawing.text(scale.right, y, "soft small end", &cut(&hours, 520.0));
}

/// Days off as columns. Where days are narrow, only those off that are not off every week.
fn shade(place: &PlaceExplained<'_>, scale: &Scale, top: f64, bottom: f64, drawing: &mut Drawing) {
    let working = &place.location.calendar.working_days;
    let is_narrow = scale.day_width() < DAY_SHADED_MIN;
    let is_always_off = |day: NaiveDate| {
        let weeks = [day.checked_sub_days(WEEK), day.checked_add_days(WEEK)];
        weeks.iter().flatten().all(|day| !working.includes(*day))
    };
    let is_off = |day: NaiveDate| match working.includes(day) {
        true => false,
        false => !is_narrow || !is_always_off(day),
    };
    let mut from: Option<NaiveDate> = None;
    for day in scale.first.iter_days() {
        let off = day <= scale.last && is_off(day);
        match (from, off) {
            (None, true) => from = Some(day),
            (Some(start), false) => {
                let x = scale.start(start);
                let end = scale.left.max(x) + scale.day_width() * days(start, day);
                let width = end.min(scale.right) - x;
                drawing.rect((x, top), (width, bottom - top), 0.0, "off");
                from = None;
            }
            _ => {}
        }
        if scale.last < day {
            break;
        }
    }
}

fn days(from: NaiveDate, to: NaiveDate) -> f64 {
    f64::from(i32::try_from((to - from).num_days()).unwrap_or(i32::MAX))
}

/// The sums as steps.
fn steps(
    part: &PartExplained<'_>,
    scale: &Scale,
    (top, bottom): (f64, f64),
    drawing: &mut Drawing,
) {
    let counted = part.days.iter().filter_map(|day| day.supply.counted());
    let claimed = part.days.iter().map(|day| day.claims);
    let highest = counted.chain(claimed).max().unwrap_or(Quantity::ZERO);
    let is_endless = part.days.iter().any(|day| day.supply == Amount::Unlimited);
    let highest = f64::from(highest.units().max(1));
    let every = step(highest);
    let limit = highest * if is_endless { 1.35 } else { 1.12 };
    let y = |units: f64| bottom - (bottom - top) * units / limit;

    let mut line = every;
    drawing.text(scale.left - GUTTER, bottom + 4.0, "soft small end", "0");
    while line <= limit {
        drawing.line((scale.left, y(line)), (scale.right, y(line)), "hair");
        drawing.text(
            scale.left - GUTTER,
            y(line) + 4.0,
            "soft small end",
            &format!("{line:.0}"),
        );
        line += every;
    }
    let path = |amount: &dyn Fn(&DayExplained) -> f64| {
        let mut points = vec![(scale.left, y(0.0))];
        let mut last = 0.0;
        for day in &part.days {
            let x = match day.due {
                Due::Owed | Due::Undated => scale.left,
                Due::By(day) => scale.middle(day),
            };
            points.push((x, y(last)));
            last = amount(day);
            points.push((x, y(last)));
        }
        points.push((scale.right, y(last)));
        points
    };
    let free = path(&|day| height(day.promisable, limit));
    let mut area = free.clone();
    area.push((scale.right, bottom));
    drawing.path(&area, true, "free");
    drawing.path(&free, false, "edge");
    drawing.path(&path(&|day| height(day.supply, limit)), false, "supply");
    if part.days.iter().any(|day| !day.claims.is_zero()) {
        let mut claims = path(&|day| height(Amount::Counted(day.claims), limit));
        // Nobody waits until somebody does.
        let first = claims.iter().position(|(_, at)| *at < y(0.0));
        claims.drain(..first.unwrap_or(1).saturating_sub(1));
        drawing.path(&claims, false, "claims");
    }
    if is_endless {
        drawing.text(
            scale.right - 6.0,
            top + 16.0,
            "soft small end",
            "any number",
        );
    }
}

/// The days that bound what is promised: the release and the horizon.
fn bounds(lane: &Lane<'_>, scale: &Scale, (top, bottom): (f64, f64), drawing: &mut Drawing) {
    let bounds = [
        (lane.part.unreleased_until, "release"),
        (Some(lane.part.horizon), "horizon"),
    ];
    for (day, name) in bounds {
        if let Some(day) = day.filter(|day| scale.shows(*day)) {
            let x = scale.start(day);
            drawing.line((x, top), (x, bottom), "bound");
            drawing.text(x - 5.0, top + 13.0, "small alert end", name);
        }
    }
    let x = scale.middle(lane.place.today);
    drawing.line((x, top), (x, bottom), "today");
}

/// Days below the steps: each Monday, or each month where there are many.
fn axis(today: NaiveDate, scale: &Scale, y: f64, drawing: &mut Drawing) {
    drawing.line((scale.left, y), (scale.right, y), "hair");
    let x = scale.middle(today);
    drawing.text(x, y + 16.0, "small strong mid", "today");
    let months = scale.day_width() < 7.5;
    let ticks = scale.first.iter_days().take_while(|day| *day <= scale.last);
    let ticks = ticks.filter(|day| match months {
        true => day.day() == 1,
        false => day.weekday() == Weekday::Mon,
    });
    for day in ticks {
        let words = match (months, day.month()) {
            (true, 1) => day.format("%b %Y").to_string(),
            (true, _) => day.format("%b").to_string(),
            (false, _) => day.format("%-d %b").to_string(),
        };
        let at = match months {
            true => scale.start(day),
            false => scale.middle(day),
        };
        let half = width(&words) / 2.0;
        if (at - x).abs() < half + 26.0 || scale.right < at + half {
            continue;
        }
        drawing.line((at, y), (at, y + 4.0), "hair");
        drawing.text(at, y + 16.0, "soft small mid", &words);
    }
}

/// A dated part of the request.
struct Flag {
    x: f64,
    left: f64,
    width: f64,
    /// From the lowest.
    row: usize,
    words: String,
}

/// Flags from the right to the left: one that would cover the next stands a row higher, so that no
/// pole goes through another's words. Where there are many, one stands for those shortly before it.
fn flags(lane: &Lane<'_>, scale: &Scale) -> Vec<Flag> {
    let together = match lane.slices.len() {
        ..=FLAGS_APART_MAX => 0.0,
        _ => FLAGS_TOGETHER,
    };
    let mut groups: Vec<(f64, NaiveDate, Quantity)> = Vec::new();
    for part in lane.slices.iter().rev() {
        let x = scale.middle(part.slice.ships_by);
        match groups.last_mut() {
            Some((last, _, units)) if *last - x < together => {
                *units = units.plus(part.slice.quantity);
            }
            _ => groups.push((x, part.slice.ships_by, part.slice.quantity)),
        }
    }
    let mut taken: Vec<f64> = Vec::new();
    let mut flags = Vec::new();
    for (x, day, units) in groups {
        let day = words::near(day, lane.place.today);
        let words = format!("{} by {day}", units.units());
        let wide = width(&words) * 1.04 + 16.0;
        let left = (x - 1.0).min(scale.right - wide);
        let fits = |from: &f64| left + wide + 6.0 <= *from;
        let row = taken.iter().position(fits).unwrap_or(taken.len());
        match taken.get_mut(row) {
            Some(from) => *from = left,
            None => taken.push(left),
        }
        flags.push(Flag {
            x,
            left,
            width: wide,
            row,
            words,
        });
    }
    flags
}

/// Units that come, or are due, around one spot.
struct Mark {
    first: f64,
    last: f64,
    amount: Amount,
    count: u32,
    name: String,
    class: &'static str,
}

/// The rows of supply and claims; returns where they end.
fn marks(lane: &Lane<'_>, scale: &Scale, mut y: f64, drawing: &mut Drawing) -> f64 {
    let mut supply: Vec<Mark> = Vec::new();
    for step in &lane.part.supply {
        let arrival = &step.arrival;
        if arrival.amount == Amount::ZERO || !scale.shows(arrival.ships_by) {
            continue;
        }
        let class = match arrival.source {
            Source::Shelf => "ready",
            Source::Incoming(_) => "ring wait",
            Source::Late(_) => "ring alert",
            Source::Replenishment(_) | Source::Release => "ring accent",
        };
        add(
            &mut supply,
            scale.middle(arrival.ships_by),
            arrival.amount,
            arrivals::name(&arrival.source),
            class,
        );
    }
    if !supply.is_empty() {
        y += 20.0;
        row("supply", '+', &supply, scale, y, drawing);
        y += 20.0;
    }
    let mut claims: Vec<Mark> = Vec::new();
    let safety = (Due::Owed, lane.part.withheld, "safety stock");
    let standing = lane
        .part
        .claims
        .iter()
        .map(|claim| (claim.due, claim.quantity, ""));
    let all = std::iter::once(safety).chain(standing);
    for (due, quantity, name) in all.filter(|(_, quantity, _)| !quantity.is_zero()) {
        let (x, name) = match due {
            Due::Owed if name.is_empty() => (scale.left, "owed"),
            Due::Owed => (scale.left, name),
            Due::By(day) => (scale.middle(day), name),
            Due::Undated => (scale.left, "no date"),
        };
        add(
            &mut claims,
            x,
            Amount::Counted(quantity),
            name.into(),
            "wait",
        );
    }
    if !claims.is_empty() {
        y += 20.0;
        row("claims", '−', &claims, scale, y, drawing);
        y += 20.0;
    }
    y + 12.0
}

fn add(marks: &mut Vec<Mark>, x: f64, amount: Amount, name: String, class: &'static str) {
    match marks.last_mut() {
        Some(mark) if x - mark.first < MARKS_APART => {
            mark.last = x;
            mark.amount = mark.amount.plus(amount);
            mark.count += 1;
            // The one that deserves a look gives the colour.
            if class == "ring alert" || mark.class == "ready" {
                mark.class = class;
            }
        }
        _ => marks.push(Mark {
            first: x,
            last: x,
            amount,
            count: 1,
            name,
            class,
        }),
    }
}

fn row(title: &str, sign: char, marks: &[Mark], scale: &Scale, y: f64, drawing: &mut Drawing) {
    drawing.text(scale.left - GUTTER, y, "soft small end", title);
    for (at, mark) in marks.iter().enumerate() {
        let x = (mark.first + mark.last) / 2.0;
        let units = match mark.amount.counted() {
            Some(count) => format!("{sign}{}", count.units()),
            None => format!("{sign} any"),
        };
        if 0.0 < mark.last - mark.first {
            drawing.line((mark.first, y - 4.5), (mark.last, y - 4.5), "hair");
        }
        let is_ring = mark.class.starts_with("ring");
        let radius = if is_ring { 3.6 } else { 4.2 };
        drawing.circle((x, y - 4.5), radius, mark.class);
        let below = match mark.count {
            1 => mark.name.clone(),
            count => format!("in {count}"),
        };
        if scale.right < x + 8.0 + width(&units) {
            drawing.text(x - 8.0, y, "small strong end", &units);
            drawing.text(x + 4.0, y + 15.0, "soft small end", &below);
            continue;
        }
        drawing.text(x + 8.0, y, "small strong", &units);
        let next = marks.get(at + 1).map_or(scale.right + 20.0, |next| {
            (next.first + next.last) / 2.0 - 5.0
        });
        let room = next - (x - 4.0) - 6.0;
        if width("in 10") < room {
            drawing.text(x - 4.0, y + 15.0, "soft small", &cut(&below, room));
        }
    }
}

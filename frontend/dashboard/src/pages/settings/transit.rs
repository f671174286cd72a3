//! How long carriers take to each part of the world: from it comes the day by which shoppers have their goods.

use leptos::prelude::*;

use crate::fields::Fields;
use crate::pages::ordering::{WEEKDAYS, some, whole};
use crate::parts::{self, anew, area_field, check_field, field, said_field, select_field};
use crate::value::{Value, json};
use crate::words::{named, say, t};

/// A line, as it is typed.
#[derive(Clone, Copy)]
pub struct Line {
    zone: RwSignal<String>,
    from: RwSignal<String>,
    days: RwSignal<String>,
    holidays: RwSignal<String>,
    delivers: [RwSignal<bool>; 7],
}

/// The lines, and the fields for them.
pub struct Lines {
    /// Each as it is typed.
    pub lines: RwSignal<Vec<Line>>,
    /// The fields.
    pub fields: AnyView,
}

/// The lines that there are, and more; `places` are the locations that parcels may leave.
pub fn transit(known: &[Value], places: &[(String, String)]) -> Lines {
    let lines = RwSignal::new(known.iter().map(Line::of).collect::<Vec<_>>());
    let mut anywhere = vec![(String::new(), t("transit.anywhere"))];
    anywhere.extend(places.iter().cloned());
    let places = StoredValue::new(anywhere);
    let drawn = move || {
        let many = lines.get();
        let many = many.into_iter().enumerate();
        many.map(|(at, line)| line.fields(places.get_value(), at, lines))
            .collect::<Vec<_>>()
    };
    let add = move |_| lines.update(|lines| lines.push(Line::of(&Value::Null)));
    let fields = view! {
        <p class="soft">{t("transit.lead")}</p>
        {anew(drawn)}
        {parts::press("quiet", t("transit.add"), add)}
    }
    .into_any();
    Lines {
        lines,
        fields: fields.into_any(),
    }
}

impl Line {
    fn of(line: &Value) -> Self {
        let delivers = line.texts("delivery_days");
        let is_new = line.is_null();
        let weekend = ["sat", "sun"];
        Self {
            zone: RwSignal::new(line.text("zone")),
            from: RwSignal::new(line.text("from")),
            days: RwSignal::new(line.count("days").unwrap_or(3).to_string()),
            holidays: RwSignal::new(line.texts("holidays").join("\n")),
            delivers: WEEKDAYS.map(|day| {
                let delivers = delivers.iter().any(|one| one == day);
                RwSignal::new(delivers || is_new && !weekend.contains(&day))
            }),
        }
    }

    /// What is asked for.
    pub fn request(&self) -> Value {
        let days = WEEKDAYS.iter().zip(self.delivers);
        let days = days.filter(|(_, on)| on.get_untracked());
        let days: Vec<&str> = days.map(|(day, _)| *day).collect();
        let holidays = self.holidays.get_untracked();
        let holidays = holidays.lines().map(str::trim);
        let holidays: Vec<&str> = holidays.filter(|day| !day.is_empty()).collect();
        json!({
            "zone": self.zone.get_untracked().trim(),
            "from": some(self.from),
            "days": whole(self.days),
            "delivery_days": days,
            "holidays": holidays,
        })
    }

    fn fields(
        self,
        places: Vec<(String, String)>,
        at: usize,
        lines: RwSignal<Vec<Self>>,
    ) -> AnyView {
        let boxes = WEEKDAYS.iter().zip(self.delivers);
        let boxes: Vec<_> = boxes
            .map(|(day, on)| check_field(named("weekday", day), on))
            .collect();
        let remove = move |_| {
            lines.update(|lines| {
                lines.remove(at);
            })
        };
        view! {
            <fieldset class="line">
                <legend dir="auto">{anew(move || self.zone.get())}</legend>
                <div class="row">
                    {field(t("transit.zone"), "text*", self.zone)}
                    {select_field(t("transit.from"), self.from, places)}
                </div>
                {said_field(t("transit.days"), "number*", self.days, |days| say("transit.days_says", &[("n", &days)]))}
                <details>
                    <summary>{t("transit.delivers")}</summary>
                    <div class="days">{boxes}</div>
                    {area_field(t("settings.holidays"), 4, self.holidays)}
                </details>
                {parts::press("quiet", t("transit.remove"), remove)}
            </fieldset>
        }
        .into_any()
    }
}

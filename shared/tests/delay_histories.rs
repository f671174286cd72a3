//! What holds for every history of a part that can be late.

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use shared::delay::*;

/// Random histories of a property that cannot try all.
const CASES: u32 = 2_000;

/// What somebody tries to do on a day.
#[derive(Debug, Clone, Copy)]
enum Step {
    Nothing,
    Revise(Option<u64>),
    Consent,
    Cancel,
    Ship,
}

/// Last day of a story, in days from the order. The part is due on day 2, and silence agrees to 3 days more.
const LAST_DAY: u64 = 6;

const STEPS: [Step; 9] = [
    Step::Nothing,
    Step::Revise(Some(1)),
    Step::Revise(Some(3)),
    Step::Revise(Some(5)),
    Step::Revise(Some(8)),
    Step::Revise(None),
    Step::Consent,
    Step::Cancel,
    Step::Ship,
];

fn after(days: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 1, 4).expect("a date") + Days::new(days)
}

fn short() -> History {
    short_under(Law::UnitedStates)
}

fn short_under(law: Law) -> History {
    let mut policy = DelayPolicy::of(law);
    match &mut policy.rule {
        Rule::Ask {
            definite_days: days,
            ..
        }
        | Rule::ExtraPeriod { days, .. } => *days = 3,
        Rule::Tell => {}
    }
    let terms = Terms {
        shown: Some(after(2)),
        ..Terms::placed(after(0))
    };
    History::new(policy, terms)
}

/// What the shopper of a part that waits was told last.
fn told(history: &History, today: NaiveDate) -> When {
    match history.standing(today) {
        Standing::Waits { due, .. } => due,
        _ => When::Unknown,
    }
}

/// Tries a step; a refusal leaves the history as it is.
fn take(history: &mut History, step: Step, today: NaiveDate) -> Result<(), Refusal> {
    let event = match step {
        Step::Nothing => None,
        Step::Revise(ahead) => {
            let notice = on_revision(history, ahead.map(after), today);
            notice.map(|notice| Event::Told {
                on: today,
                due: notice.promise_to,
            })
        }
        Step::Consent => {
            reply(
                history,
                Reply::Consent {
                    to: told(history, today),
                },
                today,
            )?
            .record
        }
        Step::Cancel => reply(history, Reply::Cancel, today)?.record,
        Step::Ship => Some(Event::Shipped { on: today }),
    };
    event.map_or(Ok(()), |event| history.record(event).map(|_| ()))
}

/// Does what time asks for.
fn act(history: &mut History, today: NaiveDate) {
    for action in on_day(history, today) {
        let event = match action {
            Action::Cancel { on, cause } => Event::Cancelled { on, cause },
            Action::Refund { .. } => Event::RefundStarted { on: today },
            Action::TellMissed { .. } => Event::Told {
                on: today,
                due: When::Unknown,
            },
        };
        assert_eq!(history.record(event), Ok(Receipt::Recorded));
    }
}

/// Calls with every history of some days, one step a day from day 1 on, and the day that comes after it.
fn every_history(look: impl FnMut(&History, NaiveDate)) {
    every_history_of(Law::UnitedStates, look);
}

fn every_history_of(law: Law, mut look: impl FnMut(&History, NaiveDate)) {
    let mut open = vec![(short_under(law), 1)];
    while let Some((history, day)) = open.pop() {
        look(&history, after(day));
        if day < LAST_DAY {
            for step in STEPS {
                let mut next = history.clone();
                if take(&mut next, step, after(day)).is_ok() {
                    open.push((next, day + 1));
                }
            }
        }
    }
}

#[test]
fn who_was_asked_nothing_answers_nothing() {
    let consent = Reply::Consent {
        to: When::By(after(2)),
    };
    for answer in [consent, Reply::Cancel, Reply::SetExtraPeriod] {
        let refused = reply(&short(), answer, after(1));
        assert_eq!(refused, Err(Refusal::NothingAsked), "{answer:?}");
    }
}

#[test]
fn time_does_not_end_a_part_on_any_other_day() {
    let (on, cause) = (after(1), Cause::NoNotice);
    let early = short().record(Event::Cancelled { on, cause });
    assert_eq!(early, Err(Refusal::NotLapsed { on }));
}

#[test]
fn no_refund_starts_before_the_end() {
    let early = short().record(Event::RefundStarted { on: after(1) });
    assert_eq!(early, Err(Refusal::NotCancelled));
}

#[test]
fn what_happened_is_told_in_its_order() {
    let mut history = short();
    take(&mut history, Step::Revise(Some(5)), after(2)).expect("a notice");
    let early = history.record(Event::SellerRefused { on: after(1) });
    assert_eq!(early, Err(Refusal::OutOfOrder { last: after(2) }));
}

#[test]
fn no_part_is_ever_both_shipped_and_cancelled() {
    every_history(|history, today| {
        let mut history = history.clone();
        act(&mut history, today);
        let _refused_where_cancelled = history.record(Event::Shipped { on: today });
        act(&mut history, after(100));
        let ends = history
            .events()
            .iter()
            .filter(|event| matches!(event, Event::Shipped { .. } | Event::Cancelled { .. }));
        assert!(ends.count() <= 1, "{history:?}");
    });
}

#[test]
fn silence_never_consents_to_an_unknown_date() {
    every_history(|history, today| {
        let notice = on_revision(history, None, today);
        assert_ne!(notice.map(|notice| notice.silence), Some(Silence::Consents));
        let agreed = |event: &Event| {
            matches!(
                event,
                Event::Consented {
                    to: When::Unknown,
                    ..
                }
            )
        };
        let said = history.events().iter().any(agreed);
        let waits = matches!(history.standing(after(100)), Standing::Waits { .. });
        assert!(said || !waits, "{history:?}");
    });
}

#[test]
fn an_action_happens_once() {
    every_history(|history, today| {
        for day in [today, after(100)] {
            let mut history = history.clone();
            act(&mut history, day);
            assert_eq!(on_day(&history, day), [], "{history:?}");
        }
    });
}

#[test]
fn a_later_revision_never_shortens_the_right_to_cancel() {
    every_history(|history, today| {
        for due in [Some(9), Some(12), None] {
            let mut later = history.clone();
            take(&mut later, Step::Revise(due), today).expect("a notice");
            let last_day = |history: &History| match history.standing(after(100)) {
                Standing::Cancelled { on, .. } => on,
                _ => NaiveDate::MAX,
            };
            assert!(last_day(history) <= last_day(&later), "{later:?}");
            let may = |history| reply(history, Reply::Cancel, today).is_ok();
            assert!(!may(history) || may(&later), "{later:?}");
        }
    });
}

#[test]
fn what_is_recorded_twice_happened_once() {
    for law in [Law::UnitedStates, Law::EuropeanUnion, Law::None] {
        every_history_of(law, |history, today| {
            let mut again = history.clone();
            act(&mut again, today);
            let once = again.clone();
            if let Some(last) = once.events().last() {
                assert_eq!(
                    again.record(*last),
                    Ok(Receipt::AlreadyRecorded),
                    "{once:?}"
                );
                assert_eq!(again, once);
            }
        });
    }
}

#[test]
fn no_extra_period_is_offered_for_what_is_in_time() {
    let history = short_under(Law::EuropeanUnion);
    assert_eq!(buttons(&history, after(2)), [Button::Cancel]);
    let late = Button::SetExtraPeriod { from: after(3) };
    assert_eq!(buttons(&history, after(3)), [late, Button::Cancel]);
}

#[test]
fn an_answer_is_offered_where_it_changes_something_and_nowhere_else() {
    for law in [Law::UnitedStates, Law::EuropeanUnion, Law::None] {
        every_history_of(law, |history, today| {
            let offered = buttons(history, today);
            let changes = |what| reply(history, what, today).is_ok_and(|it| it.record.is_some());
            let to = told(history, today);
            let consent = offered.contains(&Button::Consent);
            assert_eq!(consent, changes(Reply::Consent { to }), "{history:?}");
            let cancel = offered.contains(&Button::Cancel);
            assert_eq!(cancel, changes(Reply::Cancel), "{history:?}");
            let extra = offered.contains(&Button::SetExtraPeriod { from: today });
            assert_eq!(extra, changes(Reply::SetExtraPeriod), "{history:?}");
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_outcome_does_not_depend_on_how_often_time_was_asked(
        days in prop::collection::vec((prop::sample::select(&STEPS[..]), any::<bool>()), 12),
    ) {
        let (mut often, mut seldom) = (short(), short());
        for (ahead, (step, asks)) in (0..).zip(days) {
            let today = after(ahead);
            if asks && !matches!(on_day(&often, today)[..], [Action::TellMissed { .. }]) {
                act(&mut often, today);
            }
            prop_assert_eq!(take(&mut often, step, today), take(&mut seldom, step, today));
        }
        prop_assert_eq!(often.standing(after(100)), seldom.standing(after(100)));
    }
}

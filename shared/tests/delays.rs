//! The law of delays, statement by statement.

use chrono::NaiveDate;
use shared::delay::*;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn jan(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 1, day).expect("a date")
}

fn feb(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 2, day).expect("a date")
}

/// A part that was ordered on 4 January 2027 and stated for 14 January.
fn part(policy: DelayPolicy) -> History {
    let terms = Terms {
        shown: Some(jan(14)),
        ..Terms::placed(jan(4))
    };
    History::new(policy, terms)
}

fn us() -> History {
    part(DelayPolicy::of(Law::UnitedStates))
}

fn eu() -> History {
    part(DelayPolicy::of(Law::EuropeanUnion))
}

/// Goods made to measure: no withdrawal, so that only a missed date lets the shopper go.
fn eu_made_to_measure() -> DelayPolicy {
    let mut policy = DelayPolicy::of(Law::EuropeanUnion);
    if let Rule::ExtraPeriod {
        cancel_any_time, ..
    } = &mut policy.rule
    {
        *cancel_any_time = false;
    }
    policy
}

/// Sends the notice of a new date, and gives it back.
fn tell(history: &mut History, due: Option<NaiveDate>, today: NaiveDate) -> Notice {
    let notice = on_revision(history, due, today).expect("a notice");
    let told = Event::Told {
        on: today,
        due: notice.promise_to,
    };
    assert_eq!(history.record(told), Ok(Receipt::Recorded));
    notice
}

/// Answers, and records what is new in it.
fn answer(history: &mut History, what: Reply, today: NaiveDate) -> Result<Standing, Refusal> {
    let replied = reply(history, what, today)?;
    if let Some(event) = replied.record {
        assert_eq!(history.record(event), Ok(Receipt::Recorded));
    }
    assert_eq!(history.standing(today), replied.now);
    Ok(replied.now)
}

fn consent(
    history: &mut History,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Standing, Refusal> {
    answer(history, Reply::Consent { to: to.into() }, today)
}

/// The day at whose end a part is over if nothing more happens, and why.
fn over(history: &History) -> Option<(NaiveDate, Cause)> {
    match history.standing(date("2030-01-01")) {
        Standing::Cancelled { on, cause, .. } => Some((on, cause)),
        _ => None,
    }
}

fn ship(history: &mut History, on: NaiveDate) -> Result<Receipt, Refusal> {
    history.record(Event::Shipped { on })
}

#[test]
fn us_2_without_a_stated_date_the_limit_is_30_days_and_50_on_the_sellers_credit() {
    let policy = DelayPolicy::of(Law::UnitedStates);
    let limit = |shown, payment| policy.limit(jan(4), shown, payment);
    assert_eq!(limit(None, Payment::Ordinary), feb(3));
    assert_eq!(limit(None, Payment::SellersCredit), feb(23));
    assert_eq!(limit(Some(jan(14)), Payment::SellersCredit), jan(14));
}

#[test]
fn us_5_the_date_that_was_shown_at_checkout_is_the_first_date() {
    assert_eq!(us().promised(), jan(14));
}

#[test]
fn us_6_a_delay_notice_offers_to_consent_or_to_cancel_and_says_that_answering_is_free() {
    let notice = on_revision(&us(), Some(feb(5)), jan(10)).expect("a notice");
    assert_eq!(
        (notice.promise_from, notice.promise_to),
        (When::By(jan(14)), When::By(feb(5)))
    );
    assert_eq!(notice.buttons(), [Button::Consent, Button::Cancel]);
    let says = [
        Statement::NewDate(feb(5)),
        Statement::RightToCancelWithFullRefund,
        Statement::SilenceConsents,
        Statement::AnswerIsFree,
    ];
    assert_eq!(notice.must_say(), says);
}

#[test]
fn us_7_a_new_date_30_days_later_and_silence_consents() {
    let mut history = us();
    let notice = tell(&mut history, Some(feb(13)), jan(10));
    assert_eq!(notice.kind, Kind::Definite);
    assert_eq!(notice.silence, Silence::Consents);
    assert_eq!(notice.reply_by, Some(feb(13)));
    assert_eq!(on_day(&history, feb(13)), []);
}

#[test]
fn us_7_a_new_date_22_days_later_and_silence_consents() {
    let notice = tell(&mut us(), Some(feb(5)), jan(10));
    assert_eq!(
        (notice.kind, notice.silence),
        (Kind::Definite, Silence::Consents)
    );
}

#[test]
fn us_7_after_silence_the_shopper_may_still_cancel_until_it_is_shipped() {
    let mut history = us();
    assert!(tell(&mut history, Some(feb(5)), jan(10)).may_cancel_until_shipped);
    let now = answer(&mut history, Reply::Cancel, feb(4)).expect("a cancellation");
    let cancelled = Standing::Cancelled {
        on: feb(4),
        cause: Cause::Shopper,
        refund_by: feb(15),
    };
    assert_eq!(now, cancelled);
}

#[test]
fn us_8_a_new_date_31_days_later_and_silence_cancels_30_days_after_the_first_date() {
    let mut history = us();
    let notice = tell(&mut history, Some(feb(14)), jan(10));
    assert_eq!(notice.kind, Kind::Long);
    assert_eq!(notice.silence, Silence::Cancels { on: feb(13) });
    assert_eq!(notice.reply_by, Some(feb(13)));
    assert_eq!(over(&history), Some((feb(13), Cause::Silence)));
}

#[test]
fn us_8_a_new_date_37_days_later_and_silence_cancels() {
    let notice = tell(&mut us(), Some(feb(20)), jan(10));
    assert_eq!(
        (notice.kind, notice.silence),
        (Kind::Long, Silence::Cancels { on: feb(13) })
    );
}

#[test]
fn us_8_an_unknown_date_and_silence_cancels() {
    let mut history = us();
    let notice = tell(&mut history, None, jan(10));
    assert_eq!(notice.kind, Kind::Indefinite);
    assert_eq!(notice.silence, Silence::Cancels { on: feb(13) });
    assert_eq!(over(&history), Some((feb(13), Cause::Silence)));
}

#[test]
fn us_8_the_notice_says_that_silence_cancels_and_when() {
    let notice = on_revision(&us(), Some(feb(20)), jan(10)).expect("a notice");
    assert!(
        notice
            .must_say()
            .contains(&Statement::SilenceCancels(feb(13)))
    );
}

#[test]
fn us_8_shipped_on_the_30th_day_is_in_time() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    assert_eq!(ship(&mut history, feb(13)), Ok(Receipt::Recorded));
    assert_eq!(over(&history), None);
}

#[test]
fn us_8_on_the_31st_day_it_cannot_be_shipped_any_more() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    assert_eq!(
        ship(&mut history, feb(14)),
        Err(Refusal::AlreadyCancelled { on: feb(13) })
    );
    assert_eq!(history.events().len(), 1);
}

#[test]
fn us_8_consent_on_the_30th_day_counts() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    let waits = Standing::Waits {
        due: When::By(feb(20)),
        silence: Silence::ChangesNothing,
    };
    assert_eq!(consent(&mut history, Some(feb(20)), feb(13)), Ok(waits));
    assert_eq!(ship(&mut history, feb(20)), Ok(Receipt::Recorded));
}

#[test]
fn us_8_consent_on_the_31st_day_is_too_late() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    let late = consent(&mut history, Some(feb(20)), feb(14));
    assert_eq!(late, Err(Refusal::TooLate { by: feb(13) }));
}

#[test]
fn us_9_who_agreed_to_an_unknown_date_may_cancel_at_any_time_before_shipment() {
    let mut history = us();
    let notice = tell(&mut history, None, jan(10));
    assert!(notice.must_say().contains(&Statement::CancelAfterConsent));
    consent(&mut history, None, jan(12)).expect("consent");
    assert_eq!(over(&history), None);
    let now = answer(&mut history, Reply::Cancel, date("2027-09-01"));
    assert!(matches!(
        now,
        Ok(Standing::Cancelled {
            cause: Cause::Shopper,
            ..
        })
    ));
}

#[test]
fn us_10_a_second_slip_is_renewed_and_silence_cancels_on_the_revised_date() {
    let mut history = us();
    tell(&mut history, Some(feb(5)), jan(10));
    let notice = tell(&mut history, Some(feb(10)), feb(1));
    assert_eq!(notice.kind, Kind::Renewed);
    assert_eq!(notice.silence, Silence::Cancels { on: feb(5) });
    assert_eq!(notice.reply_by, Some(feb(5)));
    assert_eq!(over(&history), Some((feb(5), Cause::Silence)));
}

#[test]
fn us_10_consent_to_a_second_slip_lasts_until_its_date() {
    let mut history = us();
    tell(&mut history, Some(feb(5)), jan(10));
    tell(&mut history, Some(feb(10)), feb(1));
    consent(&mut history, Some(feb(10)), feb(5)).expect("consent");
    assert_eq!(over(&history), Some((feb(10), Cause::NoNotice)));
}

#[test]
fn us_10_a_further_slip_does_not_move_the_day_on_which_silence_cancels() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    let notice = tell(&mut history, None, jan(20));
    assert_eq!(
        (notice.kind, notice.silence),
        (Kind::Renewed, Silence::Cancels { on: feb(13) })
    );
}

#[test]
fn us_10_a_second_slip_that_ends_without_a_date_says_that_it_can_be_cancelled_later() {
    let mut history = us();
    tell(&mut history, Some(feb(5)), jan(10));
    let notice = tell(&mut history, None, feb(1));
    assert!(notice.must_say().contains(&Statement::CancelAfterConsent));
}

#[test]
fn us_11_no_notice_and_not_shipped_is_cancelled_and_the_refund_starts_by_itself() {
    let history = us();
    assert_eq!(on_day(&history, jan(14)), []);
    let cause = Cause::NoNotice;
    let due = [
        Action::Cancel { on: jan(14), cause },
        Action::Refund { by: jan(25) },
    ];
    assert_eq!(on_day(&history, jan(15)), due);
}

#[test]
fn us_11_a_revised_date_that_passes_without_a_word_cancels() {
    let mut history = us();
    tell(&mut history, Some(feb(5)), jan(10));
    assert_eq!(over(&history), Some((feb(5), Cause::NoNotice)));
}

#[test]
fn us_11_a_notice_on_the_promised_day_is_in_time_and_on_the_next_day_is_not() {
    assert!(on_revision(&us(), Some(feb(5)), jan(14)).is_some());
    assert_eq!(on_revision(&us(), Some(feb(5)), jan(15)), None);
}

#[test]
fn us_12_a_refund_is_in_time_within_seven_working_days_and_holidays_are_not_skipped() {
    let policy = DelayPolicy::of(Law::UnitedStates);
    // The third Monday of January is a holiday.
    assert_eq!(refund_by(jan(11), &policy), jan(20));
    assert_eq!(refund_by(jan(15), &policy), jan(26));
    assert_eq!(refund_by(jan(16), &policy), jan(26));
}

#[test]
fn us_13_a_part_that_was_shipped_stays_shipped_when_the_other_is_cancelled() {
    let (mut shipped, waiting) = (us(), us());
    ship(&mut shipped, jan(12)).expect("shipped");
    assert_eq!(on_day(&shipped, jan(15)), []);
    assert_eq!(on_day(&waiting, jan(15)).len(), 2);
}

#[test]
fn us_14_a_seller_may_cancel_instead_of_asking() {
    let mut history = part(DelayPolicy {
        cancel_instead_of_asking: true,
        ..DelayPolicy::of(Law::UnitedStates)
    });
    let notice = tell(&mut history, Some(feb(5)), jan(11));
    assert_eq!(notice.kind, Kind::CancelledBySeller);
    assert_eq!(notice.buttons(), []);
    assert_eq!(notice.must_say(), [Statement::CancelledAndRefunded]);
    let cause = Cause::Seller;
    let due = [
        Action::Cancel { on: jan(11), cause },
        Action::Refund { by: jan(20) },
    ];
    assert_eq!(on_day(&history, jan(11)), due);
}

#[test]
fn us_16_exempt_goods_are_told_and_never_cancelled_by_silence() {
    let mut history = part(DelayPolicy {
        exempt: true,
        ..DelayPolicy::of(Law::UnitedStates)
    });
    let notice = tell(&mut history, None, jan(10));
    assert_eq!(
        (notice.kind, notice.silence),
        (Kind::Later, Silence::ChangesNothing)
    );
    assert_eq!(over(&history), None);
}

#[test]
fn shipped_on_the_last_day_is_in_time() {
    let mut history = us();
    tell(&mut history, Some(feb(5)), jan(10));
    assert_eq!(ship(&mut history, feb(5)), Ok(Receipt::Recorded));
    assert_eq!(on_day(&history, feb(6)), []);
}

#[test]
fn a_store_may_switch_off_that_time_cancels() {
    let rule = Rule::Ask {
        definite_days: 30,
        definite_silence: DefiniteSilence::Consents,
        auto_cancel: false,
    };
    let mut history = part(DelayPolicy {
        rule,
        ..DelayPolicy::of(Law::UnitedStates)
    });
    let notice = tell(&mut history, Some(feb(20)), jan(10));
    assert_eq!(
        (notice.silence, notice.reply_by),
        (Silence::ChangesNothing, None)
    );
    assert_eq!(over(&history), None);
}

#[test]
fn a_store_may_ask_for_express_consent_to_a_short_delay_too() {
    let rule = Rule::Ask {
        definite_days: 30,
        definite_silence: DefiniteSilence::Cancels,
        auto_cancel: true,
    };
    let mut history = part(DelayPolicy {
        rule,
        ..DelayPolicy::of(Law::UnitedStates)
    });
    let notice = tell(&mut history, Some(feb(5)), jan(10));
    assert_eq!(notice.silence, Silence::Cancels { on: feb(5) });
    assert_eq!(over(&history), Some((feb(5), Cause::Silence)));
}

#[test]
fn eu_1_without_another_date_it_is_delivered_within_30_days() {
    let policy = DelayPolicy::of(Law::EuropeanUnion);
    assert_eq!(policy.limit(jan(4), None, Payment::Ordinary), feb(3));
    assert_eq!(policy.law.sense(), Sense::DeliverBy);
}

#[test]
fn eu_2_silence_about_a_delay_changes_nothing_and_costs_nothing() {
    let mut history = eu();
    let notice = tell(&mut history, Some(feb(20)), jan(10));
    assert_eq!(
        (notice.silence, notice.reply_by),
        (Silence::ChangesNothing, None)
    );
    assert!(notice.must_say().contains(&Statement::SilenceCostsNothing));
    assert_eq!(over(&history), None);
}

#[test]
fn eu_2_a_missed_date_lets_the_shopper_set_an_extra_period_and_then_end_the_contract() {
    let mut history = part(eu_made_to_measure());
    let ending = Ending::AfterPeriodSetFrom(jan(15));
    let notice = tell(&mut history, Some(feb(20)), jan(10));
    assert_eq!(notice.kind, Kind::ExtraPeriod(ending));
    let offered = [Button::Consent, Button::SetExtraPeriod { from: jan(15) }];
    assert_eq!(notice.buttons(), offered);
    let first = Refusal::ExtraPeriodFirst { from: jan(16) };
    assert_eq!(answer(&mut history, Reply::Cancel, jan(16)), Err(first));
    answer(&mut history, Reply::SetExtraPeriod, jan(16)).expect("a period of 14 days");
    let from = jan(31);
    let left = [Button::Consent, Button::EndContract { from }];
    assert_eq!(buttons(&history, jan(16)), left);
    let early = Refusal::TooEarly { from: jan(31) };
    assert_eq!(answer(&mut history, Reply::Cancel, jan(30)), Err(early));
    let now = answer(&mut history, Reply::Cancel, jan(31));
    assert!(matches!(now, Ok(Standing::Cancelled { .. })));
}

#[test]
fn eu_2_no_extra_period_can_be_set_while_the_date_is_not_missed() {
    let mut history = eu();
    tell(&mut history, Some(feb(20)), jan(10));
    let early = answer(&mut history, Reply::SetExtraPeriod, jan(14));
    assert_eq!(early, Err(Refusal::TooEarly { from: jan(15) }));
}

#[test]
fn eu_2_an_essential_date_that_is_missed_ends_the_contract_at_once() {
    let terms = Terms {
        shown: Some(jan(14)),
        essential: true,
        ..Terms::placed(jan(4))
    };
    let mut history = History::new(eu_made_to_measure(), terms);
    let notice = tell(&mut history, Some(feb(20)), jan(10));
    assert_eq!(notice.kind, Kind::ExtraPeriod(Ending::From(jan(15))));
    let early = Refusal::TooEarly { from: jan(15) };
    assert_eq!(answer(&mut history, Reply::Cancel, jan(14)), Err(early));
    assert!(answer(&mut history, Reply::Cancel, jan(15)).is_ok());
}

#[test]
fn eu_2_a_seller_who_refuses_lets_the_shopper_go_at_once() {
    let mut history = part(eu_made_to_measure());
    history
        .record(Event::SellerRefused { on: jan(8) })
        .expect("recorded");
    assert!(answer(&mut history, Reply::Cancel, jan(8)).is_ok());
}

#[test]
fn eu_2_who_agreed_to_a_new_date_sets_no_extra_period_before_it() {
    let mut history = eu();
    tell(&mut history, Some(feb(20)), jan(10));
    consent(&mut history, Some(feb(20)), jan(11)).expect("consent");
    let early = answer(&mut history, Reply::SetExtraPeriod, feb(1));
    assert_eq!(early, Err(Refusal::TooEarly { from: feb(21) }));
}

#[test]
fn eu_2_a_date_that_is_missed_without_a_word_has_to_be_told() {
    let mut history = eu();
    assert_eq!(on_day(&history, jan(14)), []);
    assert_eq!(
        on_day(&history, jan(15)),
        [Action::TellMissed { due: jan(14) }]
    );
    tell(&mut history, None, jan(15));
    assert_eq!(on_day(&history, jan(15)), []);
}

#[test]
fn eu_5_a_long_backorder_keeps_the_withdrawal_open_for_all_of_the_order() {
    assert_eq!(withdrawal_ends(&[Some(jan(12)), None]), Withdrawal::Open);
    let both = [Some(date("2027-03-01")), Some(jan(12))];
    assert_eq!(
        withdrawal_ends(&both),
        Withdrawal::Until(date("2027-03-15"))
    );
}

#[test]
fn uk_1_the_kingdom_has_the_rules_of_the_union() {
    let (kingdom, union) = (Law::of("GB"), Law::of("DE"));
    let policies = [kingdom, union].map(|law| DelayPolicy::of(law).rule);
    assert_eq!(policies[0], policies[1]);
    assert_eq!(kingdom.sense(), Sense::DeliverBy);
}

#[test]
fn the_law_follows_from_the_country() {
    for country in ["DE", "FR", "GR", "HR", "IS", "LI", "NO"] {
        assert_eq!(Law::of(country), Law::EuropeanUnion, "{country}");
    }
    let others = ["CH", "CA", "EL", "UK", "EU", "", "USA"];
    for country in others {
        assert_eq!(Law::of(country), Law::None, "{country}");
    }
    assert_eq!(
        [Law::of("us"), Law::of("gb")],
        [Law::UnitedStates, Law::UnitedKingdom]
    );
}

#[test]
fn two_revisions_before_the_first_mail_make_one_notice_with_the_last_date() {
    let notice = on_revisions(&us(), &[Some(feb(5)), Some(feb(10))], jan(10));
    let notice = notice.expect("a notice");
    assert_eq!(
        (notice.kind, notice.promise_from),
        (Kind::Definite, When::By(jan(14)))
    );
    assert_eq!(notice.promise_to, When::By(feb(10)));
}

#[test]
fn a_revision_that_is_taken_back_before_the_mail_needs_no_notice() {
    assert_eq!(
        on_revisions(&us(), &[Some(feb(5)), Some(jan(14))], jan(10)),
        None
    );
}

#[test]
fn a_notice_for_what_was_told_already_is_not_made_again() {
    let mut history = us();
    tell(&mut history, Some(feb(5)), jan(10));
    assert_eq!(on_revision(&history, Some(feb(5)), jan(11)), None);
}

#[test]
fn an_improvement_asks_for_nothing() {
    let notice = on_revision(&us(), Some(jan(12)), jan(10)).expect("a notice");
    assert_eq!(
        (notice.kind, notice.silence),
        (Kind::Earlier, Silence::ChangesNothing)
    );
    assert_eq!(notice.buttons(), []);
}

#[test]
fn an_improvement_does_not_answer_the_question_that_stands() {
    let mut history = us();
    tell(&mut history, None, jan(10));
    let notice = tell(&mut history, Some(feb(20)), jan(12));
    assert_eq!(
        (notice.kind, notice.silence),
        (Kind::Earlier, Silence::Cancels { on: feb(13) })
    );
    assert_eq!(notice.buttons(), [Button::Consent, Button::Cancel]);
    consent(&mut history, Some(feb(20)), jan(13)).expect("consent");
    assert_eq!(over(&history), Some((feb(20), Cause::NoNotice)));
}

#[test]
fn an_improvement_that_is_lost_again_asks_for_nothing_and_ends_nothing_sooner() {
    let mut history = us();
    tell(&mut history, Some(jan(10)), jan(6));
    assert_eq!(over(&history), Some((jan(14), Cause::NoNotice)));
    let notice = tell(&mut history, Some(jan(14)), jan(8));
    assert_eq!(
        (notice.kind, notice.silence),
        (Kind::WithinAgreed, Silence::ChangesNothing)
    );
}

#[test]
fn a_date_in_the_past_is_never_promised_and_today_is_not_past() {
    let notice = on_revision(&us(), Some(jan(10)), jan(10)).expect("a notice");
    assert_eq!(notice.promise_to, When::By(jan(10)));
    let notice = on_revision(&us(), Some(jan(9)), jan(10)).expect("a notice");
    assert_eq!(notice.promise_to, When::Unknown);
    let past = us().record(Event::Told {
        on: jan(10),
        due: When::By(jan(9)),
    });
    assert_eq!(past, Err(Refusal::DateOver { due: jan(9) }));
}

#[test]
fn an_old_mail_cannot_agree_to_a_later_date() {
    let mut history = us();
    tell(&mut history, Some(feb(5)), jan(10));
    tell(&mut history, Some(feb(10)), feb(1));
    let old = consent(&mut history, Some(feb(5)), feb(2));
    assert_eq!(
        old,
        Err(Refusal::ToldAnew {
            due: When::By(feb(10))
        })
    );
}

#[test]
fn saying_the_same_again_is_no_news() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    let agreed = consent(&mut history, Some(feb(20)), jan(12));
    assert_eq!(consent(&mut history, Some(feb(20)), jan(13)), agreed);
    let cancelled = answer(&mut history, Reply::Cancel, jan(14));
    assert_eq!(answer(&mut history, Reply::Cancel, jan(15)), cancelled);
    assert_eq!(history.events().len(), 3);
}

#[test]
fn what_is_shipped_can_neither_be_cancelled_nor_agreed_to() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    ship(&mut history, jan(20)).expect("shipped");
    let shipped = Err(Refusal::AlreadyShipped { on: jan(20) });
    assert_eq!(answer(&mut history, Reply::Cancel, jan(20)), shipped);
    assert_eq!(consent(&mut history, Some(feb(20)), jan(20)), shipped);
}

#[test]
fn what_is_cancelled_cannot_be_agreed_to() {
    let mut history = us();
    tell(&mut history, Some(feb(20)), jan(10));
    answer(&mut history, Reply::Cancel, jan(11)).expect("a cancellation");
    let cancelled = Err(Refusal::AlreadyCancelled { on: jan(11) });
    assert_eq!(consent(&mut history, Some(feb(20)), jan(12)), cancelled);
}

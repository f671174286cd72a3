//! What forecasts promise, whatever was sold: they are distributions, they learn, and no number is too large or too strange for them.

use proptest::prelude::*;
use shared::demand::{
    Distribution, Forecast, HORIZON_PERIODS_MAX, Horizon, LeadTimes, Model, Period, Pool, Rhythm,
    Season,
};
use shared::lead_time::{Delivery, Level};
use shared::quantity::{QUANTITY_MAX, Quantity};

fn sold(units: &[u32]) -> Vec<Period> {
    let quantities = units.iter().map(|units| Quantity::new(*units));
    quantities.map(Period::Sold).collect()
}

fn level(percent: u8) -> Level {
    Level::new(percent).expect("a level")
}

fn horizon(periods: f64) -> Horizon {
    Horizon::of_periods(periods).expect("a horizon")
}

fn quantile(found: &Distribution, percent: u8) -> u32 {
    found.quantile(level(percent)).units()
}

/// Numbers that look like chance, the same each time (Knuth's MMIX).
fn chance(seed: u64) -> impl FnMut(u32) -> u32 {
    let mut state = seed;
    move |end| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((state >> 33) % u64::from(end)).expect("small")
    }
}

/// A shop of slow movers, of steady sellers, and of some that are bought by tens.
fn shop() -> Vec<Vec<Period>> {
    let mut below = chance(7);
    (0..60)
        .map(|at| {
            let units = (0..36).map(|_| match at % 3 {
                0 => below(8) / 7,
                1 => 12 + below(9),
                _ => 10 * (below(9) / 8),
            });
            sold(&units.collect::<Vec<_>>())
        })
        .collect()
}

/// How wide the middle nine tenths of the next period are.
fn width(forecast: &Forecast<'_>) -> u32 {
    let next = forecast.over(Horizon::ONE);
    quantile(&next, 95) - quantile(&next, 5)
}

fn period() -> impl Strategy<Value = Period> {
    let units = prop_oneof![
        4 => Just(0_u32),
        4 => 0..20_u32,
        1 => 0..5_000_u32,
        1 => 0..=QUANTITY_MAX,
    ];
    (units, 0..8_u8).prop_map(|(units, kind)| match kind {
        0 => Period::SoldOut(Quantity::new(units)),
        _ => Period::Sold(Quantity::new(units)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_forecast_is_a_distribution(
        histories in prop::collection::vec(prop::collection::vec(period(), 0..60), 1..4),
        periods in 0.01..40.0_f64,
        seasonal in any::<bool>(),
    ) {
        let pool = Pool::learn(&histories, seasonal.then_some(Season::MONTHS));
        prop_assert!((0.9..=1.0).contains(&pool.drift()));
        for history in &histories {
            let forecast = pool.forecast(history);
            let believed: f64 = forecast.models().iter().map(|(_, belief)| belief).sum();
            prop_assert!((believed - 1.0).abs() < 1e-9, "{believed}");
            let found = forecast.over(horizon(periods));
            let mut before = (0, 0.0);
            for percent in 1..=99 {
                let units = quantile(&found, percent);
                prop_assert!(before.0 <= units && units <= QUANTITY_MAX);
                let within = found.within_units(Quantity::new(units));
                prop_assert!(f64::from(percent) / 100.0 <= within + 1e-9 && within <= 1.0 + 1e-9);
                prop_assert!(before.1 <= within);
                before = (units, within);
            }
            let mean = found.mean();
            prop_assert!(mean.is_finite() && 0.0 <= mean);
            prop_assert!(found.missing(Quantity::new(3)) <= mean + 1e-9);
            prop_assert_eq!(&found, &forecast.over(horizon(periods)));
        }
    }

    #[test]
    fn the_mean_grows_with_the_horizon_and_is_that_of_the_distribution(
        units in prop::collection::vec(0..60_u32, 1..50),
        periods in 0.5..12.0_f64,
    ) {
        let pool = Pool::learn(&shop(), None);
        let history = sold(&units);
        let forecast = pool.forecast(&history);
        let (near, far) = (forecast.mean(horizon(periods)), forecast.mean(horizon(periods + 0.5)));
        prop_assert!(near <= far);
        let found = forecast.over(horizon(periods)).mean();
        prop_assert!((found - near).abs() < 0.02 * near + 0.02, "{found} {near}");
    }

    #[test]
    fn what_was_before_the_first_sale_says_nothing(units in prop::collection::vec(0..30_u32, 1..40), before in 0..20_usize) {
        let pool = Pool::learn(&shop(), None);
        let mut longer = vec![Period::Sold(Quantity::ZERO); before];
        longer.extend(sold(&units));
        let (short, long) = (sold(&units), longer);
        prop_assert_eq!(
            pool.forecast(&short).over(horizon(3.0)),
            pool.forecast(&long).over(horizon(3.0))
        );
    }
}

#[test]
fn more_history_of_the_same_kind_narrows() {
    let pool = Pool::learn(&shop(), None);
    // Forty chances in each period, of which half are taken.
    let mut below = chance(3);
    let mut steady = |periods: usize| {
        let mut units = || (0..40).map(|_| below(2)).sum::<u32>();
        sold(&(0..periods).map(|_| units()).collect::<Vec<_>>())
    };
    let widths = [1, 4, 12, 36].map(|periods| {
        let forecasts = (0..20).map(|_| width(&pool.forecast(&steady(periods))));
        forecasts.sum::<u32>()
    });
    assert!(widths.is_sorted_by(|more, less| less < more), "{widths:?}");
}

#[test]
fn nothing_known_is_what_the_shop_sells() {
    let shop = shop();
    let pool = Pool::learn(&shop, Some(Season::MONTHS));
    for nothing in [vec![], sold(&[0; 40])] {
        let next = pool.forecast(&nothing).over(Horizon::ONE);
        assert!(0.2 < next.mean() && next.mean() < 4.0, "{}", next.mean());
    }
    // A shop that sold nothing at all, and one without goods.
    for pool in [
        Pool::learn(&[sold(&[0; 12])], None),
        Pool::learn::<Vec<Period>>(&[], None),
    ] {
        let next = pool.forecast(&[]).over(Horizon::ONE);
        assert!(quantile(&next, 50) <= 1 && next.mean() < 2.0);
    }
}

#[test]
fn one_period_is_believed_a_little() {
    let pool = Pool::learn(&shop(), None);
    let mean = |units: u32| pool.forecast(&sold(&[units])).mean(Horizon::ONE);
    assert!(mean(1) < mean(10) && mean(10) < mean(100));
    assert!(mean(100) < 100.0);
}

#[test]
fn a_huge_spike_passes() {
    let pool = Pool::learn(&shop(), None);
    let mut units = vec![3, 2, 4, 3, 3, 2, 4, 3, 2, 3, 4, 3];
    let before = pool.forecast(&sold(&units)).mean(Horizon::ONE);
    units.push(1_000_000);
    let after = pool.forecast(&sold(&units)).over(Horizon::ONE);
    assert!(quantile(&after, 99) <= QUANTITY_MAX && after.mean().is_finite());
    units.extend([3; 48]);
    let later = pool.forecast(&sold(&units)).mean(Horizon::ONE);
    assert!(later < 4.0 * before, "{before} {later}");
}

#[test]
fn the_largest_counts_over_the_longest_time_stay_within_all_numbers() {
    let most = sold(&[QUANTITY_MAX; 30]);
    let pool = Pool::learn(&[&most], Some(Season::MONTHS));
    let found = pool.forecast(&most).over(horizon(HORIZON_PERIODS_MAX));
    assert_eq!(quantile(&found, 50), QUANTITY_MAX);
    let next = pool.forecast(&most).over(Horizon::ONE);
    let middle = f64::from(quantile(&next, 50)) / f64::from(QUANTITY_MAX);
    assert!((0.8..=1.0).contains(&middle), "{middle}");
}

#[test]
fn an_empty_shelf_is_not_read_as_no_demand() {
    let pool = Pool::learn(&shop(), None);
    let mut known = sold(&[9, 11, 10, 8, 12, 10, 9, 11, 10, 10, 9, 11]);
    let before = pool.forecast(&known).mean(Horizon::ONE);
    let with = |last: Period| {
        let mut all = known.clone();
        all.extend([last; 4]);
        pool.forecast(&all).mean(Horizon::ONE)
    };
    let none_wanted = with(Period::Sold(Quantity::ZERO));
    let none_there = with(Period::SoldOut(Quantity::ZERO));
    let few_there = with(Period::SoldOut(Quantity::new(4)));
    assert!(none_wanted < 0.7 * before, "{none_wanted} {before}");
    assert!(0.85 * before < none_there, "{none_there} {before}");
    assert!(
        (few_there / none_there - 1.0).abs() < 0.05,
        "{few_there} {none_there}"
    );
    // Who sold out having sold more than ever was wanted by more still.
    assert!(1.3 * before < with(Period::SoldOut(Quantity::new(30))));
    // What is not known makes less sure.
    let narrow = width(&pool.forecast(&known));
    known.extend([Period::SoldOut(Quantity::ZERO); 12]);
    assert!(narrow <= width(&pool.forecast(&known)));
}

#[test]
fn what_nobody_buys_any_more_is_forgotten() {
    let pool = Pool::learn(&shop(), None);
    let mut units = vec![15; 24];
    units.extend([0; 24]);
    assert!(pool.forecast(&sold(&units)).mean(Horizon::ONE) < 0.6);
}

#[test]
fn who_buys_by_tens_is_expected_to_buy_by_tens() {
    let shop = shop();
    let pool = Pool::learn(&shop, None);
    let tens = sold(&[
        0, 0, 10, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0, 0,
        10, 0,
    ]);
    let forecast = pool.forecast(&tens);
    assert_eq!(forecast.models()[0].0, Model::Bulk);
    let next = forecast.over(Horizon::ONE);
    assert_eq!((quantile(&next, 60), quantile(&next, 90)), (0, 10));

    // Who found only four took them: that is no size in which it is bought.
    let some = |found: &Distribution| {
        found.within_units(Quantity::new(9)) - found.within_units(Quantity::ZERO)
    };
    let mut sold_out = tens.clone();
    sold_out.extend([Period::SoldOut(Quantity::new(4)); 4]);
    let after = pool.forecast(&sold_out).over(Horizon::ONE);
    assert!(
        some(&after) < 2.0 * some(&next),
        "{} {}",
        some(&next),
        some(&after)
    );
}

/// Airline passengers in thousands, January 1949 to December 1960 (Box and Jenkins, *Time Series Analysis*, series G).
const PASSENGERS: [u32; 144] = [
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170,
    170, 158, 133, 114, 140, 145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180,
    193, 181, 183, 218, 230, 242, 209, 191, 172, 194, 196, 196, 236, 235, 229, 243, 264, 272, 237,
    211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229, 242, 233, 267, 269,
    270, 315, 364, 347, 312, 274, 237, 278, 284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271,
    306, 315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336, 340, 318, 362, 348, 363, 435,
    491, 505, 404, 359, 310, 337, 360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405, 417,
    391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
];

#[test]
fn a_season_and_growth_are_carried_on() {
    let known = sold(&PASSENGERS[..132]);
    let pool = Pool::learn(&[&known], Some(Season::MONTHS));
    let forecast = pool.forecast(&known);
    assert_eq!(forecast.models()[0].0, Model::Seasonal);
    let mut before = 0.0;
    let off = PASSENGERS[132..].iter().enumerate().map(|(at, came)| {
        let until = forecast.mean(horizon((at + 1) as f64));
        let month = until - before;
        before = until;
        (month / f64::from(*came) - 1.0).abs()
    });
    let off: Vec<f64> = off.collect();
    assert!(off.iter().sum::<f64>() / 12.0 < 0.05, "{off:?}");
    // March was weak that year.
    assert!(off.iter().all(|off| *off < 0.16), "{off:?}");
    let all = forecast.over(horizon(12.0));
    let came: u32 = PASSENGERS[132..].iter().sum();
    assert!(quantile(&all, 5) < came && came < quantile(&all, 95));
}

#[test]
fn demand_until_an_order_comes_is_that_of_the_lead_time_and_the_review() {
    let shop = shop();
    let pool = Pool::learn(&shop, None);
    let forecast = pool.forecast(&shop[1]);
    let rhythm = Rhythm {
        review_days: 7,
        period_days: 30.0,
    };
    let until = forecast.until_covered(&LeadTimes::certain(53), rhythm);
    assert_eq!(until, forecast.over(horizon(2.0)));
    assert_eq!(
        forecast.mean_in_days(60, rhythm),
        forecast.mean(horizon(2.0))
    );
    assert_eq!(forecast.mean_in_days(0, rhythm), 0.0);

    let delivery = |days| Delivery {
        supplier: "weaver".parse().expect("an id"),
        mode: None,
        days,
    };
    let past: Vec<Delivery> = (0..40)
        .map(|at| delivery(if at % 2 == 0 { 23 } else { 83 }))
        .collect();
    let learnt = LeadTimes::learn(&past, &"weaver".parse().expect("an id"), None, None)
        .expect("forty deliveries");
    assert!((learnt.mean_days() - 53.0).abs() < 4.0);
    let unsure = forecast.until_covered(&learnt, rhythm);
    assert!(quantile(&until, 95) < quantile(&unsure, 95));
    assert!(quantile(&unsure, 5) < quantile(&until, 5));
    assert_eq!(
        LeadTimes::learn(&[], &"weaver".parse().expect("an id"), None, None),
        None
    );
}

#[test]
fn horizons_and_seasons_have_limits() {
    for periods in [
        0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        HORIZON_PERIODS_MAX + 0.1,
    ] {
        assert!(Horizon::of_periods(periods).is_err(), "{periods}");
    }
    assert!(Season::new(1).is_err() && Season::new(367).is_err());
    assert_eq!(Season::new(12), Ok(Season::MONTHS));
}

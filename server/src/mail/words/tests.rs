//! That letters say what they are to say, in every language.

use super::super::letter::{KINDS, sample};
use super::*;

#[test]
fn every_language_has_every_word_with_the_same_places_to_fill() {
    let places = |text: &str| {
        let mut places: Vec<String> = text
            .split('{')
            .skip(1)
            .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
            .collect();
        places.sort();
        places
    };
    for (key, words) in WORDS.iter() {
        for language in Language::ALL {
            let tag = language.tag().split('-').next().unwrap_or_default();
            let word = words
                .get(tag)
                .unwrap_or_else(|| panic!("`{key}` is missing in {tag}"));
            assert_eq!(places(word), places(&words["en"]), "`{key}` in {tag}");
        }
    }
}

#[test]
fn every_letter_is_said_in_every_language_and_nothing_is_left_to_fill() {
    for kind in KINDS {
        for language in Language::ALL {
            let letter = sample(kind, language).expect("a kind of letter");
            let said = said(&letter);
            let text = format!("{said:?}");
            assert!(
                !said.subject.is_empty() && !said.heading.is_empty(),
                "{kind}"
            );
            assert!(
                said.subject.contains(&letter.order),
                "{kind} {language:?}: {}",
                said.subject
            );
            for place in [
                "{order}", "{shop}", "{date}", "{was}", "{now}", "{amount}", "{name}", "{count}",
                "{title}",
            ] {
                assert!(!text.contains(place), "{kind} {language:?} leaves {place}");
            }
        }
    }
}

#[test]
fn a_delay_says_both_dates_what_silence_does_and_that_one_may_cancel() {
    let said = said(&sample("delayed", Language::English).expect("a letter"));
    assert_eq!(
        said.groups[0].items[0].notes,
        ["Ships by Friday, January 29 instead of Tuesday, December 15"]
    );
    assert!(
        said.after[0].contains("by Thursday, January 14"),
        "{}",
        said.after[0]
    );
    assert!(
        said.after[1].contains("cancel it at any time"),
        "{}",
        said.after[1]
    );
    let labels: Vec<&str> = said
        .buttons
        .iter()
        .map(|button| button.label.as_str())
        .collect();
    assert_eq!(labels, ["I will wait", "Cancel it", "See your order"]);
}

#[test]
fn a_confirmation_says_each_part_with_its_date_and_why() {
    let said = said(&sample("confirmed", Language::English).expect("a letter"));
    let hoodie = &said.groups[0].items[1];
    assert_eq!(hoodie.title, "3 × Hoodie, blue");
    assert_eq!(
        hoodie.notes,
        [
            "1 to ship by Wednesday, November 25",
            "2 to ship by Tuesday, December 15"
        ]
    );
    assert_eq!(
        hoodie.reason.as_deref(),
        Some("Our weaver ships on the first of the month.")
    );
}

#[test]
fn what_was_charged_is_said_of_what_left_and_not_of_what_still_waits() {
    for kind in ["shipped", "cancelled"] {
        let said = said(&sample(kind, Language::English).expect("a letter"));
        let heading = |group: &Group| group.heading.clone();
        assert_eq!(said.groups.iter().map(heading).collect::<Vec<_>>(), [None]);
        assert_eq!(
            said.later.iter().map(heading).collect::<Vec<_>>(),
            [Some("Still to come".to_owned())],
            "{kind}"
        );
    }
}

#[test]
fn dates_of_delivery_are_told_as_such() {
    let mut letter = sample("sooner", Language::English).expect("a letter");
    let slices = letter.lines.iter_mut().flat_map(|line| &mut line.slices);
    slices.for_each(|slice| slice.sense = Sense::DeliverBy);
    let LetterKind::Sooner { changes } = &mut letter.kind else {
        panic!("it is another letter");
    };
    changes[0].sense = Sense::DeliverBy;
    changes[0].was = None;
    assert_eq!(
        said(&letter).groups[0].items[0].notes,
        ["There is a date now: arrives by Friday, December 4"]
    );
    letter.kind = LetterKind::Confirmed {
        left: vec![("Cap".into(), 2)],
        total: None,
        is_paid_by_parcel: false,
    };
    assert_eq!(
        said(&letter).groups[0].items[1].notes,
        [
            "1 to arrive by Wednesday, November 25",
            "2 to arrive by Tuesday, December 15"
        ]
    );
    let gone = &said(&letter).groups[1];
    assert_eq!(gone.heading.as_deref(), Some("Has left already"));
    assert_eq!(gone.items[0].title, "2 × Cap");
}

#[test]
fn what_is_given_for_the_wait_is_said_where_somebody_waits() {
    for (kind, wanted) in [("confirmed", true), ("delayed", true), ("shipped", false)] {
        let offer = ("Five off.".into(), "Your code is X.".into());
        let letter = Letter {
            offer: Some(offer),
            ..sample(kind, Language::English).expect("a letter")
        };
        let said = said(&letter);
        let is_said = said
            .after
            .iter()
            .any(|said| said == "Five off. Your code is X.");
        assert_eq!(is_said, wanted, "{kind}");
    }
}

#[test]
fn names_cannot_turn_the_words_around_them() {
    let hebrew = "\u{5db}\u{5d5}\u{5e1}";
    let subject = |language, shop: &str| {
        let letter = Letter {
            shop: shop.into(),
            ..sample("confirmed", language).expect("a letter")
        };
        said(&letter).subject
    };
    assert!(subject(Language::English, "Plainsong").ends_with("W-1042 at Plainsong"));
    for shop in [hebrew, "\u{202e}gnosnialP"] {
        let isolated = format!("at \u{2068}{shop}\u{2069}");
        assert!(subject(Language::English, shop).ends_with(&isolated));
    }
    assert!(subject(Language::Arabic, "Plainsong").contains("\u{2068}Plainsong\u{2069}"));
}

#[test]
fn a_value_that_looks_like_a_place_to_fill_is_not_filled() {
    assert_eq!(
        fill("{name}, {order}", &[("name", "{order}"), ("order", "7")]),
        "{order}, 7"
    );
    assert_eq!(fill("a { b", &[]), "a { b");
}

//! Why there is a wait, as shoppers read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::reason::{ReasonCode, Stated};
use utoipa::ToSchema;

use super::Reason;
use crate::error::Problem;

/// Why there is a wait, as shoppers read it beside the date: a code, words of your own, or both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WaitReasonRequest)]
pub struct WaitReason {
    /// What kind of reason it is: in a language for which you have no words, shoppers read ours for it.
    code: Option<WaitReasonCode>,
    /// In your words, by language.
    #[serde(default)]
    words: WaitReasonWords,
}

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitReasonCode {
    /// It takes longer to make than planned.
    Production,
    /// Something that it is made of is in short supply.
    Materials,
    /// It is held up on its way to you.
    Transport,
    /// It is at customs.
    Customs,
    /// The weather holds it up.
    Weather,
    /// More was wanted than expected.
    Demand,
    /// You check it once more.
    Quality,
    /// The supplier is closed for a while.
    Closure,
    /// It is made only at some times of the year.
    Season,
}

/// Why there is a wait, by language.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitReasonWords {
    en: Option<Reason>,
    de: Option<Reason>,
    fr: Option<Reason>,
    es: Option<Reason>,
    ja: Option<Reason>,
    ar: Option<Reason>,
}

/// Why there is a wait, as shoppers read it beside the date.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitReason)]
pub struct WaitReasonAnswer {
    /// What kind of reason it is.
    code: Option<WaitReasonCode>,
    /// In your words, by language.
    words: BTreeMap<String, String>,
}

impl WaitReason {
    /// What is said, which stands at `pointer`.
    pub fn parsed(self, pointer: &str) -> Result<Stated, Problem> {
        let words = self.words;
        let all = [
            ("en", words.en),
            ("de", words.de),
            ("fr", words.fr),
            ("es", words.es),
            ("ja", words.ja),
            ("ar", words.ar),
        ];
        let all = all.into_iter();
        let stated = Stated {
            code: self.code.map(WaitReasonCode::domain),
            words: all
                .filter_map(|(tag, words)| Some((tag.to_owned(), words?.0)))
                .collect(),
            any: None,
        };
        if stated.is_nothing() {
            let detail = "say a code, or words in at least one language; null says nothing";
            return Err(Problem::invalid(pointer, "empty_reason", detail));
        }
        Ok(stated)
    }
}

impl WaitReasonAnswer {
    /// What is said, if anything.
    pub fn of(stated: Option<Stated>) -> Option<Self> {
        stated.map(|stated| Self {
            code: stated.code.map(WaitReasonCode::of),
            words: stated.words,
        })
    }
}

impl WaitReasonCode {
    fn domain(self) -> ReasonCode {
        match self {
            Self::Production => ReasonCode::Production,
            Self::Materials => ReasonCode::Materials,
            Self::Transport => ReasonCode::Transport,
            Self::Customs => ReasonCode::Customs,
            Self::Weather => ReasonCode::Weather,
            Self::Demand => ReasonCode::Demand,
            Self::Quality => ReasonCode::Quality,
            Self::Closure => ReasonCode::Closure,
            Self::Season => ReasonCode::Season,
        }
    }

    fn of(code: ReasonCode) -> Self {
        match code {
            ReasonCode::Production => Self::Production,
            ReasonCode::Materials => Self::Materials,
            ReasonCode::Transport => Self::Transport,
            ReasonCode::Customs => Self::Customs,
            ReasonCode::Weather => Self::Weather,
            ReasonCode::Demand => Self::Demand,
            ReasonCode::Quality => Self::Quality,
            ReasonCode::Closure => Self::Closure,
            ReasonCode::Season => Self::Season,
        }
    }
}

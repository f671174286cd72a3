//! What is said for each kind of reason, where the merchant has no words of their own.
//!
//! Apart from the other sentences, so that a widget that never says them does not carry them.

use super::Language;
use crate::availability::Cause;
use crate::reason::ReasonCode;

impl Language {
    /// What kind of wait it is, in a sentence.
    pub fn cause(self, cause: Cause) -> &'static str {
        let words = self.words();
        match cause {
            Cause::AwaitingSupplier => words.awaiting_supplier,
            Cause::SupplierLate => words.supplier_late,
            Cause::MadeToOrder => words.made_to_order_reason,
            Cause::NotReleased => words.not_released,
        }
    }

    /// Why there is a wait, in a sentence.
    pub fn reason(self, code: ReasonCode) -> &'static str {
        match self {
            Self::English | Self::EnglishDayFirst => english(code),
            Self::German => german(code),
            Self::French => french(code),
            Self::Spanish => spanish(code),
            Self::Japanese => japanese(code),
            Self::Arabic => arabic(code),
        }
    }
}

fn english(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Production => "It takes longer to make than planned.",
        ReasonCode::Materials => "A material that it is made of is in short supply.",
        ReasonCode::Transport => "It is held up on its way to us.",
        ReasonCode::Customs => "It is being cleared through customs.",
        ReasonCode::Weather => "Bad weather holds up the delivery to us.",
        ReasonCode::Demand => "More of it was ordered than we expected.",
        ReasonCode::Quality => "It is being checked once more before we send it.",
        ReasonCode::Closure => "Our supplier is closed for a while.",
        ReasonCode::Season => "It is made only at certain times of the year.",
    }
}

fn german(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Production => "Die Herstellung dauert länger als geplant.",
        ReasonCode::Materials => "Ein Material dafür ist knapp.",
        ReasonCode::Transport => "Die Ware wird auf dem Weg zu uns aufgehalten.",
        ReasonCode::Customs => "Die Ware liegt beim Zoll.",
        ReasonCode::Weather => "Schlechtes Wetter hält die Lieferung an uns auf.",
        ReasonCode::Demand => "Es wurde mehr bestellt als erwartet.",
        ReasonCode::Quality => "Wir prüfen die Ware vor dem Versand noch einmal.",
        ReasonCode::Closure => "Unser Lieferant hat vorübergehend geschlossen.",
        ReasonCode::Season => "Es wird nur zu bestimmten Zeiten im Jahr hergestellt.",
    }
}

fn french(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Production => "La fabrication prend plus de temps que prévu.",
        ReasonCode::Materials => "Une matière nécessaire à sa fabrication manque.",
        ReasonCode::Transport => "La marchandise est retardée pendant son transport vers nous.",
        ReasonCode::Customs => "La marchandise est en cours de dédouanement.",
        ReasonCode::Weather => "Le mauvais temps retarde la livraison chez nous.",
        ReasonCode::Demand => "Il a été commandé plus que prévu.",
        ReasonCode::Quality => "Nous effectuons un contrôle supplémentaire avant l’envoi.",
        ReasonCode::Closure => "Notre fournisseur est fermé temporairement.",
        ReasonCode::Season => "Il n’est fabriqué qu’à certaines périodes de l’année.",
    }
}

fn spanish(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Production => "La fabricación tarda más de lo previsto.",
        ReasonCode::Materials => "Escasea un material necesario para fabricarlo.",
        ReasonCode::Transport => "La mercancía se ha retrasado de camino a nosotros.",
        ReasonCode::Customs => "La mercancía está en la aduana.",
        ReasonCode::Weather => "El mal tiempo retrasa la entrega a nuestro almacén.",
        ReasonCode::Demand => "Se ha pedido más de lo esperado.",
        ReasonCode::Quality => "Lo revisamos una vez más antes de enviarlo.",
        ReasonCode::Closure => "Nuestro proveedor está cerrado temporalmente.",
        ReasonCode::Season => "Solo se fabrica en determinadas épocas del año.",
    }
}

fn japanese(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Production => "製造に予定より時間がかかっています。",
        ReasonCode::Materials => "原材料が不足しています。",
        ReasonCode::Transport => "当店への輸送が遅れています。",
        ReasonCode::Customs => "通関手続き中です。",
        ReasonCode::Weather => "悪天候のため当店への配送が遅れています。",
        ReasonCode::Demand => "予想を上回るご注文をいただいています。",
        ReasonCode::Quality => "発送前に再度検品しています。",
        ReasonCode::Closure => "仕入先が一時休業中です。",
        ReasonCode::Season => "一年のうち限られた時期にのみ作られます。",
    }
}

fn arabic(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Production => "يستغرق التصنيع وقتًا أطول من المخطط له.",
        ReasonCode::Materials => "إحدى المواد اللازمة لصنعه غير متوفرة بما يكفي.",
        ReasonCode::Transport => "تأخرت البضاعة في طريقها إلينا.",
        ReasonCode::Customs => "البضاعة قيد التخليص الجمركي.",
        ReasonCode::Weather => "يؤخر سوء الأحوال الجوية وصول البضاعة إلينا.",
        ReasonCode::Demand => "كان الطلب عليه أكبر مما توقعنا.",
        ReasonCode::Quality => "نفحصه مرة أخرى قبل إرساله.",
        ReasonCode::Closure => "موردنا مغلق مؤقتًا.",
        ReasonCode::Season => "لا يُصنع إلا في أوقات معينة من السنة.",
    }
}

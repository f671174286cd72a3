//! Every sentence once, in each language.

/// A language of the catalogue, with the region where it changes how dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English as in the United States, and where no other language fits.
    #[default]
    English,
    /// English as in the United Kingdom and where the day stands before the month.
    EnglishDayFirst,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Japanese.
    Japanese,
    /// Arabic.
    Arabic,
}

/// English-speaking regions that write the month first.
const MONTH_FIRST_REGIONS: [&str; 5] = ["us", "ca", "ph", "pr", "gu"];

impl Language {
    /// All languages, for tests and for caches that have one place for each.
    pub const ALL: [Self; 7] = [
        Self::English,
        Self::EnglishDayFirst,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Japanese,
        Self::Arabic,
    ];

    /// The best language for a BCP 47 tag; English where there is none better.
    ///
    /// ```
    /// use shared::text::Language;
    ///
    /// assert_eq!(Language::for_tag("de-AT"), Language::German);
    /// assert_eq!(Language::for_tag("en"), Language::English);
    /// assert_eq!(Language::for_tag("en-GB"), Language::EnglishDayFirst);
    /// assert_eq!(Language::for_tag("en-CA"), Language::English);
    /// assert_eq!(Language::for_tag("tlh"), Language::English);
    /// ```
    pub fn for_tag(tag: &str) -> Self {
        let tag = tag.to_ascii_lowercase();
        let mut parts = tag.split(['-', '_']);
        match parts.next().unwrap_or_default() {
            "de" => Self::German,
            "fr" => Self::French,
            "es" => Self::Spanish,
            "ja" => Self::Japanese,
            "ar" => Self::Arabic,
            "en" => match parts.find(|part| part.len() == 2) {
                Some(region) if !MONTH_FIRST_REGIONS.contains(&region) => Self::EnglishDayFirst,
                _ => Self::English,
            },
            _ => Self::English,
        }
    }

    /// The tag to give to `lang` attributes and to `Intl`.
    ///
    /// ```
    /// use shared::text::Language;
    ///
    /// for language in Language::ALL {
    ///     assert_eq!(Language::for_tag(language.tag()), language);
    /// }
    /// assert!(Language::Arabic.is_right_to_left());
    /// assert_eq!(Language::Japanese.words().in_stock, "在庫あり");
    /// assert_eq!(Language::German.words().parcels_last_by.of(2), "{count} Pakete, das letzte bis {date}");
    /// ```
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en-US",
            Self::EnglishDayFirst => "en-GB",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Japanese => "ja",
            Self::Arabic => "ar",
        }
    }

    /// The first part of the tag, by which the merchant's own words are found.
    ///
    /// ```
    /// use shared::text::Language;
    ///
    /// assert_eq!(Language::EnglishDayFirst.primary(), "en");
    /// ```
    pub fn primary(self) -> &'static str {
        self.tag().split('-').next().unwrap_or_default()
    }

    /// True if the language is written from right to left.
    pub fn is_right_to_left(self) -> bool {
        self == Self::Arabic
    }

    /// The sentences.
    pub fn words(self) -> &'static Words {
        match self {
            Self::English | Self::EnglishDayFirst => &ENGLISH,
            Self::German => &GERMAN,
            Self::French => &FRENCH,
            Self::Spanish => &SPANISH,
            Self::Japanese => &JAPANESE,
            Self::Arabic => &ARABIC,
        }
    }
}

/// A sentence that depends on a count, by the count's plural category (CLDR) above one.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    two: &'static str,
    /// Arabic: 3 to 10 and the like.
    few: &'static str,
    /// Arabic: 11 to 99 and the like.
    many: &'static str,
    other: &'static str,
}

impl Counted {
    const fn same(text: &'static str) -> Self {
        Self {
            two: text,
            few: text,
            many: text,
            other: text,
        }
    }

    /// The form for `count`, which is at least two.
    pub fn of(&self, count: u32) -> &'static str {
        match count % 100 {
            _ if count == 2 => self.two,
            3..=10 => self.few,
            11..=99 => self.many,
            _ => self.other,
        }
    }
}

/// The sentences of one language. Names in braces are filled in.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "each name says which sentence it is, and English below shows it"
)]
pub struct Words {
    pub in_stock: &'static str,
    pub only_left: &'static str,
    pub few_left: &'static str,
    pub backordered: &'static str,
    pub made_to_order: &'static str,
    pub preorder: &'static str,
    pub sold_out: &'static str,
    pub discontinued: &'static str,
    pub unknown: &'static str,
    pub only_orderable: &'static str,
    pub not_that_many: &'static str,
    pub ships_by: &'static str,
    pub released_ships_by: &'static str,
    pub delivers_by: &'static str,
    pub no_date: &'static str,
    pub slice_ready: &'static str,
    pub slice_first: &'static str,
    pub slice_more: &'static str,
    pub slice_separator: &'static str,
    pub awaiting_supplier: &'static str,
    pub supplier_late: &'static str,
    pub made_to_order_reason: &'static str,
    pub not_released: &'static str,
    pub legend: &'static str,
    pub together: &'static str,
    pub separate: &'static str,
    pub no_extra_cost: &'static str,
    pub surcharge: &'static str,
    pub one_parcel_by: &'static str,
    pub parcels_last_by: Counted,
    pub list_separator: &'static str,
    pub announcement: &'static str,
    pub not_orderable: &'static str,
}

const ENGLISH: Words = Words {
    in_stock: "In stock",
    only_left: "Only {count} left",
    few_left: "Only a few left",
    backordered: "Backordered",
    made_to_order: "Made to order",
    preorder: "Preorder",
    sold_out: "Sold out",
    discontinued: "No longer available",
    unknown: "Availability not known",
    only_orderable: "Only {count} can be ordered",
    not_that_many: "Not that many can be ordered",
    ships_by: "Ships by {date}",
    released_ships_by: "Released {release}, ships by {date}",
    delivers_by: "Arrives by {date}",
    no_date: "No date known yet",
    slice_ready: "{count} ready now",
    slice_first: "{count} by {date}",
    slice_more: "{count} more by {date}",
    slice_separator: ", ",
    awaiting_supplier: "More is on its way from our supplier.",
    supplier_late: "Our supplier's delivery is late.",
    made_to_order_reason: "We order it for you.",
    not_released: "You can order it before it is released.",
    legend: "How should we send it?",
    together: "Everything together",
    separate: "As soon as each is ready",
    no_extra_cost: "No extra cost",
    surcharge: "+ {amount}",
    one_parcel_by: "1 parcel, ships by {date}",
    parcels_last_by: Counted::same("{count} parcels, last one by {date}"),
    list_separator: "; ",
    announcement: "{name}: {when}. {price}.",
    not_orderable: "{title} cannot be ordered now and is in none of these parcels.",
};

const GERMAN: Words = Words {
    in_stock: "Auf Lager",
    only_left: "Nur noch {count} da",
    few_left: "Nur noch wenige da",
    backordered: "Nachbestellt",
    made_to_order: "Auf Bestellung",
    preorder: "Vorbestellung",
    sold_out: "Ausverkauft",
    discontinued: "Nicht mehr erhältlich",
    unknown: "Verfügbarkeit nicht bekannt",
    only_orderable: "Nur {count} bestellbar",
    not_that_many: "So viele sind nicht bestellbar",
    ships_by: "Versand bis {date}",
    released_ships_by: "Erscheint am {release}, Versand bis {date}",
    delivers_by: "Zustellung bis {date}",
    no_date: "Noch kein Termin bekannt",
    slice_ready: "{count} sofort bereit",
    slice_first: "{count} bis {date}",
    slice_more: "{count} weitere bis {date}",
    slice_separator: ", ",
    awaiting_supplier: "Nachschub ist unterwegs zu uns.",
    supplier_late: "Die Lieferung an uns verspätet sich.",
    made_to_order_reason: "Wir bestellen es für Sie.",
    not_released: "Sie können es vor dem Erscheinen bestellen.",
    legend: "Wie sollen wir versenden?",
    together: "Alles zusammen",
    separate: "Jeweils sobald bereit",
    no_extra_cost: "Ohne Aufpreis",
    surcharge: "+ {amount}",
    one_parcel_by: "1 Paket, Versand bis {date}",
    parcels_last_by: Counted::same("{count} Pakete, das letzte bis {date}"),
    list_separator: "; ",
    announcement: "{name}: {when}. {price}.",
    not_orderable: "{title} ist zurzeit nicht bestellbar und in keinem dieser Pakete.",
};

const FRENCH: Words = Words {
    in_stock: "En stock",
    only_left: "Plus que {count} en stock",
    few_left: "Bientôt épuisé",
    backordered: "En réapprovisionnement",
    made_to_order: "Sur commande",
    preorder: "Précommande",
    sold_out: "Épuisé",
    discontinued: "N’est plus disponible",
    unknown: "Disponibilité inconnue",
    only_orderable: "Seulement {count} en commande",
    not_that_many: "Quantité non disponible",
    ships_by: "Expédié au plus tard le {date}",
    released_ships_by: "Sortie le {release}, expédié au plus tard le {date}",
    delivers_by: "Livré au plus tard le {date}",
    no_date: "Pas encore de date connue",
    slice_ready: "{count} disponible(s) tout de suite",
    slice_first: "{count} d’ici le {date}",
    slice_more: "{count} de plus d’ici le {date}",
    slice_separator: ", ",
    awaiting_supplier: "Le réapprovisionnement est en route.",
    supplier_late: "La livraison de notre fournisseur a du retard.",
    made_to_order_reason: "Nous le commandons pour vous.",
    not_released: "Vous pouvez le commander avant sa sortie.",
    legend: "Comment souhaitez-vous être livré ?",
    together: "Tout ensemble",
    separate: "Dès que chaque article est prêt",
    no_extra_cost: "Sans supplément",
    surcharge: "+ {amount}",
    one_parcel_by: "1 colis, expédié au plus tard le {date}",
    parcels_last_by: Counted::same("{count} colis, le dernier au plus tard le {date}"),
    list_separator: " ; ",
    announcement: "{name} : {when}. {price}.",
    not_orderable: "{title} ne peut pas être commandé pour l’instant et n’est dans aucun de ces colis.",
};

const SPANISH: Words = Words {
    in_stock: "En existencias",
    only_left: "Solo quedan {count}",
    few_left: "Quedan pocas unidades",
    backordered: "Pendiente de reposición",
    made_to_order: "Por encargo",
    preorder: "Reserva anticipada",
    sold_out: "Agotado",
    discontinued: "Ya no está disponible",
    unknown: "Disponibilidad desconocida",
    only_orderable: "Solo se pueden pedir {count}",
    not_that_many: "No se pueden pedir tantas unidades",
    ships_by: "Se envía a más tardar el {date}",
    released_ships_by: "Sale el {release}, se envía a más tardar el {date}",
    delivers_by: "Llega a más tardar el {date}",
    no_date: "Aún no se conoce la fecha",
    slice_ready: "{count} ya disponible(s)",
    slice_first: "{count} hasta el {date}",
    slice_more: "{count} más hasta el {date}",
    slice_separator: ", ",
    awaiting_supplier: "La reposición ya está en camino.",
    supplier_late: "La entrega de nuestro proveedor se retrasa.",
    made_to_order_reason: "Lo encargamos para usted.",
    not_released: "Puede pedirlo antes de su lanzamiento.",
    legend: "¿Cómo se lo enviamos?",
    together: "Todo junto",
    separate: "Cada artículo en cuanto esté listo",
    no_extra_cost: "Sin coste adicional",
    surcharge: "+ {amount}",
    one_parcel_by: "1 paquete, se envía a más tardar el {date}",
    parcels_last_by: Counted::same("{count} paquetes, el último a más tardar el {date}"),
    list_separator: "; ",
    announcement: "{name}: {when}. {price}.",
    not_orderable: "{title} no se puede pedir ahora y no va en ninguno de estos paquetes.",
};

const JAPANESE: Words = Words {
    in_stock: "在庫あり",
    only_left: "残り{count}点",
    few_left: "残りわずか",
    backordered: "お取り寄せ",
    made_to_order: "受注生産",
    preorder: "予約受付中",
    sold_out: "売り切れ",
    discontinued: "販売終了",
    unknown: "在庫状況は不明です",
    only_orderable: "ご注文は{count}点までです",
    not_that_many: "その数量はご注文いただけません",
    ships_by: "{date}までに発送",
    released_ships_by: "{release}発売、{date}までに発送",
    delivers_by: "{date}までにお届け",
    no_date: "入荷日は未定です",
    slice_ready: "{count}点はすぐに発送可能",
    slice_first: "{date}までに{count}点",
    slice_more: "{date}までにさらに{count}点",
    slice_separator: "、",
    awaiting_supplier: "入荷待ちの商品です。",
    supplier_late: "仕入先からの入荷が遅れています。",
    made_to_order_reason: "ご注文後にお取り寄せします。",
    not_released: "発売前にご注文いただけます。",
    legend: "発送方法をお選びください",
    together: "まとめて発送",
    separate: "準備ができたものから発送",
    no_extra_cost: "追加料金なし",
    surcharge: "+ {amount}",
    one_parcel_by: "1個口、{date}までに発送",
    parcels_last_by: Counted::same("{count}個口、最後は{date}までに発送"),
    list_separator: "、",
    announcement: "{name}：{when}。{price}。",
    not_orderable: "{title}は現在ご注文いただけないため、どの荷物にも含まれません。",
};

const ARABIC: Words = Words {
    in_stock: "متوفر",
    only_left: "بقي {count} فقط",
    few_left: "بقي القليل فقط",
    backordered: "طلب مسبق التوريد",
    made_to_order: "يُجهَّز عند الطلب",
    preorder: "حجز مسبق",
    sold_out: "نفدت الكمية",
    discontinued: "لم يعد متوفرًا",
    unknown: "حالة التوفر غير معروفة",
    only_orderable: "يمكن طلب {count} فقط",
    not_that_many: "لا يمكن طلب هذه الكمية",
    ships_by: "يُشحن بحلول {date}",
    released_ships_by: "يصدر في {release} ويُشحن بحلول {date}",
    delivers_by: "يصل بحلول {date}",
    no_date: "لا يوجد موعد معروف بعد",
    slice_ready: "{count} جاهزة الآن",
    slice_first: "{count} بحلول {date}",
    slice_more: "{count} إضافية بحلول {date}",
    slice_separator: "، ",
    awaiting_supplier: "الكمية الجديدة في الطريق إلينا.",
    supplier_late: "تأخر وصول الكمية من المورّد.",
    made_to_order_reason: "نطلبه خصيصًا لك.",
    not_released: "يمكنك طلبه قبل صدوره.",
    legend: "كيف تفضّل الشحن؟",
    together: "كل شيء معًا",
    separate: "كل قطعة فور جاهزيتها",
    no_extra_cost: "بدون تكلفة إضافية",
    surcharge: "+ {amount}",
    one_parcel_by: "طرد واحد، يُشحن بحلول {date}",
    parcels_last_by: Counted {
        two: "طردان، يُشحن آخرهما بحلول {date}",
        few: "{count} طرود، يُشحن آخرها بحلول {date}",
        many: "{count} طردًا، يُشحن آخرها بحلول {date}",
        other: "{count} طرد، يُشحن آخرها بحلول {date}",
    },
    list_separator: "؛ ",
    announcement: "{name}: {when}. {price}.",
    not_orderable: "لا يمكن طلب {title} الآن وليس ضمن أي من هذه الطرود.",
};

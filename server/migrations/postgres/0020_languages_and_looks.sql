-- In which language a supplier is written to, BCP 47; none: English.
ALTER TABLE supplier ADD COLUMN language TEXT COLLATE "C"
    CONSTRAINT supplier_language_length CHECK (length(language) BETWEEN 2 AND 35);

-- Who saw an offer long ago, counted: those whose rows of offer_exposure are gone.
CREATE TABLE offer_exposure_sum
     ( store_id   TEXT COLLATE "C"  NOT NULL
     , rule       TEXT COLLATE "C"  NOT NULL
     , run        BIGINT            NOT NULL
     , arm        TEXT COLLATE "C"  NOT NULL
     , exposed    BIGINT            NOT NULL
     , converted  BIGINT            NOT NULL  -- those of them who ordered afterwards
     , revision   BIGINT            NOT NULL
     , CONSTRAINT offer_exposure_sum_once        PRIMARY KEY (store_id, rule, run, arm)
     , CONSTRAINT offer_exposure_sum_rule_known  FOREIGN KEY (store_id, rule) REFERENCES offer_rule (store_id, rule)
     , CONSTRAINT offer_exposure_sum_arm_known   CHECK (arm IN ('offer', 'holdout'))
     , CONSTRAINT offer_exposure_sum_of_them     CHECK (0 <= converted AND converted <= exposed)
     );

CREATE INDEX offer_exposure_by_time ON offer_exposure (store_id, shown_at_ms);

CALL keep_stores_apart('offer_exposure_sum');

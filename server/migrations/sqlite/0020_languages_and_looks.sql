-- In which language a supplier is written to, BCP 47; none: English.
ALTER TABLE supplier ADD COLUMN language TEXT
    CONSTRAINT supplier_language_length CHECK (length(language) BETWEEN 2 AND 35);

-- Who saw an offer long ago, counted: those whose rows of offer_exposure are gone.
CREATE TABLE offer_exposure_sum
     ( store_id   TEXT     NOT NULL
     , rule       TEXT     NOT NULL
     , run        INTEGER  NOT NULL
     , arm        TEXT     NOT NULL
     , exposed    INTEGER  NOT NULL
     , converted  INTEGER  NOT NULL  -- those of them who ordered afterwards
     , revision   INTEGER  NOT NULL
     , CONSTRAINT offer_exposure_sum_once        PRIMARY KEY (store_id, rule, run, arm)
     , CONSTRAINT offer_exposure_sum_rule_known  FOREIGN KEY (store_id, rule) REFERENCES offer_rule (store_id, rule)
     , CONSTRAINT offer_exposure_sum_arm_known   CHECK (arm IN ('offer', 'holdout'))
     , CONSTRAINT offer_exposure_sum_of_them     CHECK (0 <= converted AND converted <= exposed)
     ) STRICT, WITHOUT ROWID;

CREATE INDEX offer_exposure_by_time ON offer_exposure (store_id, shown_at_ms);

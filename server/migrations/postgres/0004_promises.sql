-- What is promised to whom, and every date that was ever told.

ALTER TABLE sku ADD COLUMN sell_until DATE;
ALTER TABLE sku ADD COLUMN promise_days_max BIGINT CHECK (promise_days_max BETWEEN 1 AND 365);

-- Working days by which goods that the supplier has sent may leave later than from the shelf, and still read
-- as in stock; none: never.
ALTER TABLE store ADD COLUMN suppress_within_days BIGINT DEFAULT 0 CHECK (suppress_within_days BETWEEN 0 AND 60);
-- A sooner date is told where it is sooner by this many days.
ALTER TABLE store ADD COLUMN better_by_days BIGINT NOT NULL DEFAULT 3 CHECK (better_by_days BETWEEN 1 AND 365);

CREATE TABLE reservation
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , reservation    TEXT COLLATE "C"  NOT NULL
     , plan           TEXT COLLATE "C"  NOT NULL
     , created_at_ms  BIGINT            NOT NULL
     , expires_at_ms  BIGINT            NOT NULL
     , ended_at_ms    BIGINT
     , ended_by       TEXT COLLATE "C"
     , revision       BIGINT            NOT NULL  -- the commit that made it: who came first ranks first
     , CONSTRAINT reservation_once          PRIMARY KEY (store_id, reservation)
     , CONSTRAINT reservation_store_known   FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT reservation_plan_known    CHECK (plan IN ('together', 'separate'))
     , CONSTRAINT reservation_end_known     CHECK (ended_by IN ('released', 'expired'))
     , CONSTRAINT reservation_ends_once     CHECK ((ended_at_ms IS NULL) = (ended_by IS NULL))
     );

CREATE INDEX reservation_to_expire ON reservation (store_id, expires_at_ms) WHERE ended_at_ms IS NULL;

-- What stands promised now. Parts of a line are numbered in the order in which they came about.
CREATE TABLE promised_part
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , reservation  TEXT COLLATE "C"  NOT NULL
     , line         BIGINT            NOT NULL
     , part         BIGINT            NOT NULL
     , sku          TEXT COLLATE "C"  NOT NULL  -- what was bought, perhaps a kit
     , quantity     BIGINT            NOT NULL
     , location     TEXT COLLATE "C"  NOT NULL
     , ships_by     DATE              -- none: no date is known any more
     , CONSTRAINT promised_part_once              PRIMARY KEY (store_id, reservation, line, part)
     , CONSTRAINT promised_part_reservation_known FOREIGN KEY (store_id, reservation)
                                                  REFERENCES reservation (store_id, reservation)
     , CONSTRAINT promised_part_sku_known         FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT promised_part_positive          CHECK (quantity BETWEEN 1 AND 1000000000)
     );

-- What the standing promises take from the shelf: of a kit all that it is made of, and the kit itself.
CREATE TABLE claim
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , sku          TEXT COLLATE "C"  NOT NULL
     , reservation  TEXT COLLATE "C"  NOT NULL
     , line         BIGINT            NOT NULL
     , part         BIGINT            NOT NULL
     , quantity     BIGINT            NOT NULL
     , CONSTRAINT claim_once        PRIMARY KEY (store_id, sku, reservation, line, part)
     , CONSTRAINT claim_part_known  FOREIGN KEY (store_id, reservation, line, part)
                                    REFERENCES promised_part (store_id, reservation, line, part)
     , CONSTRAINT claim_sku_known   FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT claim_positive    CHECK (1 <= quantity)
     );

CREATE INDEX claim_by_part ON claim (store_id, reservation, line, part);

-- The ledger of promises: a row for every date that was told, with its cause. Never changed, never removed.
CREATE TABLE promise
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , reservation  TEXT COLLATE "C"  NOT NULL
     , line         BIGINT            NOT NULL
     , part         BIGINT            NOT NULL
     , version      BIGINT            NOT NULL
     , sku          TEXT COLLATE "C"  NOT NULL
     , quantity     BIGINT            NOT NULL
     , location     TEXT COLLATE "C"  NOT NULL
     , ships_by     DATE
     , cause        TEXT COLLATE "C"  NOT NULL
     , basis        TEXT COLLATE "C"  NOT NULL  -- JSON: the supply behind it, its quantile and sample, the calendar
     , at_ms        BIGINT            NOT NULL
     , revision     BIGINT            NOT NULL
     , CONSTRAINT promise_once              PRIMARY KEY (store_id, reservation, line, part, version)
     , CONSTRAINT promise_reservation_known FOREIGN KEY (store_id, reservation)
                                            REFERENCES reservation (store_id, reservation)
     , CONSTRAINT promise_basis_is_json     CHECK (CAST(basis AS json) IS NOT NULL)
     );

CREATE TRIGGER promise_is_never_changed BEFORE UPDATE ON promise
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER promise_is_never_removed BEFORE DELETE ON promise
   FOR EACH ROW EXECUTE FUNCTION append_only();

CALL keep_stores_apart('reservation');
CALL keep_stores_apart('promised_part');
CALL keep_stores_apart('claim');
CALL keep_stores_apart('promise');

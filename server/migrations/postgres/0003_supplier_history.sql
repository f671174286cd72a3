-- What suppliers really do: how their deliveries turned out, and what was learnt from them.
-- (No database of PostgreSQL is older than this, so no row is to be filled in, unlike in SQLite.)

ALTER TABLE store ADD COLUMN promise_level BIGINT NOT NULL DEFAULT 80 -- percent of deliveries that are to come in time
      CONSTRAINT store_promise_level_in_range CHECK (promise_level BETWEEN 1 AND 99);

ALTER TABLE purchase_order ADD COLUMN mode TEXT COLLATE "C"       -- how it is shipped ('Air'), where that is known
      CONSTRAINT purchase_order_mode_length CHECK (length(mode) BETWEEN 1 AND 64);
ALTER TABLE purchase_order ADD COLUMN shipped_on DATE;  -- the supplier says that the goods left on this day

ALTER TABLE purchase_order_line ADD COLUMN promised_on DATE;  -- the first date that the supplier told
ALTER TABLE purchase_order_line ADD COLUMN asked BIGINT NOT NULL DEFAULT 0 -- most units that were ever ordered of it
      CONSTRAINT purchase_order_line_asked CHECK (asked BETWEEN 0 AND 1000000000);

-- Whose dates move when it is known better how a supplier delivers.
CREATE INDEX purchase_order_open_by_supplier
    ON purchase_order (store_id, supplier)
 WHERE status = 'open';

-- How what was ordered turned out: one row for each line of a purchase order of which no more is to
-- come, and one for each line of an imported history.
CREATE TABLE delivery
     ( store_id           TEXT COLLATE "C"  NOT NULL
     , delivery           TEXT COLLATE "C"  NOT NULL  -- `PO-7/cc-hoodie`, or `import:4711/2`
     , supplier           TEXT COLLATE "C"  NOT NULL
     , mode               TEXT COLLATE "C"
     , ordered_on         DATE              NOT NULL
     , promised_on        DATE              -- the first date that the supplier told
     , received_on        DATE              NOT NULL  -- the day on which the last of it came
     , quantity_ordered   BIGINT
     , quantity_received  BIGINT
     , needed_level       BIGINT            -- lowest level at which its lead time would have been foretold on the day of the order;
                                             -- 100: none would have done; NULL: too little was known on that day
     , revision           BIGINT            NOT NULL
     , CONSTRAINT delivery_once                  PRIMARY KEY (store_id, delivery)
     , CONSTRAINT delivery_supplier_known        FOREIGN KEY (store_id, supplier)
                                                 REFERENCES supplier (store_id, supplier)
     , CONSTRAINT delivery_mode_length           CHECK (length(mode) BETWEEN 1 AND 64)
     , CONSTRAINT delivery_ordered_not_negative  CHECK (quantity_ordered BETWEEN 0 AND 1000000000)
     , CONSTRAINT delivery_received_not_negative CHECK (quantity_received BETWEEN 0 AND 1000000000)
     , CONSTRAINT delivery_needed_level_in_range CHECK (needed_level BETWEEN 1 AND 100)
     );

CREATE INDEX delivery_by_supplier ON delivery (store_id, supplier, received_on);
CREATE INDEX delivery_by_day ON delivery (store_id, received_on);
CREATE INDEX delivery_judged ON delivery (store_id, received_on) WHERE needed_level IS NOT NULL;

-- What was learnt of a supplier. Data, so that every server, and one that is started again, says the
-- same dates.
CREATE TABLE supplier_model
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , supplier        TEXT COLLATE "C"  NOT NULL
     , mode            TEXT COLLATE "C"  NOT NULL  -- how it is shipped; '': in whatever way
     , level           BIGINT            NOT NULL  -- percent of deliveries that come within
     , lead_time_days  BIGINT            NOT NULL  -- so many calendar days of the order, by
     , own             BIGINT            NOT NULL  -- so many deliveries of its own and
     , pooled          BIGINT            NOT NULL  -- of others
     , slip_level      BIGINT            -- percent of deliveries that come within
     , slip_days       BIGINT            -- so many days of the date told, by
     , slip_sample     BIGINT            -- so many deliveries of its own
     , yield_ordered   BIGINT            -- of so many units, where it habitually sends less,
     , yield_received  BIGINT            -- so many come, by
     , yield_sample    BIGINT            -- so many deliveries of its own
     , revision        BIGINT            NOT NULL
     , CONSTRAINT supplier_model_once            PRIMARY KEY (store_id, supplier, mode)
     , CONSTRAINT supplier_model_supplier_known  FOREIGN KEY (store_id, supplier)
                                                 REFERENCES supplier (store_id, supplier)
     , CONSTRAINT supplier_model_level_in_range  CHECK (level BETWEEN 1 AND 99)
     , CONSTRAINT supplier_model_not_negative    CHECK (0 <= lead_time_days AND 0 <= own AND 0 <= pooled)
     , CONSTRAINT supplier_model_slip_in_range   CHECK (slip_level BETWEEN 1 AND 99)
     , CONSTRAINT supplier_model_slip_whole      CHECK ((slip_days IS NULL) = (slip_level IS NULL) AND (slip_days IS NULL) = (slip_sample IS NULL))
     , CONSTRAINT supplier_model_yield_whole     CHECK ((yield_ordered IS NULL) = (yield_received IS NULL) AND (yield_ordered IS NULL) = (yield_sample IS NULL))
     , CONSTRAINT supplier_model_yield_in_range  CHECK (0 < yield_ordered AND 0 <= yield_received AND yield_received <= yield_ordered)
     );

CALL keep_stores_apart('delivery');
CALL keep_stores_apart('supplier_model');

-- What suppliers really do: how their deliveries turned out, and what was learnt from them.

ALTER TABLE store ADD COLUMN promise_level INTEGER NOT NULL DEFAULT 80 -- percent of deliveries that are to come in time
      CONSTRAINT store_promise_level_in_range CHECK (promise_level BETWEEN 1 AND 99);

ALTER TABLE purchase_order ADD COLUMN mode TEXT       -- how it is shipped ('Air'), where that is known
      CONSTRAINT purchase_order_mode_length CHECK (length(mode) BETWEEN 1 AND 64);
ALTER TABLE purchase_order ADD COLUMN shipped_on TEXT -- the supplier says that the goods left on this day
      CONSTRAINT purchase_order_shipped_on_date CHECK (shipped_on IS date(shipped_on));

ALTER TABLE purchase_order_line ADD COLUMN promised_on TEXT -- the first date that the supplier told
      CONSTRAINT purchase_order_line_promised_date CHECK (promised_on IS date(promised_on));
ALTER TABLE purchase_order_line ADD COLUMN asked INTEGER NOT NULL DEFAULT 0 -- most units that were ever ordered of it
      CONSTRAINT purchase_order_line_asked CHECK (asked BETWEEN 0 AND 1000000000);

UPDATE purchase_order_line
   SET asked       = quantity
     , promised_on = coalesce
       ( ( SELECT coalesce(moved.was, moved.becomes)
             FROM supply_date_change AS moved
            WHERE moved.store_id = purchase_order_line.store_id
              AND moved.purchase_order = purchase_order_line.purchase_order
              AND moved.sku = purchase_order_line.sku
            ORDER BY moved.revision
            LIMIT 1
         )
       , expected_on
       );

-- Whose dates move when it is known better how a supplier delivers.
CREATE INDEX purchase_order_open_by_supplier
    ON purchase_order (store_id, supplier)
 WHERE status = 'open';

-- How what was ordered turned out: one row for each line of a purchase order of which no more is to
-- come, and one for each line of an imported history.
CREATE TABLE delivery
     ( store_id           TEXT     NOT NULL
     , delivery           TEXT     NOT NULL  -- `PO-7/cc-hoodie`, or `import:4711/2`
     , supplier           TEXT     NOT NULL
     , mode               TEXT
     , ordered_on         TEXT     NOT NULL
     , promised_on        TEXT               -- the first date that the supplier told
     , received_on        TEXT     NOT NULL  -- the day on which the last of it came
     , quantity_ordered   INTEGER
     , quantity_received  INTEGER
     , needed_level       INTEGER            -- lowest level at which its lead time would have been foretold on the day of the order;
                                             -- 100: none would have done; NULL: too little was known on that day
     , revision           INTEGER  NOT NULL
     , CONSTRAINT delivery_once                  PRIMARY KEY (store_id, delivery)
     , CONSTRAINT delivery_supplier_known        FOREIGN KEY (store_id, supplier)
                                                 REFERENCES supplier (store_id, supplier)
     , CONSTRAINT delivery_mode_length           CHECK (length(mode) BETWEEN 1 AND 64)
     , CONSTRAINT delivery_ordered_on_date       CHECK (ordered_on IS date(ordered_on))
     , CONSTRAINT delivery_promised_on_date      CHECK (promised_on IS date(promised_on))
     , CONSTRAINT delivery_received_on_date      CHECK (received_on IS date(received_on))
     , CONSTRAINT delivery_ordered_not_negative  CHECK (quantity_ordered BETWEEN 0 AND 1000000000)
     , CONSTRAINT delivery_received_not_negative CHECK (quantity_received BETWEEN 0 AND 1000000000)
     , CONSTRAINT delivery_needed_level_in_range CHECK (needed_level BETWEEN 1 AND 100)
     ) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_by_supplier ON delivery (store_id, supplier, received_on);
CREATE INDEX delivery_by_day ON delivery (store_id, received_on);
CREATE INDEX delivery_judged ON delivery (store_id, received_on) WHERE needed_level IS NOT NULL;

-- What was learnt of a supplier. Data, so that every server, and one that is started again, says the
-- same dates.
CREATE TABLE supplier_model
     ( store_id        TEXT     NOT NULL
     , supplier        TEXT     NOT NULL
     , mode            TEXT     NOT NULL  -- how it is shipped; '': in whatever way
     , level           INTEGER  NOT NULL  -- percent of deliveries that come within
     , lead_time_days  INTEGER  NOT NULL  -- so many calendar days of the order, by
     , own             INTEGER  NOT NULL  -- so many deliveries of its own and
     , pooled          INTEGER  NOT NULL  -- of others
     , slip_level      INTEGER            -- percent of deliveries that come within
     , slip_days       INTEGER            -- so many days of the date told, by
     , slip_sample     INTEGER            -- so many deliveries of its own
     , yield_ordered   INTEGER            -- of so many units, where it habitually sends less,
     , yield_received  INTEGER            -- so many come, by
     , yield_sample    INTEGER            -- so many deliveries of its own
     , revision        INTEGER  NOT NULL
     , CONSTRAINT supplier_model_once            PRIMARY KEY (store_id, supplier, mode)
     , CONSTRAINT supplier_model_supplier_known  FOREIGN KEY (store_id, supplier)
                                                 REFERENCES supplier (store_id, supplier)
     , CONSTRAINT supplier_model_level_in_range  CHECK (level BETWEEN 1 AND 99)
     , CONSTRAINT supplier_model_not_negative    CHECK (0 <= lead_time_days AND 0 <= own AND 0 <= pooled)
     , CONSTRAINT supplier_model_slip_in_range   CHECK (slip_level BETWEEN 1 AND 99)
     , CONSTRAINT supplier_model_slip_whole      CHECK ((slip_days IS NULL) = (slip_level IS NULL) AND (slip_days IS NULL) = (slip_sample IS NULL))
     , CONSTRAINT supplier_model_yield_whole     CHECK ((yield_ordered IS NULL) = (yield_received IS NULL) AND (yield_ordered IS NULL) = (yield_sample IS NULL))
     , CONSTRAINT supplier_model_yield_in_range  CHECK (0 < yield_ordered AND 0 <= yield_received AND yield_received <= yield_ordered)
     ) STRICT, WITHOUT ROWID;

-- What has come already is known already.
INSERT INTO delivery
     ( store_id
     , delivery
     , supplier
     , mode
     , ordered_on
     , promised_on
     , received_on
     , quantity_ordered
     , quantity_received
     , revision
     )
SELECT line.store_id
     , line.purchase_order || '/' || line.sku
     , ordered.supplier
     , ordered.mode
     , ordered.ordered_on
     , line.promised_on
     , max(receipt.received_on)
     , line.asked
     , line.received
     , ordered.revision
  FROM purchase_order_line AS line
  JOIN purchase_order AS ordered
    ON ordered.store_id = line.store_id
   AND ordered.purchase_order = line.purchase_order
   AND ordered.supplier IS NOT NULL
  JOIN receipt_line AS came
    ON came.store_id = line.store_id
   AND came.purchase_order = line.purchase_order
   AND came.sku = line.sku
  JOIN receipt
    ON receipt.store_id = came.store_id
   AND receipt.purchase_order = came.purchase_order
   AND receipt.receipt = came.receipt
 WHERE line.quantity <= line.received
 GROUP BY line.store_id
        , line.purchase_order
        , line.sku;

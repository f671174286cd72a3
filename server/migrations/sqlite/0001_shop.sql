-- One shop after the other in one database: `store_id` comes first in every key.
--
-- Instants are whole milliseconds since 1970 UTC (`..._ms`), civil dates are `YYYY-MM-DD`,
-- money is minor units, truth is 0 or 1. Days of the week are seven characters, Monday first,
-- `1` for a working day.

CREATE TABLE store
     ( store_id             TEXT     NOT NULL
     , name                 TEXT     NOT NULL
     , location             TEXT     NOT NULL  -- the one that ships
     , currency             TEXT     NOT NULL
     , split                TEXT     NOT NULL
     , split_amount         INTEGER  NOT NULL
     , parcels_max          INTEGER  NOT NULL
     , display              TEXT     NOT NULL
     , horizon_days         INTEGER  NOT NULL
     , overdue_fence_days   INTEGER  NOT NULL
     , overdue_offset_days  INTEGER  NOT NULL
     , min_shipment         INTEGER  NOT NULL
     , origins              TEXT     NOT NULL  -- JSON list of `https://shop.example`
     , revision             INTEGER  NOT NULL  -- raised by each commit
     , settings_revision    INTEGER  NOT NULL  -- the commit that last changed the store or a location
     , CONSTRAINT store_once                  PRIMARY KEY (store_id)
     , CONSTRAINT store_location_known        FOREIGN KEY (store_id, location)
                                              REFERENCES location (store_id, location)
                                              DEFERRABLE INITIALLY DEFERRED
     , CONSTRAINT store_currency_is_iso       CHECK (currency GLOB '[A-Z][A-Z][A-Z]')
     , CONSTRAINT store_split_known           CHECK (split IN ('off', 'free', 'flat', 'per_extra_parcel'))
     , CONSTRAINT store_amount_not_negative   CHECK (0 <= split_amount)
     , CONSTRAINT store_parcels_in_range      CHECK (parcels_max BETWEEN 1 AND 20)
     , CONSTRAINT store_display_known         CHECK (display IN ('exact', 'few_left', 'hidden'))
     , CONSTRAINT store_horizon_in_range      CHECK (horizon_days BETWEEN 1 AND 365)
     , CONSTRAINT store_fence_in_range        CHECK (overdue_fence_days BETWEEN 0 AND 365)
     , CONSTRAINT store_offset_in_range       CHECK (overdue_offset_days BETWEEN 1 AND 365)
     , CONSTRAINT store_min_shipment_positive CHECK (1 <= min_shipment)
     , CONSTRAINT store_origins_is_a_list     CHECK (json_type(origins) = 'array')
     ) STRICT, WITHOUT ROWID;

CREATE TABLE location
     ( store_id         TEXT     NOT NULL
     , location         TEXT     NOT NULL
     , name             TEXT     NOT NULL
     , time_zone        TEXT     NOT NULL
     , working_days     TEXT     NOT NULL
     , pickup_days      TEXT     NOT NULL
     , holidays         TEXT     NOT NULL  -- JSON list of dates
     , cut_off          TEXT     NOT NULL  -- local `HH:MM`
     , processing_days  INTEGER  NOT NULL
     , receiving_days   INTEGER  NOT NULL
     , revision         INTEGER  NOT NULL
     , CONSTRAINT location_once                PRIMARY KEY (store_id, location)
     , CONSTRAINT location_store_known         FOREIGN KEY (store_id) REFERENCES store (store_id)
                                               DEFERRABLE INITIALLY DEFERRED
     , CONSTRAINT location_working_days_shape  CHECK (working_days GLOB '[01][01][01][01][01][01][01]')
     , CONSTRAINT location_pickup_days_shape   CHECK (pickup_days GLOB '[01][01][01][01][01][01][01]')
     , CONSTRAINT location_holidays_is_a_list  CHECK (json_type(holidays) = 'array')
     , CONSTRAINT location_cut_off_shape       CHECK (cut_off GLOB '[0-2][0-9]:[0-5][0-9]')
     , CONSTRAINT location_processing_in_range CHECK (processing_days BETWEEN 0 AND 60)
     , CONSTRAINT location_receiving_in_range  CHECK (receiving_days BETWEEN 0 AND 60)
     ) STRICT, WITHOUT ROWID;

CREATE TABLE supplier
     ( store_id        TEXT     NOT NULL
     , supplier        TEXT     NOT NULL
     , name            TEXT     NOT NULL
     , working_days    TEXT     NOT NULL
     , holidays        TEXT     NOT NULL
     , lead_time_days  INTEGER           -- calendar days from order to arrival, where declared
     , buffer_days     INTEGER  NOT NULL -- added to each date the supplier tells
     , revision        INTEGER  NOT NULL
     , CONSTRAINT supplier_once               PRIMARY KEY (store_id, supplier)
     , CONSTRAINT supplier_store_known        FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT supplier_working_days_shape CHECK (working_days GLOB '[01][01][01][01][01][01][01]')
     , CONSTRAINT supplier_holidays_is_a_list CHECK (json_type(holidays) = 'array')
     , CONSTRAINT supplier_lead_time_in_range CHECK (lead_time_days BETWEEN 0 AND 365)
     , CONSTRAINT supplier_buffer_in_range    CHECK (buffer_days BETWEEN 0 AND 365)
     ) STRICT, WITHOUT ROWID;

CREATE TABLE sku
     ( store_id             TEXT     NOT NULL
     , sku                  TEXT     NOT NULL
     , title                TEXT
     , tracked              INTEGER  NOT NULL
     , discontinued         INTEGER  NOT NULL
     , backorder            TEXT     NOT NULL
     , backorder_limit      INTEGER
     , reason               TEXT
     , released_on          TEXT
     , low_stock_threshold  INTEGER  NOT NULL
     , supplier             TEXT
     , lead_time_days       INTEGER
     , kit                  TEXT              -- JSON list of {"sku", "quantity"}
     , revision             INTEGER  NOT NULL -- the commit that last changed any fact about it
     , CONSTRAINT sku_once                   PRIMARY KEY (store_id, sku)
     , CONSTRAINT sku_store_known            FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT sku_supplier_known         FOREIGN KEY (store_id, supplier)
                                             REFERENCES supplier (store_id, supplier)
     , CONSTRAINT sku_code_length            CHECK (octet_length(sku) BETWEEN 1 AND 128)
     , CONSTRAINT sku_tracked_is_truth       CHECK (tracked IN (0, 1))
     , CONSTRAINT sku_discontinued_is_truth  CHECK (discontinued IN (0, 1))
     , CONSTRAINT sku_backorder_known        CHECK (backorder IN ('deny', 'allow', 'allow_silent'))
     , CONSTRAINT sku_limit_not_negative     CHECK (backorder_limit BETWEEN 0 AND 1000000000)
     , CONSTRAINT sku_released_on_is_a_date  CHECK (released_on IS date(released_on))
     , CONSTRAINT sku_threshold_not_negative CHECK (low_stock_threshold BETWEEN 0 AND 1000000000)
     , CONSTRAINT sku_lead_time_in_range     CHECK (lead_time_days BETWEEN 0 AND 365)
     , CONSTRAINT sku_kit_is_a_list          CHECK (json_type(kit) = 'array')
     ) STRICT, WITHOUT ROWID;

-- What another process has changed since a revision.
CREATE INDEX sku_by_revision ON sku (store_id, revision);
-- Whose dates move when a supplier's calendar does.
CREATE INDEX sku_by_supplier ON sku (store_id, supplier) WHERE supplier IS NOT NULL;

CREATE TABLE stock_level
     ( store_id      TEXT     NOT NULL
     , sku           TEXT     NOT NULL
     , location      TEXT     NOT NULL
     , on_hand       INTEGER  NOT NULL
     , committed     INTEGER  NOT NULL  -- promised by the shop, without a date we know of
     , safety_stock  INTEGER  NOT NULL
     , revision      INTEGER  NOT NULL
     , CONSTRAINT stock_level_once           PRIMARY KEY (store_id, sku, location)
     , CONSTRAINT stock_level_sku_known      FOREIGN KEY (store_id, sku)
                                             REFERENCES sku (store_id, sku)
     , CONSTRAINT stock_level_location_known FOREIGN KEY (store_id, location)
                                             REFERENCES location (store_id, location)
     , CONSTRAINT on_hand_not_negative       CHECK (on_hand BETWEEN 0 AND 1000000000)
     , CONSTRAINT committed_not_negative     CHECK (committed BETWEEN 0 AND 1000000000)
     , CONSTRAINT safety_stock_not_negative  CHECK (safety_stock BETWEEN 0 AND 1000000000)
     ) STRICT, WITHOUT ROWID;

-- One row for each commit: what was done, when and why.
CREATE TABLE act
     ( store_id  TEXT     NOT NULL
     , revision  INTEGER  NOT NULL
     , act       TEXT     NOT NULL
     , subject   TEXT
     , reason    TEXT
     , at_ms     INTEGER  NOT NULL
     , CONSTRAINT act_once         PRIMARY KEY (store_id, revision)
     , CONSTRAINT act_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     ) STRICT, WITHOUT ROWID;

-- The ledger: the sum of `change` is what is on hand.
CREATE TABLE movement
     ( store_id  TEXT     NOT NULL
     , revision  INTEGER  NOT NULL  -- the act it belongs to
     , line      INTEGER  NOT NULL
     , sku       TEXT     NOT NULL
     , location  TEXT     NOT NULL
     , change    INTEGER  NOT NULL
     , CONSTRAINT movement_once          PRIMARY KEY (store_id, revision, line)
     , CONSTRAINT movement_moves         CHECK (change <> 0)
     , CONSTRAINT movement_in_range      CHECK (change BETWEEN -1000000000 AND 1000000000)
     ) STRICT, WITHOUT ROWID;

CREATE TABLE purchase_order
     ( store_id        TEXT     NOT NULL
     , purchase_order  TEXT     NOT NULL
     , location        TEXT     NOT NULL
     , supplier        TEXT
     , ordered_on      TEXT     NOT NULL
     , status          TEXT     NOT NULL
     , revision        INTEGER  NOT NULL
     , CONSTRAINT purchase_order_once              PRIMARY KEY (store_id, purchase_order)
     , CONSTRAINT purchase_order_location_known    FOREIGN KEY (store_id, location)
                                                   REFERENCES location (store_id, location)
     , CONSTRAINT purchase_order_supplier_known    FOREIGN KEY (store_id, supplier)
                                                   REFERENCES supplier (store_id, supplier)
     , CONSTRAINT purchase_order_ordered_on_date   CHECK (ordered_on IS date(ordered_on))
     , CONSTRAINT purchase_order_status_known      CHECK (status IN ('open', 'received', 'cancelled'))
     ) STRICT, WITHOUT ROWID;

CREATE TABLE purchase_order_line
     ( store_id        TEXT     NOT NULL
     , purchase_order  TEXT     NOT NULL
     , sku             TEXT     NOT NULL
     , quantity        INTEGER  NOT NULL
     , received        INTEGER  NOT NULL
     , expected_on     TEXT              -- the supplier's date; none: nothing is promised from it
     , CONSTRAINT purchase_order_line_once          PRIMARY KEY (store_id, purchase_order, sku)
     , CONSTRAINT purchase_order_line_order_known   FOREIGN KEY (store_id, purchase_order)
                                                    REFERENCES purchase_order (store_id, purchase_order)
     , CONSTRAINT purchase_order_line_sku_known     FOREIGN KEY (store_id, sku)
                                                    REFERENCES sku (store_id, sku)
     , CONSTRAINT purchase_order_line_not_negative  CHECK (quantity BETWEEN 0 AND 1000000000)
     , CONSTRAINT received_not_negative             CHECK (received BETWEEN 0 AND 1000000000)
     , CONSTRAINT purchase_order_line_expected_date CHECK (expected_on IS date(expected_on))
     ) STRICT, WITHOUT ROWID;

-- What is on its way of a SKU.
CREATE INDEX purchase_order_line_to_come
    ON purchase_order_line (store_id, sku)
 WHERE received < quantity;

-- A date is never overwritten without a trace: this is what lead times are learnt from.
CREATE TABLE supply_date_change
     ( store_id        TEXT     NOT NULL
     , purchase_order  TEXT     NOT NULL
     , sku             TEXT     NOT NULL
     , revision        INTEGER  NOT NULL
     , was             TEXT
     , becomes         TEXT
     , CONSTRAINT supply_date_change_once       PRIMARY KEY (store_id, purchase_order, sku, revision)
     , CONSTRAINT supply_date_change_line_known FOREIGN KEY (store_id, purchase_order, sku)
                                                REFERENCES purchase_order_line (store_id, purchase_order, sku)
     ) STRICT, WITHOUT ROWID;

CREATE TABLE receipt
     ( store_id        TEXT     NOT NULL
     , purchase_order  TEXT     NOT NULL
     , receipt         TEXT     NOT NULL
     , received_on     TEXT     NOT NULL
     , revision        INTEGER  NOT NULL
     , CONSTRAINT receipt_once             PRIMARY KEY (store_id, purchase_order, receipt)
     , CONSTRAINT receipt_order_known      FOREIGN KEY (store_id, purchase_order)
                                           REFERENCES purchase_order (store_id, purchase_order)
     , CONSTRAINT receipt_received_on_date CHECK (received_on IS date(received_on))
     ) STRICT, WITHOUT ROWID;

CREATE TABLE receipt_line
     ( store_id        TEXT     NOT NULL
     , purchase_order  TEXT     NOT NULL
     , receipt         TEXT     NOT NULL
     , sku             TEXT     NOT NULL
     , quantity        INTEGER  NOT NULL
     , CONSTRAINT receipt_line_once           PRIMARY KEY (store_id, purchase_order, receipt, sku)
     , CONSTRAINT receipt_line_receipt_known  FOREIGN KEY (store_id, purchase_order, receipt)
                                              REFERENCES receipt (store_id, purchase_order, receipt)
     , CONSTRAINT receipt_line_positive       CHECK (quantity BETWEEN 1 AND 1000000000)
     ) STRICT, WITHOUT ROWID;

-- A key is shown once; what stays is its hash.
CREATE TABLE key
     ( store_id       TEXT     NOT NULL
     , key_id         TEXT     NOT NULL
     , kind           TEXT     NOT NULL
     , prefix         TEXT     NOT NULL
     , label          TEXT     NOT NULL
     , hash           BLOB     NOT NULL
     , created_at_ms  INTEGER  NOT NULL
     , revoked_at_ms  INTEGER
     , CONSTRAINT key_once         PRIMARY KEY (store_id, key_id)
     , CONSTRAINT key_hash_once    UNIQUE (hash)
     , CONSTRAINT key_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT key_kind_known   CHECK (kind IN ('publishable', 'secret'))
     , CONSTRAINT key_hash_length  CHECK (octet_length(hash) = 32)
     ) STRICT, WITHOUT ROWID;

-- The answer to a request, kept so that sending it again gives the same and does nothing.
CREATE TABLE kept_answer
     ( store_id       TEXT     NOT NULL
     , route          TEXT     NOT NULL
     , key            TEXT     NOT NULL
     , fingerprint    BLOB     NOT NULL  -- of the request's body
     , status         INTEGER  NOT NULL
     , body           BLOB     NOT NULL
     , expires_at_ms  INTEGER  NOT NULL
     , CONSTRAINT kept_answer_once           PRIMARY KEY (store_id, route, key)
     , CONSTRAINT kept_answer_store_known    FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT kept_answer_key_length     CHECK (octet_length(key) BETWEEN 1 AND 255)
     , CONSTRAINT kept_answer_print_length   CHECK (octet_length(fingerprint) = 32)
     , CONSTRAINT kept_answer_status_is_http CHECK (status BETWEEN 200 AND 599)
     ) STRICT, WITHOUT ROWID;

CREATE INDEX kept_answer_by_expiry ON kept_answer (store_id, expires_at_ms);

CREATE TRIGGER movement_is_never_changed BEFORE UPDATE ON movement
BEGIN
    SELECT RAISE(ABORT, 'movement is append-only');
END;

CREATE TRIGGER movement_is_never_removed BEFORE DELETE ON movement
BEGIN
    SELECT RAISE(ABORT, 'movement is append-only');
END;

CREATE TRIGGER supply_date_change_is_never_changed BEFORE UPDATE ON supply_date_change
BEGIN
    SELECT RAISE(ABORT, 'supply_date_change is append-only');
END;

CREATE TRIGGER supply_date_change_is_never_removed BEFORE DELETE ON supply_date_change
BEGIN
    SELECT RAISE(ABORT, 'supply_date_change is append-only');
END;

CREATE TRIGGER act_is_never_changed BEFORE UPDATE ON act
BEGIN
    SELECT RAISE(ABORT, 'act is append-only');
END;

CREATE TRIGGER act_is_never_removed BEFORE DELETE ON act
BEGIN
    SELECT RAISE(ABORT, 'act is append-only');
END;

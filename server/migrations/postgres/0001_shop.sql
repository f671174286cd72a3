-- One shop after the other in one database: `store_id` comes first in every key.
--
-- Instants are whole milliseconds since 1970 UTC (`..._ms`), money is minor units. Days of the week are
-- seven characters, Monday first, `1` for a working day. Text is compared byte by byte, as in SQLite.
--
-- A transaction says with `SET LOCAL ships_by.store` which store it is of, and sees no other's rows; `*`
-- shows which stores and keys there are, and changes nothing.

-- The items of a JSON list, under the name and the shape that they have in SQLite.
CREATE FUNCTION json_each(list TEXT) RETURNS TABLE (value TEXT)
   LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 20 AS
$$
SELECT value FROM json_array_elements_text(CAST(list AS json))
$$;
CREATE FUNCTION jsonb_each(list TEXT) RETURNS TABLE (key BIGINT, value JSONB)
   LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 50 AS
$$
SELECT place - 1, item FROM jsonb_array_elements(CAST(list AS jsonb)) WITH ORDINALITY AS items (item, place)
$$;

-- Bytes that were written as pairs of digits, under SQLite's name.
CREATE FUNCTION unhex(digits TEXT) RETURNS BYTEA
   LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
SELECT decode(digits, 'hex')
$$;

-- What stands in a ledger stays there.
CREATE FUNCTION append_only() RETURNS TRIGGER LANGUAGE plpgsql AS
$$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- Keeps a table's stores apart, from its owner too.
CREATE PROCEDURE keep_stores_apart(kept REGCLASS) LANGUAGE plpgsql AS
$$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', kept);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', kept);
    EXECUTE format
          ( 'CREATE POLICY of_its_store ON %s
              USING (store_id = current_setting(''ships_by.store'', true))
         WITH CHECK (store_id = current_setting(''ships_by.store'', true) AND store_id <> ''*'')'
          , kept
          );
END
$$;

CREATE TABLE store
     ( store_id             TEXT COLLATE "C"  NOT NULL
     , name                 TEXT COLLATE "C"  NOT NULL
     , location             TEXT COLLATE "C"  NOT NULL  -- the one that ships
     , currency             TEXT COLLATE "C"  NOT NULL
     , split                TEXT COLLATE "C"  NOT NULL
     , split_amount         BIGINT            NOT NULL
     , parcels_max          BIGINT            NOT NULL
     , display              TEXT COLLATE "C"  NOT NULL
     , horizon_days         BIGINT            NOT NULL
     , overdue_fence_days   BIGINT            NOT NULL
     , overdue_offset_days  BIGINT            NOT NULL
     , min_shipment         BIGINT            NOT NULL
     , origins              TEXT COLLATE "C"  NOT NULL  -- JSON list of `https://shop.example`
     , revision             BIGINT            NOT NULL  -- raised by each commit
     , settings_revision    BIGINT            NOT NULL  -- the commit that last changed the store or a location
     , CONSTRAINT store_once                  PRIMARY KEY (store_id)
     , CONSTRAINT store_currency_is_iso       CHECK (currency ~ '^[A-Z]{3}$')
     , CONSTRAINT store_split_known           CHECK (split IN ('off', 'free', 'flat', 'per_extra_parcel'))
     , CONSTRAINT store_amount_not_negative   CHECK (0 <= split_amount)
     , CONSTRAINT store_parcels_in_range      CHECK (parcels_max BETWEEN 1 AND 20)
     , CONSTRAINT store_display_known         CHECK (display IN ('exact', 'few_left', 'hidden'))
     , CONSTRAINT store_horizon_in_range      CHECK (horizon_days BETWEEN 1 AND 365)
     , CONSTRAINT store_fence_in_range        CHECK (overdue_fence_days BETWEEN 0 AND 365)
     , CONSTRAINT store_offset_in_range       CHECK (overdue_offset_days BETWEEN 1 AND 365)
     , CONSTRAINT store_min_shipment_positive CHECK (1 <= min_shipment)
     , CONSTRAINT store_origins_is_a_list     CHECK (json_typeof(CAST(origins AS json)) = 'array')
     );

CREATE TABLE location
     ( store_id         TEXT COLLATE "C"  NOT NULL
     , location         TEXT COLLATE "C"  NOT NULL
     , name             TEXT COLLATE "C"  NOT NULL
     , time_zone        TEXT COLLATE "C"  NOT NULL
     , working_days     TEXT COLLATE "C"  NOT NULL
     , pickup_days      TEXT COLLATE "C"  NOT NULL
     , holidays         TEXT COLLATE "C"  NOT NULL  -- JSON list of dates
     , cut_off          TEXT COLLATE "C"  NOT NULL  -- local `HH:MM`
     , processing_days  BIGINT            NOT NULL
     , receiving_days   BIGINT            NOT NULL
     , revision         BIGINT            NOT NULL
     , CONSTRAINT location_once                PRIMARY KEY (store_id, location)
     , CONSTRAINT location_store_known         FOREIGN KEY (store_id) REFERENCES store (store_id)
                                               DEFERRABLE INITIALLY DEFERRED
     , CONSTRAINT location_working_days_shape  CHECK (working_days ~ '^[01]{7}$')
     , CONSTRAINT location_pickup_days_shape   CHECK (pickup_days ~ '^[01]{7}$')
     , CONSTRAINT location_holidays_is_a_list  CHECK (json_typeof(CAST(holidays AS json)) = 'array')
     , CONSTRAINT location_cut_off_shape       CHECK (cut_off ~ '^[0-2][0-9]:[0-5][0-9]$')
     , CONSTRAINT location_processing_in_range CHECK (processing_days BETWEEN 0 AND 60)
     , CONSTRAINT location_receiving_in_range  CHECK (receiving_days BETWEEN 0 AND 60)
     );

ALTER TABLE store
  ADD CONSTRAINT store_location_known FOREIGN KEY (store_id, location)
                                      REFERENCES location (store_id, location)
                                      DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE supplier
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , supplier        TEXT COLLATE "C"  NOT NULL
     , name            TEXT COLLATE "C"  NOT NULL
     , working_days    TEXT COLLATE "C"  NOT NULL
     , holidays        TEXT COLLATE "C"  NOT NULL
     , lead_time_days  BIGINT            -- calendar days from order to arrival, where declared
     , buffer_days     BIGINT            NOT NULL -- added to each date the supplier tells
     , revision        BIGINT            NOT NULL
     , CONSTRAINT supplier_once               PRIMARY KEY (store_id, supplier)
     , CONSTRAINT supplier_store_known        FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT supplier_working_days_shape CHECK (working_days ~ '^[01]{7}$')
     , CONSTRAINT supplier_holidays_is_a_list CHECK (json_typeof(CAST(holidays AS json)) = 'array')
     , CONSTRAINT supplier_lead_time_in_range CHECK (lead_time_days BETWEEN 0 AND 365)
     , CONSTRAINT supplier_buffer_in_range    CHECK (buffer_days BETWEEN 0 AND 365)
     );

CREATE TABLE sku
     ( store_id             TEXT COLLATE "C"  NOT NULL
     , sku                  TEXT COLLATE "C"  NOT NULL
     , title                TEXT COLLATE "C"
     , tracked              BOOLEAN           NOT NULL
     , discontinued         BOOLEAN           NOT NULL
     , backorder            TEXT COLLATE "C"  NOT NULL
     , backorder_limit      BIGINT
     , reason               TEXT COLLATE "C"
     , released_on          DATE
     , low_stock_threshold  BIGINT            NOT NULL
     , supplier             TEXT COLLATE "C"
     , lead_time_days       BIGINT
     , kit                  TEXT COLLATE "C"  -- JSON list of {"sku", "quantity"}
     , revision             BIGINT            NOT NULL -- the commit that last changed any fact about it
     , CONSTRAINT sku_once                   PRIMARY KEY (store_id, sku)
     , CONSTRAINT sku_store_known            FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT sku_supplier_known         FOREIGN KEY (store_id, supplier)
                                             REFERENCES supplier (store_id, supplier)
     , CONSTRAINT sku_code_length            CHECK (octet_length(sku) BETWEEN 1 AND 128)
     , CONSTRAINT sku_backorder_known        CHECK (backorder IN ('deny', 'allow', 'allow_silent'))
     , CONSTRAINT sku_limit_not_negative     CHECK (backorder_limit BETWEEN 0 AND 1000000000)
     , CONSTRAINT sku_threshold_not_negative CHECK (low_stock_threshold BETWEEN 0 AND 1000000000)
     , CONSTRAINT sku_lead_time_in_range     CHECK (lead_time_days BETWEEN 0 AND 365)
     , CONSTRAINT sku_kit_is_a_list          CHECK (json_typeof(CAST(kit AS json)) = 'array')
     );

-- What another process has changed since a revision.
CREATE INDEX sku_by_revision ON sku (store_id, revision);
-- Whose dates move when a supplier's calendar does.
CREATE INDEX sku_by_supplier ON sku (store_id, supplier) WHERE supplier IS NOT NULL;

CREATE TABLE stock_level
     ( store_id      TEXT COLLATE "C"  NOT NULL
     , sku           TEXT COLLATE "C"  NOT NULL
     , location      TEXT COLLATE "C"  NOT NULL
     , on_hand       BIGINT            NOT NULL
     , committed     BIGINT            NOT NULL  -- promised by the shop, without a date we know of
     , safety_stock  BIGINT            NOT NULL
     , revision      BIGINT            NOT NULL
     , CONSTRAINT stock_level_once           PRIMARY KEY (store_id, sku, location)
     , CONSTRAINT stock_level_sku_known      FOREIGN KEY (store_id, sku)
                                             REFERENCES sku (store_id, sku)
     , CONSTRAINT stock_level_location_known FOREIGN KEY (store_id, location)
                                             REFERENCES location (store_id, location)
     , CONSTRAINT on_hand_not_negative       CHECK (on_hand BETWEEN 0 AND 1000000000)
     , CONSTRAINT committed_not_negative     CHECK (committed BETWEEN 0 AND 1000000000)
     , CONSTRAINT safety_stock_not_negative  CHECK (safety_stock BETWEEN 0 AND 1000000000)
     );

-- One row for each commit: what was done, when and why.
CREATE TABLE act
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , revision  BIGINT            NOT NULL
     , act       TEXT COLLATE "C"  NOT NULL
     , subject   TEXT COLLATE "C"
     , reason    TEXT COLLATE "C"
     , at_ms     BIGINT            NOT NULL
     , CONSTRAINT act_once         PRIMARY KEY (store_id, revision)
     , CONSTRAINT act_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     );

-- The ledger: the sum of `change` is what is on hand.
CREATE TABLE movement
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , revision  BIGINT            NOT NULL  -- the act it belongs to
     , line      BIGINT            NOT NULL
     , sku       TEXT COLLATE "C"  NOT NULL
     , location  TEXT COLLATE "C"  NOT NULL
     , change    BIGINT            NOT NULL
     , CONSTRAINT movement_once          PRIMARY KEY (store_id, revision, line)
     , CONSTRAINT movement_moves         CHECK (change <> 0)
     , CONSTRAINT movement_in_range      CHECK (change BETWEEN -1000000000 AND 1000000000)
     );

CREATE TABLE purchase_order
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , purchase_order  TEXT COLLATE "C"  NOT NULL
     , location        TEXT COLLATE "C"  NOT NULL
     , supplier        TEXT COLLATE "C"
     , ordered_on      DATE              NOT NULL
     , status          TEXT COLLATE "C"  NOT NULL
     , revision        BIGINT            NOT NULL
     , CONSTRAINT purchase_order_once              PRIMARY KEY (store_id, purchase_order)
     , CONSTRAINT purchase_order_location_known    FOREIGN KEY (store_id, location)
                                                   REFERENCES location (store_id, location)
     , CONSTRAINT purchase_order_supplier_known    FOREIGN KEY (store_id, supplier)
                                                   REFERENCES supplier (store_id, supplier)
     , CONSTRAINT purchase_order_status_known      CHECK (status IN ('open', 'received', 'cancelled'))
     );

CREATE TABLE purchase_order_line
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , purchase_order  TEXT COLLATE "C"  NOT NULL
     , sku             TEXT COLLATE "C"  NOT NULL
     , quantity        BIGINT            NOT NULL
     , received        BIGINT            NOT NULL
     , expected_on     DATE              -- the supplier's date; none: nothing is promised from it
     , CONSTRAINT purchase_order_line_once          PRIMARY KEY (store_id, purchase_order, sku)
     , CONSTRAINT purchase_order_line_order_known   FOREIGN KEY (store_id, purchase_order)
                                                    REFERENCES purchase_order (store_id, purchase_order)
     , CONSTRAINT purchase_order_line_sku_known     FOREIGN KEY (store_id, sku)
                                                    REFERENCES sku (store_id, sku)
     , CONSTRAINT purchase_order_line_not_negative  CHECK (quantity BETWEEN 0 AND 1000000000)
     , CONSTRAINT received_not_negative             CHECK (received BETWEEN 0 AND 1000000000)
     );

-- What is on its way of a SKU.
CREATE INDEX purchase_order_line_to_come
    ON purchase_order_line (store_id, sku)
 WHERE received < quantity;

-- A date is never overwritten without a trace: this is what lead times are learnt from.
CREATE TABLE supply_date_change
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , purchase_order  TEXT COLLATE "C"  NOT NULL
     , sku             TEXT COLLATE "C"  NOT NULL
     , revision        BIGINT            NOT NULL
     , was             DATE
     , becomes         DATE
     , CONSTRAINT supply_date_change_once       PRIMARY KEY (store_id, purchase_order, sku, revision)
     , CONSTRAINT supply_date_change_line_known FOREIGN KEY (store_id, purchase_order, sku)
                                                REFERENCES purchase_order_line (store_id, purchase_order, sku)
     );

CREATE TABLE receipt
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , purchase_order  TEXT COLLATE "C"  NOT NULL
     , receipt         TEXT COLLATE "C"  NOT NULL
     , received_on     DATE              NOT NULL
     , revision        BIGINT            NOT NULL
     , CONSTRAINT receipt_once             PRIMARY KEY (store_id, purchase_order, receipt)
     , CONSTRAINT receipt_order_known      FOREIGN KEY (store_id, purchase_order)
                                           REFERENCES purchase_order (store_id, purchase_order)
     );

CREATE TABLE receipt_line
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , purchase_order  TEXT COLLATE "C"  NOT NULL
     , receipt         TEXT COLLATE "C"  NOT NULL
     , sku             TEXT COLLATE "C"  NOT NULL
     , quantity        BIGINT            NOT NULL
     , CONSTRAINT receipt_line_once           PRIMARY KEY (store_id, purchase_order, receipt, sku)
     , CONSTRAINT receipt_line_receipt_known  FOREIGN KEY (store_id, purchase_order, receipt)
                                              REFERENCES receipt (store_id, purchase_order, receipt)
     , CONSTRAINT receipt_line_positive       CHECK (quantity BETWEEN 1 AND 1000000000)
     );

-- A key is shown once; what stays is its hash.
CREATE TABLE key
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , key_id         TEXT COLLATE "C"  NOT NULL
     , kind           TEXT COLLATE "C"  NOT NULL
     , prefix         TEXT COLLATE "C"  NOT NULL
     , label          TEXT COLLATE "C"  NOT NULL
     , hash           BYTEA             NOT NULL
     , created_at_ms  BIGINT            NOT NULL
     , revoked_at_ms  BIGINT
     , CONSTRAINT key_once         PRIMARY KEY (store_id, key_id)
     , CONSTRAINT key_hash_once    UNIQUE (hash)
     , CONSTRAINT key_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT key_kind_known   CHECK (kind IN ('publishable', 'secret'))
     , CONSTRAINT key_hash_length  CHECK (octet_length(hash) = 32)
     );

-- The answer to a request, kept so that sending it again gives the same and does nothing.
CREATE TABLE kept_answer
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , route          TEXT COLLATE "C"  NOT NULL
     , key            TEXT COLLATE "C"  NOT NULL
     , fingerprint    BYTEA             NOT NULL  -- of the request's body
     , status         BIGINT            NOT NULL
     , body           BYTEA             NOT NULL
     , expires_at_ms  BIGINT            NOT NULL
     , CONSTRAINT kept_answer_once           PRIMARY KEY (store_id, route, key)
     , CONSTRAINT kept_answer_store_known    FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT kept_answer_key_length     CHECK (octet_length(key) BETWEEN 1 AND 255)
     , CONSTRAINT kept_answer_print_length   CHECK (octet_length(fingerprint) = 32)
     , CONSTRAINT kept_answer_status_is_http CHECK (status BETWEEN 200 AND 599)
     );

CREATE INDEX kept_answer_by_expiry ON kept_answer (store_id, expires_at_ms);

CREATE TRIGGER movement_is_never_changed BEFORE UPDATE ON movement
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER movement_is_never_removed BEFORE DELETE ON movement
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER supply_date_change_is_never_changed BEFORE UPDATE ON supply_date_change
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER supply_date_change_is_never_removed BEFORE DELETE ON supply_date_change
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER act_is_never_changed BEFORE UPDATE ON act
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER act_is_never_removed BEFORE DELETE ON act
   FOR EACH ROW EXECUTE FUNCTION append_only();

CALL keep_stores_apart('store');
CALL keep_stores_apart('location');
CALL keep_stores_apart('supplier');
CALL keep_stores_apart('sku');
CALL keep_stores_apart('stock_level');
CALL keep_stores_apart('act');
CALL keep_stores_apart('movement');
CALL keep_stores_apart('purchase_order');
CALL keep_stores_apart('purchase_order_line');
CALL keep_stores_apart('supply_date_change');
CALL keep_stores_apart('receipt');
CALL keep_stores_apart('receipt_line');
CALL keep_stores_apart('key');
CALL keep_stores_apart('kept_answer');

-- Which stores and keys there are, every server has to know.
CREATE POLICY to_be_listed ON store FOR SELECT USING (current_setting('ships_by.store', true) = '*');
CREATE POLICY to_be_listed ON key FOR SELECT USING (current_setting('ships_by.store', true) = '*');

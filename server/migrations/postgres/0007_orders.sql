-- Orders of customers, and what left for them. What an order is promised is a reservation of the same id that does
-- not expire.

-- How a part ended that does not stand any more, while others of its reservation may; none: it did not end by itself.
ALTER TABLE promised_part ADD COLUMN ended_by TEXT COLLATE "C" CHECK (ended_by IN ('shipped', 'cancelled'));

CREATE TABLE sales_order
     ( store_id      TEXT COLLATE "C"  NOT NULL
     , sales_order   TEXT COLLATE "C"  NOT NULL
     , placed_at_ms  BIGINT            NOT NULL
     , revision      BIGINT            NOT NULL  -- the commit that last changed it
     , CONSTRAINT sales_order_once              PRIMARY KEY (store_id, sales_order)
     , CONSTRAINT sales_order_reservation_known FOREIGN KEY (store_id, sales_order)
                                                REFERENCES reservation (store_id, reservation)
     );

CREATE TABLE sales_order_line
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , sales_order  TEXT COLLATE "C"  NOT NULL
     , line         BIGINT            NOT NULL
     , sku          TEXT COLLATE "C"  NOT NULL  -- what was bought, perhaps a kit
     , quantity     BIGINT            NOT NULL
     , shown_on     DATE                        -- the ship-by date that the shopper saw; none: none was told
     , shipped      BIGINT            NOT NULL
     , cancelled    BIGINT            NOT NULL
     , CONSTRAINT sales_order_line_once               PRIMARY KEY (store_id, sales_order, line)
     , CONSTRAINT sales_order_line_order_known        FOREIGN KEY (store_id, sales_order)
                                                      REFERENCES sales_order (store_id, sales_order)
     , CONSTRAINT sales_order_line_sku_known          FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT sales_order_line_positive           CHECK (quantity BETWEEN 1 AND 1000000000)
     , CONSTRAINT sales_order_line_ends_not_negative  CHECK (0 <= shipped AND 0 <= cancelled)
     , CONSTRAINT sales_order_line_ends_once          CHECK (shipped + cancelled <= quantity)
     );

-- What was handed to a carrier: a ledger.
CREATE TABLE shipment
     ( store_id         TEXT COLLATE "C"  NOT NULL
     , shipment         TEXT COLLATE "C"  NOT NULL
     , sales_order      TEXT COLLATE "C"  NOT NULL
     , location         TEXT COLLATE "C"  NOT NULL
     , carrier          TEXT COLLATE "C"
     , tracking_number  TEXT COLLATE "C"
     , shipped_at_ms    BIGINT            NOT NULL
     , revision         BIGINT            NOT NULL
     , CONSTRAINT shipment_once            PRIMARY KEY (store_id, shipment)
     , CONSTRAINT shipment_order_known     FOREIGN KEY (store_id, sales_order)
                                           REFERENCES sales_order (store_id, sales_order)
     , CONSTRAINT shipment_location_known  FOREIGN KEY (store_id, location)
                                           REFERENCES location (store_id, location)
     );

CREATE INDEX shipment_by_order ON shipment (store_id, sales_order);

CREATE TABLE shipment_line
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , shipment  TEXT COLLATE "C"  NOT NULL
     , line      BIGINT            NOT NULL  -- of the order
     , quantity  BIGINT            NOT NULL
     , CONSTRAINT shipment_line_once            PRIMARY KEY (store_id, shipment, line)
     , CONSTRAINT shipment_line_shipment_known  FOREIGN KEY (store_id, shipment)
                                                REFERENCES shipment (store_id, shipment)
     , CONSTRAINT shipment_line_positive        CHECK (quantity BETWEEN 1 AND 1000000000)
     );

CREATE TRIGGER shipment_is_never_changed BEFORE UPDATE ON shipment
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER shipment_is_never_removed BEFORE DELETE ON shipment
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER shipment_line_is_never_changed BEFORE UPDATE ON shipment_line
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER shipment_line_is_never_removed BEFORE DELETE ON shipment_line
   FOR EACH ROW EXECUTE FUNCTION append_only();

CALL keep_stores_apart('sales_order');
CALL keep_stores_apart('sales_order_line');
CALL keep_stores_apart('shipment');
CALL keep_stores_apart('shipment_line');

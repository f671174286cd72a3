-- What was sold, what will be wanted, and what is to be ordered at suppliers.

-- What was sold of a SKU in a month of the store's time zone. A file and our own orders may both have counted it: what is
-- greater is what was sold.
CREATE TABLE sales_month
     ( store_id   TEXT COLLATE "C"  NOT NULL
     , sku        TEXT COLLATE "C"  NOT NULL  -- what was sold, perhaps a kit
     , month      DATE              NOT NULL  -- its first day
     , imported   BIGINT            NOT NULL  -- units that files say
     , days       TEXT COLLATE "C"  NOT NULL  -- the same by day of the month, as a JSON object; days that no file named are not in it
     , ordered    BIGINT            NOT NULL  -- units of our own orders, less what was cancelled
     , was_empty  BOOLEAN           NOT NULL  -- the shelf was empty for a while and no more could be sold
     , revision   BIGINT            NOT NULL
     , CONSTRAINT sales_month_once          PRIMARY KEY (store_id, sku, month)
     , CONSTRAINT sales_month_sku_known     FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT sales_month_not_negative  CHECK (0 <= imported AND 0 <= ordered)
     );

-- Which SKUs have sold since a revision.
CREATE INDEX sales_month_by_revision ON sales_month (store_id, revision) WHERE 0 < revision;

-- What will be wanted of a SKU, and when to order it.
CREATE TABLE forecast
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , sku            TEXT COLLATE "C"  NOT NULL
     , month          DATE              NOT NULL  -- the last month that it knows
     , content        TEXT COLLATE "C"  NOT NULL  -- models, means and quantiles, as JSON
     , reorder_point  BIGINT                      -- order when the position is at or below it; none: never
     , made_at_ms     BIGINT            NOT NULL
     , revision       BIGINT            NOT NULL
     , CONSTRAINT forecast_once           PRIMARY KEY (store_id, sku)
     , CONSTRAINT forecast_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT forecast_not_negative   CHECK (0 <= reorder_point)
     );

-- How far forecasts have come. One server at a time is at it.
CREATE TABLE forecast_state
     ( store_id         TEXT COLLATE "C"  NOT NULL
     , month            DATE                        -- the last month that all of them know
     , ran_on           DATE                        -- the day of the last run, in the store's time zone
     , sales_revision   BIGINT            NOT NULL  -- changes until which they know
     , sku_revision     BIGINT            NOT NULL
     , policy_revision  BIGINT            NOT NULL
     , taken_until_ms   BIGINT            NOT NULL  -- some server is at it until then
     , CONSTRAINT forecast_state_once         PRIMARY KEY (store_id)
     , CONSTRAINT forecast_state_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     );

-- How a store orders; suppliers with what differs for each.
CREATE TABLE reorder_policy
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , terms     TEXT COLLATE "C"  NOT NULL  -- as JSON
     , revision  BIGINT            NOT NULL
     , CONSTRAINT reorder_policy_once         PRIMARY KEY (store_id)
     , CONSTRAINT reorder_policy_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     );

-- How a SKU is ordered: what it costs, and what its supplier accepts.
CREATE TABLE reorder_terms
     ( store_id    TEXT COLLATE "C"  NOT NULL
     , sku         TEXT COLLATE "C"  NOT NULL
     , unit_cost   BIGINT                      -- in minor units
     , currency    TEXT COLLATE "C"
     , minimum     BIGINT            NOT NULL  -- fewest units that the supplier sends
     , pack        BIGINT            NOT NULL  -- only whole packs are ordered
     , cover_days  BIGINT                      -- for how long an order lasts; none: as the store or the supplier says
     , revision    BIGINT            NOT NULL
     , CONSTRAINT reorder_terms_once           PRIMARY KEY (store_id, sku)
     , CONSTRAINT reorder_terms_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT reorder_terms_cost_currency  CHECK ((unit_cost IS NULL) = (currency IS NULL))
     , CONSTRAINT reorder_terms_not_negative   CHECK (0 <= coalesce(unit_cost, 0) AND 0 <= minimum AND 1 <= pack)
     );

-- What is to be ordered at a supplier: drafted, approved, sent, confirmed.
CREATE TABLE reorder
     ( store_id        TEXT COLLATE "C"  NOT NULL
     , reorder         TEXT COLLATE "C"  NOT NULL
     , supplier        TEXT COLLATE "C"  NOT NULL
     , status          TEXT COLLATE "C"  NOT NULL
     , fires_on        DATE                        -- the day of the schedule that made it; none: somebody asked
     , cost            BIGINT                      -- of all lines, in minor units; none: of some nobody said what they cost
     , currency        TEXT COLLATE "C"
     , note            TEXT COLLATE "C"            -- what is to be known before it is approved: below_minimum, budget_cut
     , purchase_order  TEXT COLLATE "C"            -- what it became when it was sent or confirmed
     , made_at_ms      BIGINT            NOT NULL
     , changed_at_ms   BIGINT            NOT NULL
     , sent_at_ms      BIGINT
     , chased_at_ms    BIGINT                      -- when somebody was last told that it is not confirmed
     , revision        BIGINT            NOT NULL
     , CONSTRAINT reorder_once            PRIMARY KEY (store_id, reorder)
     , CONSTRAINT reorder_supplier_known  FOREIGN KEY (store_id, supplier) REFERENCES supplier (store_id, supplier)
     , CONSTRAINT reorder_becomes_known   FOREIGN KEY (store_id, purchase_order)
                                          REFERENCES purchase_order (store_id, purchase_order)
     , CONSTRAINT reorder_status_known    CHECK (status IN ('draft', 'approved', 'sent', 'confirmed', 'dismissed'))
     , CONSTRAINT reorder_becomes_supply  CHECK ((status IN ('sent', 'confirmed')) = (purchase_order IS NOT NULL))
     , CONSTRAINT reorder_cost_currency   CHECK (cost IS NULL OR currency IS NOT NULL)
     );

-- One draft for each supplier; the next one takes its place.
CREATE UNIQUE INDEX reorder_draft_once ON reorder (store_id, supplier) WHERE status = 'draft';
CREATE INDEX reorder_open ON reorder (store_id, supplier) WHERE status = 'approved';
CREATE INDEX reorder_unconfirmed ON reorder (store_id, sent_at_ms) WHERE status = 'sent';

CREATE TABLE reorder_line
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , reorder        TEXT COLLATE "C"  NOT NULL
     , sku            TEXT COLLATE "C"  NOT NULL
     , quantity       BIGINT            NOT NULL
     , unit_cost      BIGINT
     , position       BIGINT            NOT NULL  -- what was there and under way, less what was owed
     , reorder_point  BIGINT            NOT NULL
     , CONSTRAINT reorder_line_once           PRIMARY KEY (store_id, reorder, sku)
     , CONSTRAINT reorder_line_reorder_known  FOREIGN KEY (store_id, reorder) REFERENCES reorder (store_id, reorder)
     , CONSTRAINT reorder_line_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT reorder_line_positive       CHECK (quantity BETWEEN 1 AND 1000000000)
     );

-- Which days of a supplier's schedule were acted on: each once, by whichever server came first.
CREATE TABLE reorder_firing
     ( store_id     TEXT COLLATE "C"  NOT NULL
     , supplier     TEXT COLLATE "C"  NOT NULL
     , fires_on     DATE              NOT NULL
     , fired_at_ms  BIGINT            NOT NULL
     , revision     BIGINT            NOT NULL
     , CONSTRAINT reorder_firing_once            PRIMARY KEY (store_id, supplier, fires_on)
     , CONSTRAINT reorder_firing_supplier_known  FOREIGN KEY (store_id, supplier) REFERENCES supplier (store_id, supplier)
     );

-- What the merchant is told of, from when on and until when it was so.
CREATE TABLE alert
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , alert          TEXT COLLATE "C"  NOT NULL
     , kind           TEXT COLLATE "C"  NOT NULL
     , subject        TEXT COLLATE "C"  NOT NULL  -- a SKU, or a reorder
     , position       BIGINT
     , reorder_point  BIGINT
     , begun_at_ms    BIGINT            NOT NULL
     , ended_at_ms    BIGINT
     , revision       BIGINT            NOT NULL
     , CONSTRAINT alert_once         PRIMARY KEY (store_id, alert)
     , CONSTRAINT alert_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT alert_kind_known   CHECK (kind IN ('low_stock', 'unconfirmed'))
     );

-- One at a time for each subject: so a crossing is told once, whoever sees it.
CREATE UNIQUE INDEX alert_open ON alert (store_id, kind, subject) WHERE ended_at_ms IS NULL;
CREATE INDEX alert_by_time ON alert (store_id, begun_at_ms);

CALL keep_stores_apart('sales_month');
CALL keep_stores_apart('forecast');
CALL keep_stores_apart('forecast_state');
CALL keep_stores_apart('reorder_policy');
CALL keep_stores_apart('reorder_terms');
CALL keep_stores_apart('reorder');
CALL keep_stores_apart('reorder_line');
CALL keep_stores_apart('reorder_firing');
CALL keep_stores_apart('alert');

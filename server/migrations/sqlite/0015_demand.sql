-- What was sold, what will be wanted, and what is to be ordered at suppliers.

-- What was sold of a SKU in a month of the store's time zone. A file and our own orders may both have counted it: what is
-- greater is what was sold.
CREATE TABLE sales_month
     ( store_id   TEXT     NOT NULL
     , sku        TEXT     NOT NULL  -- what was sold, perhaps a kit
     , month      TEXT     NOT NULL  -- its first day
     , imported   INTEGER  NOT NULL  -- units that files say
     , days       TEXT     NOT NULL  -- the same by day of the month, as a JSON object; days that no file named are not in it
     , ordered    INTEGER  NOT NULL  -- units of our own orders, less what was cancelled
     , was_empty  INTEGER  NOT NULL  -- the shelf was empty for a while and no more could be sold
     , revision   INTEGER  NOT NULL
     , CONSTRAINT sales_month_once          PRIMARY KEY (store_id, sku, month)
     , CONSTRAINT sales_month_sku_known     FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT sales_month_not_negative  CHECK (0 <= imported AND 0 <= ordered)
     , CONSTRAINT sales_month_was_empty     CHECK (was_empty IN (0, 1))
     , CONSTRAINT sales_month_month_date  CHECK (month IS date(month))
     ) STRICT, WITHOUT ROWID;

-- Which SKUs have sold since a revision.
CREATE INDEX sales_month_by_revision ON sales_month (store_id, revision) WHERE 0 < revision;

-- What will be wanted of a SKU, and when to order it.
CREATE TABLE forecast
     ( store_id       TEXT     NOT NULL
     , sku            TEXT     NOT NULL
     , month          TEXT     NOT NULL  -- the last month that it knows
     , content        TEXT     NOT NULL  -- models, means and quantiles, as JSON
     , reorder_point  INTEGER            -- order when the position is at or below it; none: never
     , made_at_ms     INTEGER  NOT NULL
     , revision       INTEGER  NOT NULL
     , CONSTRAINT forecast_once           PRIMARY KEY (store_id, sku)
     , CONSTRAINT forecast_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT forecast_not_negative   CHECK (0 <= reorder_point)
     , CONSTRAINT forecast_month_date  CHECK (month IS date(month))
     ) STRICT, WITHOUT ROWID;

-- How far forecasts have come. One server at a time is at it.
CREATE TABLE forecast_state
     ( store_id         TEXT     NOT NULL
     , month            TEXT               -- the last month that all of them know
     , ran_on           TEXT               -- the day of the last run, in the store's time zone
     , sales_revision   INTEGER  NOT NULL  -- changes until which they know
     , sku_revision     INTEGER  NOT NULL
     , policy_revision  INTEGER  NOT NULL
     , taken_until_ms   INTEGER  NOT NULL  -- some server is at it until then
     , CONSTRAINT forecast_state_once         PRIMARY KEY (store_id)
     , CONSTRAINT forecast_state_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT forecast_state_month_date  CHECK (month IS date(month))
     , CONSTRAINT forecast_state_ran_on_date  CHECK (ran_on IS date(ran_on))
     ) STRICT, WITHOUT ROWID;

-- How a store orders; suppliers with what differs for each.
CREATE TABLE reorder_policy
     ( store_id  TEXT     NOT NULL
     , terms     TEXT     NOT NULL  -- as JSON
     , revision  INTEGER  NOT NULL
     , CONSTRAINT reorder_policy_once         PRIMARY KEY (store_id)
     , CONSTRAINT reorder_policy_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     ) STRICT, WITHOUT ROWID;

-- How a SKU is ordered: what it costs, and what its supplier accepts.
CREATE TABLE reorder_terms
     ( store_id    TEXT     NOT NULL
     , sku         TEXT     NOT NULL
     , unit_cost   INTEGER            -- in minor units
     , currency    TEXT
     , minimum     INTEGER  NOT NULL  -- fewest units that the supplier sends
     , pack        INTEGER  NOT NULL  -- only whole packs are ordered
     , cover_days  INTEGER            -- for how long an order lasts; none: as the store or the supplier says
     , revision    INTEGER  NOT NULL
     , CONSTRAINT reorder_terms_once           PRIMARY KEY (store_id, sku)
     , CONSTRAINT reorder_terms_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT reorder_terms_cost_currency  CHECK ((unit_cost IS NULL) = (currency IS NULL))
     , CONSTRAINT reorder_terms_not_negative   CHECK (0 <= coalesce(unit_cost, 0) AND 0 <= minimum AND 1 <= pack)
     ) STRICT, WITHOUT ROWID;

-- What is to be ordered at a supplier: drafted, approved, sent, confirmed.
CREATE TABLE reorder
     ( store_id        TEXT     NOT NULL
     , reorder         TEXT     NOT NULL
     , supplier        TEXT     NOT NULL
     , status          TEXT     NOT NULL
     , fires_on        TEXT               -- the day of the schedule that made it; none: somebody asked
     , cost            INTEGER            -- of all lines, in minor units; none: of some nobody said what they cost
     , currency        TEXT
     , note            TEXT               -- what is to be known before it is approved: below_minimum, budget_cut
     , purchase_order  TEXT               -- what it became when it was sent or confirmed
     , made_at_ms      INTEGER  NOT NULL
     , changed_at_ms   INTEGER  NOT NULL
     , sent_at_ms      INTEGER
     , chased_at_ms    INTEGER            -- when somebody was last told that it is not confirmed
     , revision        INTEGER  NOT NULL
     , CONSTRAINT reorder_once            PRIMARY KEY (store_id, reorder)
     , CONSTRAINT reorder_supplier_known  FOREIGN KEY (store_id, supplier) REFERENCES supplier (store_id, supplier)
     , CONSTRAINT reorder_becomes_known   FOREIGN KEY (store_id, purchase_order)
                                          REFERENCES purchase_order (store_id, purchase_order)
     , CONSTRAINT reorder_status_known    CHECK (status IN ('draft', 'approved', 'sent', 'confirmed', 'dismissed'))
     , CONSTRAINT reorder_becomes_supply  CHECK ((status IN ('sent', 'confirmed')) = (purchase_order IS NOT NULL))
     , CONSTRAINT reorder_cost_currency   CHECK (cost IS NULL OR currency IS NOT NULL)
     , CONSTRAINT reorder_fires_on_date  CHECK (fires_on IS date(fires_on))
     ) STRICT, WITHOUT ROWID;

-- One draft for each supplier; the next one takes its place.
CREATE UNIQUE INDEX reorder_draft_once ON reorder (store_id, supplier) WHERE status = 'draft';
CREATE INDEX reorder_open ON reorder (store_id, supplier) WHERE status = 'approved';
CREATE INDEX reorder_unconfirmed ON reorder (store_id, sent_at_ms) WHERE status = 'sent';

CREATE TABLE reorder_line
     ( store_id       TEXT     NOT NULL
     , reorder        TEXT     NOT NULL
     , sku            TEXT     NOT NULL
     , quantity       INTEGER  NOT NULL
     , unit_cost      INTEGER
     , position       INTEGER  NOT NULL  -- what was there and under way, less what was owed
     , reorder_point  INTEGER  NOT NULL
     , CONSTRAINT reorder_line_once           PRIMARY KEY (store_id, reorder, sku)
     , CONSTRAINT reorder_line_reorder_known  FOREIGN KEY (store_id, reorder) REFERENCES reorder (store_id, reorder)
     , CONSTRAINT reorder_line_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT reorder_line_positive       CHECK (quantity BETWEEN 1 AND 1000000000)
     ) STRICT, WITHOUT ROWID;

-- Which days of a supplier's schedule were acted on: each once, by whichever server came first.
CREATE TABLE reorder_firing
     ( store_id     TEXT     NOT NULL
     , supplier     TEXT     NOT NULL
     , fires_on     TEXT     NOT NULL
     , fired_at_ms  INTEGER  NOT NULL
     , revision     INTEGER  NOT NULL
     , CONSTRAINT reorder_firing_once            PRIMARY KEY (store_id, supplier, fires_on)
     , CONSTRAINT reorder_firing_supplier_known  FOREIGN KEY (store_id, supplier) REFERENCES supplier (store_id, supplier)
     , CONSTRAINT reorder_firing_fires_on_date  CHECK (fires_on IS date(fires_on))
     ) STRICT, WITHOUT ROWID;

-- What the merchant is told of, from when on and until when it was so.
CREATE TABLE alert
     ( store_id       TEXT     NOT NULL
     , alert          TEXT     NOT NULL
     , kind           TEXT     NOT NULL
     , subject        TEXT     NOT NULL  -- a SKU, or a reorder
     , position       INTEGER
     , reorder_point  INTEGER
     , begun_at_ms    INTEGER  NOT NULL
     , ended_at_ms    INTEGER
     , revision       INTEGER  NOT NULL
     , CONSTRAINT alert_once         PRIMARY KEY (store_id, alert)
     , CONSTRAINT alert_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT alert_kind_known   CHECK (kind IN ('low_stock', 'unconfirmed'))
     ) STRICT, WITHOUT ROWID;

-- One at a time for each subject: so a crossing is told once, whoever sees it.
CREATE UNIQUE INDEX alert_open ON alert (store_id, kind, subject) WHERE ended_at_ms IS NULL;
CREATE INDEX alert_by_time ON alert (store_id, begun_at_ms);

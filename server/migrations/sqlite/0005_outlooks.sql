-- How orders turn out that are open for so many days, and how much safer than asked the dates told are.

-- JSON: [until, days, reached, own, pooled] for the days of waiting up to `until`; `[]`: not learnt yet.
ALTER TABLE supplier_model ADD COLUMN lead_time_outlook TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(lead_time_outlook));
ALTER TABLE supplier_model ADD COLUMN slip_outlook TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(slip_outlook));

-- The lowest level at which it would have been foretold, on the day of the order, by how much its date slips;
-- 100: none would have done; NULL: too little was known on that day, or it had no date.
ALTER TABLE delivery ADD COLUMN needed_slip_level INTEGER CHECK (needed_slip_level BETWEEN 1 AND 100);
DROP INDEX delivery_judged;
CREATE INDEX delivery_judged ON delivery (store_id, received_on, delivery)
 WHERE needed_level IS NOT NULL
    OR needed_slip_level IS NOT NULL;

-- The share of deliveries, in percent, that comes by the supplier's date behind a promise and the days added; 0: any
-- day could be chosen; NULL: it rests on what is on the shelf.
ALTER TABLE promise ADD COLUMN reached INTEGER CHECK (reached BETWEEN 0 AND 100);
CREATE INDEX promise_by_reached ON promise (store_id, revision)
 WHERE cause = 'reserved'
   AND reached IS NOT NULL;

-- What it waits for: as JSON the purchase orders that were planned to be there in time, and whether more could be made.
ALTER TABLE promised_part ADD COLUMN awaits_orders TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(awaits_orders));
ALTER TABLE promised_part ADD COLUMN awaits_made INTEGER NOT NULL DEFAULT 0 CHECK (awaits_made IN (0, 1));

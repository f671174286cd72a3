-- How orders turn out that are open for so many days, and how much safer than asked the dates told are.

-- JSON: [until, days, reached, own, pooled] for the days of waiting up to `until`; `[]`: not learnt yet.
ALTER TABLE supplier_model ADD COLUMN lead_time_outlook TEXT COLLATE "C" NOT NULL DEFAULT '[]' CHECK (CAST(lead_time_outlook AS json) IS NOT NULL);
ALTER TABLE supplier_model ADD COLUMN slip_outlook TEXT COLLATE "C" NOT NULL DEFAULT '[]' CHECK (CAST(slip_outlook AS json) IS NOT NULL);

-- The lowest level at which it would have been foretold, on the day of the order, by how much its date slips;
-- 100: none would have done; NULL: too little was known on that day, or it had no date.
ALTER TABLE delivery ADD COLUMN needed_slip_level BIGINT CHECK (needed_slip_level BETWEEN 1 AND 100);
DROP INDEX delivery_judged;
CREATE INDEX delivery_judged ON delivery (store_id, received_on, delivery)
 WHERE needed_level IS NOT NULL
    OR needed_slip_level IS NOT NULL;

-- The share of deliveries, in percent, that comes by the supplier's date behind a promise and the days added; 0: any
-- day could be chosen; NULL: it rests on what is on the shelf.
ALTER TABLE promise ADD COLUMN reached BIGINT CHECK (reached BETWEEN 0 AND 100);
CREATE INDEX promise_by_reached ON promise (store_id, revision)
 WHERE cause = 'reserved'
   AND reached IS NOT NULL;

-- What it waits for: as JSON the purchase orders that were planned to be there in time, and whether more could be made.
ALTER TABLE promised_part ADD COLUMN awaits_orders TEXT COLLATE "C" NOT NULL DEFAULT '[]' CHECK (CAST(awaits_orders AS json) IS NOT NULL);
ALTER TABLE promised_part ADD COLUMN awaits_made BOOLEAN NOT NULL DEFAULT false;

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

-- Percentage points by which a date is safer than asked, because the supplier's own dates are; NULL: it rests on
-- what is on the shelf.
ALTER TABLE promise ADD COLUMN surplus INTEGER CHECK (surplus BETWEEN 0 AND 99);
CREATE INDEX promise_by_surplus ON promise (store_id, revision)
 WHERE version = 1
   AND surplus IS NOT NULL;

-- Which authorization a parcel is charged to, and what may still be captured of it.

ALTER TABLE payment ADD COLUMN in_parts BOOLEAN NOT NULL DEFAULT false;  -- the whole may be captured parcel by parcel
ALTER TABLE charge ADD COLUMN own BOOLEAN NOT NULL DEFAULT false;        -- it has an authorization of its own
ALTER TABLE charge ADD COLUMN is_last BOOLEAN NOT NULL DEFAULT true;     -- nothing is captured of its authorization after it

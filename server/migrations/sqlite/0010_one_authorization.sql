-- Which authorization a parcel is charged to, and what may still be captured of it.

ALTER TABLE payment ADD COLUMN in_parts INTEGER NOT NULL DEFAULT 0 CHECK (in_parts IN (0, 1));  -- the whole may be captured parcel by parcel
ALTER TABLE charge ADD COLUMN own INTEGER NOT NULL DEFAULT 0 CHECK (own IN (0, 1));             -- it has an authorization of its own
ALTER TABLE charge ADD COLUMN is_last INTEGER NOT NULL DEFAULT 1 CHECK (is_last IN (0, 1));     -- nothing is captured of its authorization after it

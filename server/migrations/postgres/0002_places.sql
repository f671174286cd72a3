-- Places: when each closes its orders, whether its stock may be promised, what a parcel from it
-- costs, and how long carriers take from it.

ALTER TABLE location ADD COLUMN cut_offs TEXT COLLATE "C"  -- JSON `{"fri": "12:00"}`: days with a cut-off of their own
    CONSTRAINT location_cut_offs_is_an_object CHECK (json_typeof(CAST(cut_offs AS json)) = 'object');

ALTER TABLE location ADD COLUMN fulfils BOOLEAN NOT NULL DEFAULT true;  -- its stock may be promised to shoppers

ALTER TABLE location ADD COLUMN parcel_cost BIGINT NOT NULL DEFAULT 0  -- chooses between locations, nothing else
    CONSTRAINT location_parcel_cost_in_range CHECK (parcel_cost BETWEEN 0 AND 1000000000);

ALTER TABLE store ADD COLUMN transit_revision BIGINT NOT NULL DEFAULT 0;  -- the commit that last changed `transit`

-- How long carriers take. The zone of the first line is the one that counts where none is named.
CREATE TABLE transit
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , line           BIGINT            NOT NULL
     , zone           TEXT COLLATE "C"  NOT NULL
     , location       TEXT COLLATE "C"  -- where parcels leave; none: every location without a line of its own
     , days           BIGINT            NOT NULL -- the carrier's days from hand-over to the door
     , delivery_days  TEXT COLLATE "C"  NOT NULL
     , holidays       TEXT COLLATE "C"  NOT NULL -- JSON list of dates on which the carrier rests
     , CONSTRAINT transit_once                 PRIMARY KEY (store_id, line)
     , CONSTRAINT transit_store_known          FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT transit_location_known       FOREIGN KEY (store_id, location)
                                               REFERENCES location (store_id, location)
     , CONSTRAINT transit_zone_shape           CHECK (  octet_length(zone) BETWEEN 1 AND 32
                                                    AND zone ~ '^[A-Za-z0-9-]*$'
                                                     )
     , CONSTRAINT transit_days_in_range        CHECK (days BETWEEN 0 AND 60)
     , CONSTRAINT transit_delivery_days_shape  CHECK (delivery_days ~ '^[01]{7}$')
     , CONSTRAINT transit_holidays_is_a_list   CHECK (json_typeof(CAST(holidays AS json)) = 'array')
     );

-- One line for a zone and a place that parcels leave.
CREATE UNIQUE INDEX transit_of_a_zone_once ON transit (store_id, zone, coalesce(location, ''));

CALL keep_stores_apart('transit');

-- Places: when each closes its orders, whether its stock may be promised, what a parcel from it
-- costs, and how long carriers take from it.

ALTER TABLE location ADD COLUMN cut_offs TEXT  -- JSON `{"fri": "12:00"}`: days with a cut-off of their own
    CONSTRAINT location_cut_offs_is_an_object CHECK (json_type(cut_offs) = 'object');

ALTER TABLE location ADD COLUMN fulfils INTEGER NOT NULL DEFAULT 1  -- its stock may be promised to shoppers
    CONSTRAINT location_fulfils_is_truth CHECK (fulfils IN (0, 1));

ALTER TABLE location ADD COLUMN parcel_cost INTEGER NOT NULL DEFAULT 0  -- chooses between locations, nothing else
    CONSTRAINT location_parcel_cost_in_range CHECK (parcel_cost BETWEEN 0 AND 1000000000);

ALTER TABLE store ADD COLUMN transit_revision INTEGER NOT NULL DEFAULT 0;  -- the commit that last changed `transit`

-- How long carriers take. The zone of the first line is the one that counts where none is named.
CREATE TABLE transit
     ( store_id       TEXT     NOT NULL
     , line           INTEGER  NOT NULL
     , zone           TEXT     NOT NULL
     , location       TEXT              -- where parcels leave; none: every location without a line of its own
     , days           INTEGER  NOT NULL -- the carrier's days from hand-over to the door
     , delivery_days  TEXT     NOT NULL
     , holidays       TEXT     NOT NULL -- JSON list of dates on which the carrier rests
     , CONSTRAINT transit_once                 PRIMARY KEY (store_id, line)
     , CONSTRAINT transit_store_known          FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT transit_location_known       FOREIGN KEY (store_id, location)
                                               REFERENCES location (store_id, location)
     , CONSTRAINT transit_zone_shape           CHECK (  octet_length(zone) BETWEEN 1 AND 32
                                                    AND zone NOT GLOB '*[^A-Za-z0-9-]*'
                                                     )
     , CONSTRAINT transit_days_in_range        CHECK (days BETWEEN 0 AND 60)
     , CONSTRAINT transit_delivery_days_shape  CHECK (delivery_days GLOB '[01][01][01][01][01][01][01]')
     , CONSTRAINT transit_holidays_is_a_list   CHECK (json_type(holidays) = 'array')
     ) STRICT, WITHOUT ROWID;

-- One line for a zone and a place that parcels leave.
CREATE UNIQUE INDEX transit_of_a_zone_once ON transit (store_id, zone, coalesce(location, ''));

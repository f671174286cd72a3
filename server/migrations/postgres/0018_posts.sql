-- What a shop posts about its goods, where each post is, and what was last known of goods that are worth one.

CREATE TABLE post_policy
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , terms     TEXT COLLATE "C"  NOT NULL  -- as JSON
     , revision  BIGINT  NOT NULL
     , CONSTRAINT post_policy_once         PRIMARY KEY (store_id)
     , CONSTRAINT post_policy_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     );

CREATE TABLE post
     ( store_id         TEXT COLLATE "C"  NOT NULL
     , post             TEXT COLLATE "C"  NOT NULL  -- its id: in the order of its bytes it comes after all that were made before
     , sku              TEXT COLLATE "C"  NOT NULL
     , moment           TEXT COLLATE "C"  NOT NULL
     , template         TEXT COLLATE "C"  NOT NULL
     , language         TEXT COLLATE "C"  NOT NULL
     , state            TEXT COLLATE "C"  NOT NULL
     , due_at_ms        BIGINT  NOT NULL  -- not before
     , outlook          TEXT COLLATE "C"  NOT NULL  -- what it says of the goods, or will
     , ships_by         DATE               -- the date that goes with it
     , said             TEXT COLLATE "C"               -- its words; none: it was not posted
     , title            TEXT COLLATE "C"               -- what the goods were called
     , told             TEXT COLLATE "C"               -- what was told of them
     , link             TEXT COLLATE "C"               -- where they were looked at; none: nobody said where the server is
     , published_at_ms  BIGINT
     , follows          TEXT COLLATE "C"               -- the post that it corrects
     , made_at_ms       BIGINT  NOT NULL
     , revision         BIGINT  NOT NULL
     , CONSTRAINT post_once           PRIMARY KEY (store_id, post)
     , CONSTRAINT post_sku_known      FOREIGN KEY (store_id, sku) REFERENCES sku (store_id, sku)
     , CONSTRAINT post_moment_known   CHECK (moment IN ('back_in_stock', 'new_date', 'preorder_opens', 'by_hand', 'correction'))
     , CONSTRAINT post_state_known    CHECK (state IN ('draft', 'due', 'published', 'corrected', 'withdrawn', 'cancelled'))
     , CONSTRAINT post_outlook_known  CHECK (outlook IN ('there', 'awaited', 'preorder', 'gone'))
     , CONSTRAINT post_said_whole     CHECK ((published_at_ms IS NULL) = (said IS NULL))
     );

CREATE INDEX post_due ON post (store_id, due_at_ms) WHERE state = 'due';
CREATE INDEX post_by_sku ON post (store_id, sku);
CREATE INDEX post_published ON post (store_id, published_at_ms) WHERE published_at_ms IS NOT NULL;

-- A post on a network.
CREATE TABLE post_copy
     ( store_id   TEXT COLLATE "C"  NOT NULL
     , post       TEXT COLLATE "C"  NOT NULL
     , network    TEXT COLLATE "C"  NOT NULL
     , state      TEXT COLLATE "C"  NOT NULL
     , reference  TEXT COLLATE "C"               -- the network's name for it
     , edition    TEXT COLLATE "C"
     , url        TEXT COLLATE "C"
     , failure    TEXT COLLATE "C"
     , revision   BIGINT  NOT NULL
     , CONSTRAINT post_copy_once           PRIMARY KEY (store_id, post, network)
     , CONSTRAINT post_copy_post_known     FOREIGN KEY (store_id, post) REFERENCES post (store_id, post)
     , CONSTRAINT post_copy_network_known  CHECK (network IN ('mastodon', 'bluesky'))
     , CONSTRAINT post_copy_state_known    CHECK (state IN ('due', 'posted', 'failed', 'removing', 'removed'))
     );

-- What was last known of goods that are not simply on the shelf.
CREATE TABLE post_outlook
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , sku       TEXT COLLATE "C"  NOT NULL  -- empty: all that was so at first is among the others
     , outlook   TEXT COLLATE "C"  NOT NULL
     , ships_by  DATE
     , revision  BIGINT  NOT NULL
     , CONSTRAINT post_outlook_once           PRIMARY KEY (store_id, sku)
     , CONSTRAINT post_outlook_store_known    FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT post_outlook_outlook_known  CHECK (outlook IN ('there', 'awaited', 'preorder', 'gone'))
     );

CALL keep_stores_apart('post_policy');
CALL keep_stores_apart('post');
CALL keep_stores_apart('post_copy');
CALL keep_stores_apart('post_outlook');

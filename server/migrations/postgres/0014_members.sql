-- Who may sign in on a store's behalf, where they are signed in, and what they did.

CREATE TABLE member
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , member         TEXT COLLATE "C"  NOT NULL  -- its id
     , email          TEXT COLLATE "C"  NOT NULL  -- in small letters
     , name           TEXT COLLATE "C"  NOT NULL
     , role           TEXT COLLATE "C"  NOT NULL
     , password       TEXT COLLATE "C"  NOT NULL  -- Argon2id, as a PHC string
     , totp           TEXT COLLATE "C"  NOT NULL  -- whether codes are asked for: off, begun, on
     , totp_seed      BYTEA            -- what their secret is made of; the secret itself where no key is configured
     , totp_is_keyed  BOOLEAN  NOT NULL  -- the seed is worth nothing without the server's key
     , totp_step      BIGINT  NOT NULL  -- the last step of 30 seconds whose code was used
     , created_at_ms  BIGINT  NOT NULL
     , revision       BIGINT  NOT NULL
     , CONSTRAINT member_once              PRIMARY KEY (store_id, member)
     , CONSTRAINT member_email_once        UNIQUE (store_id, email)
     , CONSTRAINT member_store_known       FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT member_role_known        CHECK (role IN ('owner', 'staff', 'read_only'))
     , CONSTRAINT member_totp_known        CHECK (totp IN ('off', 'begun', 'on'))
     , CONSTRAINT member_totp_seed_there   CHECK ((totp = 'off') = (totp_seed IS NULL))
     , CONSTRAINT member_totp_seed_length  CHECK (totp_seed IS NULL OR octet_length(totp_seed) = 20)
     , CONSTRAINT member_totp_step_count   CHECK (0 <= totp_step)
     , CONSTRAINT member_password_hashed   CHECK (password LIKE '$argon2id$%')
     );

-- What opens once where the phone with the codes is lost. Only hashes are kept.
CREATE TABLE recovery_code
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , member    TEXT COLLATE "C"  NOT NULL
     , hash      BYTEA  NOT NULL
     , CONSTRAINT recovery_code_once          PRIMARY KEY (store_id, member, hash)
     , CONSTRAINT recovery_code_member_known  FOREIGN KEY (store_id, member) REFERENCES member (store_id, member)
     , CONSTRAINT recovery_code_hash_length   CHECK (octet_length(hash) = 32)
     );

-- Where somebody is signed in. Only the hash of what the browser shows is kept.
CREATE TABLE session
     ( store_id       TEXT COLLATE "C"  NOT NULL
     , hash           BYTEA  NOT NULL
     , member         TEXT COLLATE "C"  NOT NULL
     , created_at_ms  BIGINT  NOT NULL
     , seen_at_ms     BIGINT  NOT NULL  -- when it was last used, give or take some minutes
     , CONSTRAINT session_once          PRIMARY KEY (store_id, hash)
     , CONSTRAINT session_member_known  FOREIGN KEY (store_id, member) REFERENCES member (store_id, member)
     , CONSTRAINT session_hash_length   CHECK (octet_length(hash) = 32)
     , CONSTRAINT session_seen_since    CHECK (created_at_ms <= seen_at_ms)
     );

CREATE INDEX session_by_member ON session (store_id, member);

-- With whose token the first owner is made, while a database has no member. Only its hash is kept.
CREATE TABLE setup_link
     ( store_id    TEXT COLLATE "C"  NOT NULL
     , hash        BYTEA  NOT NULL
     , made_at_ms  BIGINT  NOT NULL
     , CONSTRAINT setup_link_once         PRIMARY KEY (store_id, hash)
     , CONSTRAINT setup_link_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT setup_link_hash_length  CHECK (octet_length(hash) = 32)
     );

-- Who did what. It names who did it for as long as it is kept, also when they are no member any more.
CREATE TABLE audit
     ( store_id  TEXT COLLATE "C"  NOT NULL
     , number    BIGINT  NOT NULL  -- from 1, without a gap
     , at_ms     BIGINT  NOT NULL
     , member    TEXT COLLATE "C"               -- their id; none: on the command line
     , email     TEXT COLLATE "C"
     , action    TEXT COLLATE "C"  NOT NULL  -- `PUT /v1/skus/{sku}`
     , subject   TEXT COLLATE "C"  NOT NULL  -- `cc-mug`; empty: none
     , outcome   TEXT COLLATE "C"  NOT NULL
     , code      TEXT COLLATE "C"               -- why it was refused
     , hash      BYTEA  NOT NULL  -- of this row and of the hash before it, so that no row can be changed unseen
     , CONSTRAINT audit_once           PRIMARY KEY (store_id, number)
     , CONSTRAINT audit_store_known    FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT audit_from_one       CHECK (1 <= number)
     , CONSTRAINT audit_outcome_known  CHECK (outcome IN ('done', 'refused'))
     , CONSTRAINT audit_whose          CHECK ((member IS NULL) = (email IS NULL))
     , CONSTRAINT audit_hash_length    CHECK (octet_length(hash) = 32)
     );

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
   FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE TRIGGER audit_is_never_removed BEFORE DELETE ON audit
   FOR EACH ROW EXECUTE FUNCTION append_only();

CALL keep_stores_apart('member');
CALL keep_stores_apart('recovery_code');
CALL keep_stores_apart('session');
CALL keep_stores_apart('setup_link');
CALL keep_stores_apart('audit');

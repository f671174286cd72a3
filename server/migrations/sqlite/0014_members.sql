-- Who may sign in on a store's behalf, where they are signed in, and what they did.

CREATE TABLE member
     ( store_id       TEXT  NOT NULL
     , member         TEXT  NOT NULL  -- its id
     , email          TEXT  NOT NULL  -- in small letters
     , name           TEXT  NOT NULL
     , role           TEXT  NOT NULL
     , password       TEXT  NOT NULL  -- Argon2id, as a PHC string
     , totp           TEXT  NOT NULL  -- whether codes are asked for: off, begun, on
     , totp_seed      BLOB            -- what their secret is made of; the secret itself where no key is configured
     , totp_is_keyed  INTEGER  NOT NULL  -- the seed is worth nothing without the server's key
     , totp_step      INTEGER  NOT NULL  -- the last step of 30 seconds whose code was used
     , created_at_ms  INTEGER  NOT NULL
     , revision       INTEGER  NOT NULL
     , CONSTRAINT member_once              PRIMARY KEY (store_id, member)
     , CONSTRAINT member_email_once        UNIQUE (store_id, email)
     , CONSTRAINT member_store_known       FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT member_role_known        CHECK (role IN ('owner', 'staff', 'read_only'))
     , CONSTRAINT member_totp_known        CHECK (totp IN ('off', 'begun', 'on'))
     , CONSTRAINT member_totp_seed_there   CHECK ((totp = 'off') = (totp_seed IS NULL))
     , CONSTRAINT member_totp_seed_length  CHECK (totp_seed IS NULL OR octet_length(totp_seed) = 20)
     , CONSTRAINT member_totp_is_keyed     CHECK (totp_is_keyed IN (0, 1))
     , CONSTRAINT member_totp_step_count   CHECK (0 <= totp_step)
     , CONSTRAINT member_password_hashed   CHECK (password LIKE '$argon2id$%')
     ) STRICT, WITHOUT ROWID;

-- What opens once where the phone with the codes is lost. Only hashes are kept.
CREATE TABLE recovery_code
     ( store_id  TEXT  NOT NULL
     , member    TEXT  NOT NULL
     , hash      BLOB  NOT NULL
     , CONSTRAINT recovery_code_once          PRIMARY KEY (store_id, member, hash)
     , CONSTRAINT recovery_code_member_known  FOREIGN KEY (store_id, member) REFERENCES member (store_id, member)
     , CONSTRAINT recovery_code_hash_length   CHECK (octet_length(hash) = 32)
     ) STRICT, WITHOUT ROWID;

-- Where somebody is signed in. Only the hash of what the browser shows is kept.
CREATE TABLE session
     ( store_id       TEXT  NOT NULL
     , hash           BLOB  NOT NULL
     , member         TEXT  NOT NULL
     , created_at_ms  INTEGER  NOT NULL
     , seen_at_ms     INTEGER  NOT NULL  -- when it was last used, give or take some minutes
     , CONSTRAINT session_once          PRIMARY KEY (store_id, hash)
     , CONSTRAINT session_member_known  FOREIGN KEY (store_id, member) REFERENCES member (store_id, member)
     , CONSTRAINT session_hash_length   CHECK (octet_length(hash) = 32)
     , CONSTRAINT session_seen_since    CHECK (created_at_ms <= seen_at_ms)
     ) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_member ON session (store_id, member);

-- With whose token the first owner is made, while a database has no member. Only its hash is kept.
CREATE TABLE setup_link
     ( store_id    TEXT  NOT NULL
     , hash        BLOB  NOT NULL
     , made_at_ms  INTEGER  NOT NULL
     , CONSTRAINT setup_link_once         PRIMARY KEY (store_id, hash)
     , CONSTRAINT setup_link_store_known  FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT setup_link_hash_length  CHECK (octet_length(hash) = 32)
     ) STRICT, WITHOUT ROWID;

-- Who did what. It names who did it for as long as it is kept, also when they are no member any more.
CREATE TABLE audit
     ( store_id  TEXT  NOT NULL
     , number    INTEGER  NOT NULL  -- from 1, without a gap
     , at_ms     INTEGER  NOT NULL
     , member    TEXT               -- their id; none: on the command line
     , email     TEXT
     , action    TEXT  NOT NULL  -- `PUT /v1/skus/{sku}`
     , subject   TEXT  NOT NULL  -- `cc-mug`; empty: none
     , outcome   TEXT  NOT NULL
     , code      TEXT               -- why it was refused
     , hash      BLOB  NOT NULL  -- of this row and of the hash before it, so that no row can be changed unseen
     , CONSTRAINT audit_once           PRIMARY KEY (store_id, number)
     , CONSTRAINT audit_store_known    FOREIGN KEY (store_id) REFERENCES store (store_id)
     , CONSTRAINT audit_from_one       CHECK (1 <= number)
     , CONSTRAINT audit_outcome_known  CHECK (outcome IN ('done', 'refused'))
     , CONSTRAINT audit_whose          CHECK ((member IS NULL) = (email IS NULL))
     , CONSTRAINT audit_hash_length    CHECK (octet_length(hash) = 32)
     ) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;

CREATE TRIGGER audit_is_never_removed BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;

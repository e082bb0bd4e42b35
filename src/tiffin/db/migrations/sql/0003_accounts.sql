-- People. `email` is as given, `email_key` what makes it unique.
CREATE TABLE account (
    id            uuid PRIMARY KEY,
    email         text NOT NULL,
    email_key     text NOT NULL UNIQUE,
    name          text NOT NULL,
    phone         text NOT NULL DEFAULT '',
    language      text NOT NULL DEFAULT 'en',
    password_hash text NOT NULL,
    version       bigint NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE account_role (
    account_id uuid NOT NULL REFERENCES account,
    role       text NOT NULL CHECK (role IN ('courier', 'agent', 'admin')),
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, role)
);

-- A session a device. Browsers: `secret_hash` of their cookie. Programs: `generation` of their refresh token.
CREATE TABLE session (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES account,
    kind         text NOT NULL CHECK (kind IN ('browser', 'program')),
    device_name  text NOT NULL,
    secret_hash  bytea UNIQUE,
    generation   int NOT NULL DEFAULT 1,
    rotated_at   timestamptz NOT NULL DEFAULT now(),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    ended_by     text
) WITH (fillfactor = 80);
CREATE INDEX session_account ON session (account_id) WHERE ended_at IS NULL;
-- for housekeeping
CREATE INDEX session_expires_at ON session (expires_at);
CREATE INDEX session_ended_at ON session (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE address (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES account,
    label       text NOT NULL,
    street      text NOT NULL,
    city        text NOT NULL,
    postal_code text NOT NULL,
    note        text NOT NULL,
    latitude    double precision NOT NULL,
    longitude   double precision NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX address_account ON address (account_id);

-- Single-use tickets for streams of clients that can send neither cookie nor header.
CREATE TABLE stream_ticket (
    secret_hash bytea PRIMARY KEY,
    account_id  uuid NOT NULL,
    session_id  uuid NOT NULL,
    topics      text[] NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX stream_ticket_expires_at ON stream_ticket (expires_at);

-- Who did what to whose rights. Never updated, never deleted by the application.
CREATE TABLE audit_entry (
    id         uuid PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    -- NULL: from the command line
    actor_id   uuid,
    action     text NOT NULL,
    subject_id uuid NOT NULL,
    details    jsonb NOT NULL
);
CREATE INDEX audit_entry_subject ON audit_entry (subject_id, at);

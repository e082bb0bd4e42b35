-- The cluster's incarnation: `tiffin epoch renew` changes it after a restore from a backup, so that
-- no client takes positions of the lost future for positions of the new one.
CREATE TABLE cluster (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    incarnation text NOT NULL DEFAULT left(md5(random()::text || clock_timestamp()::text), 8)
);
INSERT INTO cluster DEFAULT VALUES;

-- One value for "this line of history": another server, a promoted replica or a restore changes it.
CREATE FUNCTION cluster_epoch() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(md5(s.system_identifier::text
                    || ':' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
                    || ':' || c.incarnation), 6)
      FROM pg_control_system() s, cluster c
$$;

-- Where a topic stands. It outlives its events, so that an idle topic never forgets its position.
CREATE TABLE topic_head (
    topic     text COLLATE "C" PRIMARY KEY,
    epoch     text NOT NULL DEFAULT left(md5(random()::text || clock_timestamp()::text), 4),
    last_seq  bigint NOT NULL,
    first_seq bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 70);

-- What happened, numbered without gaps in commit order a topic. `body` is the JSON of the event's data.
CREATE TABLE event (
    topic  text COLLATE "C" NOT NULL,
    seq    bigint NOT NULL,
    type   text NOT NULL,
    at     timestamptz NOT NULL,
    rights boolean NOT NULL,
    body   text NOT NULL,
    PRIMARY KEY (topic, seq)
);
CREATE INDEX event_at ON event USING brin (at);

-- Number and store events: the last statement of a transaction. Topics are locked one by one in byte order,
-- so two transactions can never wait for each other; the row locks, held to COMMIT, make the numbers gapless.
CREATE FUNCTION append_events(topics text[], types text[], bodies text[], rights boolean[])
RETURNS TABLE (position_in_call int, seq bigint, epoch text, at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    name       text;
    head_epoch text;
    before     bigint;
    amount     int;
    prefix     text := cluster_epoch();
    moment     timestamptz := clock_timestamp();
BEGIN
    FOR name, amount IN
        SELECT t, count(*) FROM unnest(topics) AS t GROUP BY t ORDER BY t COLLATE "C"
    LOOP
        INSERT INTO topic_head AS h (topic, last_seq) VALUES (name, amount)
            ON CONFLICT (topic) DO UPDATE SET last_seq = h.last_seq + amount
            RETURNING h.last_seq - amount, h.epoch INTO before, head_epoch;
        RETURN QUERY
            WITH numbered AS (
                SELECT u.i, before + row_number() OVER (ORDER BY u.i) AS number, u.type, u.body, u.rights
                  FROM unnest(topics, types, bodies, rights) WITH ORDINALITY
                       AS u (topic, type, body, rights, i)
                 WHERE u.topic = name
            ), stored AS (
                INSERT INTO event (topic, seq, type, at, rights, body)
                SELECT name, n.number, n.type, moment, n.rights, n.body FROM numbered n
            )
            SELECT n.i::int, n.number, prefix || head_epoch, moment FROM numbered n;
    END LOOP;
END $$;

-- Who wants which work. Filled by migrations, so that an old node in a rolling deploy already writes
-- rows for a consumer that only new nodes run.
CREATE TABLE work_consumer (
    name    text PRIMARY KEY,
    subject text NOT NULL
);
CREATE INDEX work_consumer_subject ON work_consumer (subject);

-- One row a consumer. A row that is there is not done. `due_at` in the future: waiting or claimed.
CREATE TABLE work (
    id         uuid PRIMARY KEY,
    consumer   text NOT NULL,
    subject    text NOT NULL,
    payload    jsonb NOT NULL,
    -- what it is about, so that timers that are no longer needed can be taken back
    key        uuid,
    -- not before this; a claim moves it to the end of its lease
    due_at     timestamptz NOT NULL,
    -- from here on the relay runs it itself
    relay_at   timestamptz NOT NULL,
    -- counted and committed before the effect is tried; also the fence of the newest claim
    attempts   int NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_error text
) WITH (fillfactor = 70);
CREATE INDEX work_relay_at ON work (relay_at);
CREATE INDEX work_key ON work (key) WHERE key IS NOT NULL;

CREATE TABLE dead_letter (
    id         uuid PRIMARY KEY,
    consumer   text NOT NULL,
    subject    text NOT NULL,
    payload    jsonb NOT NULL,
    attempts   int NOT NULL,
    error      text NOT NULL,
    created_at timestamptz NOT NULL,
    died_at    timestamptz NOT NULL DEFAULT now()
);

-- Stored answers of unsafe requests, kept 24 h. Written in the transaction of the effect.
CREATE TABLE idempotency_key (
    account_id   uuid NOT NULL,
    route        text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    status       int NOT NULL,
    headers      jsonb NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, route, key)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key USING brin (created_at);

-- Who is connected where, by lease: a node that dies stops renewing.
CREATE UNLOGGED TABLE presence (
    room          text COLLATE "C" NOT NULL,
    connection_id uuid NOT NULL,
    account_id    uuid NOT NULL,
    device        text NOT NULL,
    since         timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    PRIMARY KEY (room, connection_id)
);
CREATE INDEX presence_expires_at ON presence (expires_at);

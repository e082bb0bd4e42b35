-- A city has one key however people write it.
CREATE FUNCTION city_key(city text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT left(md5(lower(regexp_replace(btrim(city), '\s+', ' ', 'g'))), 16)
$$;
ALTER TABLE address ADD COLUMN city_key text NOT NULL GENERATED ALWAYS AS (city_key(city)) STORED;
CREATE INDEX address_city_key ON address (city_key);

-- due by the calendar: an outage does not postpone it
ALTER TABLE work ADD COLUMN by_calendar boolean NOT NULL DEFAULT false;

CREATE TABLE announcement (
    id            uuid PRIMARY KEY,
    -- the key in the topic of its audience
    audience      text NOT NULL,
    audience_kind text NOT NULL,
    audience_name text NOT NULL,
    restaurant_id uuid,
    severity      text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    -- {"en": {"title", "body"}, "fi": {"title", "body"}}, at least one
    texts         jsonb NOT NULL,
    link          text,
    publishes_at  timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL CHECK (expires_at > publishes_at),
    state         text NOT NULL DEFAULT 'scheduled' CHECK (state IN ('scheduled', 'published', 'withdrawn', 'expired')),
    version       bigint NOT NULL DEFAULT 1,
    created_by    uuid NOT NULL,
    author_name   text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    ended_at      timestamptz
);
CREATE INDEX announcement_published ON announcement (audience, publishes_at) WHERE state = 'published';
CREATE INDEX announcement_ended_at ON announcement (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE announcement_read (
    account_id      uuid NOT NULL,
    announcement_id uuid NOT NULL REFERENCES announcement ON DELETE CASCADE,
    read_at         timestamptz NOT NULL,
    PRIMARY KEY (account_id, announcement_id)
);
CREATE INDEX announcement_read_announcement ON announcement_read (announcement_id);

INSERT INTO work_consumer (name, subject) VALUES ('announcements.due', 'announcement.due');

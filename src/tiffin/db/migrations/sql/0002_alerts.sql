-- What operations must know. One open alert a key: raising it again counts up instead of adding noise.
CREATE TABLE alert (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL,
    key             text,
    title           text NOT NULL,
    details         jsonb NOT NULL,
    times           int NOT NULL DEFAULT 1,
    raised_at       timestamptz NOT NULL DEFAULT now(),
    acknowledged_at timestamptz,
    acknowledged_by uuid
);
CREATE UNIQUE INDEX alert_open_key ON alert (kind, key) WHERE acknowledged_at IS NULL AND key IS NOT NULL;

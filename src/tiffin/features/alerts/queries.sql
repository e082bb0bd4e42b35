-- name: upsert_alert
-- A new alert, or one more time of an open one with the same kind and key.
INSERT INTO alert (id, kind, key, title, details) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (kind, key) WHERE acknowledged_at IS NULL AND key IS NOT NULL
    DO UPDATE SET times = alert.times + 1, title = excluded.title, details = excluded.details
RETURNING id, kind, key, title, details, times, raised_at, acknowledged_at, acknowledged_by;

-- name: list_open_alerts
SELECT id, kind, key, title, details, times, raised_at, acknowledged_at, acknowledged_by
  FROM alert WHERE acknowledged_at IS NULL ORDER BY raised_at DESC LIMIT 200;

-- name: update_acknowledged
UPDATE alert SET acknowledged_at = now(), acknowledged_by = $2 WHERE id = $1 AND acknowledged_at IS NULL
RETURNING id, kind, key, title, details, times, raised_at, acknowledged_at, acknowledged_by;

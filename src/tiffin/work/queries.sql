-- name: insert_work
-- Part of a transaction's last statement: one row a consumer of each subject, $1 being
-- [{"subject", "payload", "attempts", "seconds", "key", "by_calendar"}]. What is due now is claimed for attempt 1, for `seconds`.
work_rows AS (
    INSERT INTO work (id, consumer, subject, payload, key, attempts, claimed, due_at, by_calendar)
    SELECT gen_random_uuid(), c.name, c.subject, w.payload, w.key, w.attempts, w.attempts > 0,
           now() + make_interval(secs => w.seconds), w.by_calendar
      FROM jsonb_to_recordset($1::jsonb)
           AS w (subject text, payload jsonb, attempts int, seconds float8, key uuid, by_calendar boolean)
      JOIN work_consumer c ON c.subject = w.subject
    RETURNING id, consumer, subject, attempts
);

-- name: withdraw_work
-- Part of a transaction's last statement: take back timers that are no longer needed. One that is running at this
-- moment finds that out by itself.
withdrawn AS (
    DELETE FROM work WHERE id IN (SELECT id FROM work WHERE key = ANY($1::uuid[]) FOR UPDATE SKIP LOCKED)
    RETURNING 1
);

-- name: claim_overdue_work
-- Take rows whose claim, pause or delay is over, of consumers this node knows: the attempt is counted and the lease
-- set before anything is tried.
UPDATE work SET attempts = attempts + 1, claimed = true, due_at = now() + make_interval(secs => $2)
 WHERE id IN (SELECT id FROM work WHERE due_at <= now() AND consumer = ANY($1::text[])
               ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING id, consumer, attempts;

-- name: read_beat
-- Seconds since a relay last looked at the clock.
SELECT extract(epoch FROM now() - beat_at)::float8 FROM work_beat;

-- name: lock_beat
SELECT beat_at, clock_timestamp() - beat_at AS gap FROM work_beat FOR UPDATE;

-- name: update_beat
UPDATE work_beat SET beat_at = clock_timestamp();

-- name: postpone_work
-- Move what was not yet due at $1 by $2, but not what is due by the calendar.
UPDATE work SET due_at = due_at + $2 WHERE due_at > $1 AND NOT by_calendar;

-- name: take_claimed_work
-- Take the row for the effect, only with the newest claim; a rollback puts it back.
DELETE FROM work WHERE id = (SELECT id FROM work WHERE id = $1 AND attempts = $2 AND claimed FOR UPDATE SKIP LOCKED)
RETURNING payload;

-- name: claim_offered_work
-- Take a row of long work that the queue handed over, if nobody has: the attempt is counted before it is tried.
UPDATE work SET attempts = attempts + 1, claimed = true, due_at = now() + make_interval(secs => $3)
 WHERE id = $1 AND attempts = $2 AND NOT claimed
RETURNING attempts;

-- name: read_claimed_work
SELECT payload FROM work WHERE id = $1 AND attempts = $2 AND claimed;

-- name: renew_claim
-- Hold a claim for $3 seconds more; nothing if it is another's by now.
UPDATE work SET due_at = now() + make_interval(secs => $3) WHERE id = $1 AND attempts = $2 AND claimed
RETURNING true;

-- name: lock_claim
-- The fence of long work: the row, only with the newest claim.
SELECT true FROM work WHERE id = $1 AND attempts = $2 AND claimed FOR UPDATE;

-- name: postpone_claim
-- Give a claim back in $3 seconds without counting its attempt. A claim with this number comes again only to whoever
-- takes it next, since this one's holder has let go.
UPDATE work SET claimed = false, attempts = attempts - 1, due_at = now() + make_interval(secs => $3)
 WHERE id = $1 AND attempts = $2 AND claimed;

-- name: retry_work
-- Free a claim after a failure: due again in $3 seconds. Only with the newest claim.
UPDATE work SET claimed = false, due_at = now() + make_interval(secs => $3), last_error = $4
 WHERE id = $1 AND attempts = $2;

-- name: bury_work
-- Make a dead letter of a row that has failed too often.
WITH dead AS (DELETE FROM work WHERE id = $1 AND attempts = $2 RETURNING *)
INSERT INTO dead_letter (id, consumer, subject, payload, attempts, error, created_at)
SELECT id, consumer, subject, payload, attempts, $3, created_at FROM dead
RETURNING id;

-- name: read_backlog
-- Rows the queue did not get done in time: how many, and for how long the oldest has been waiting for the relay.
SELECT count(*) AS rows, coalesce(extract(epoch FROM now() - min(due_at)), 0)::float8 AS age_seconds
  FROM work WHERE due_at <= now();

-- name: count_dead_letters
SELECT count(*) FROM dead_letter;

-- name: list_dead_letters
SELECT id, consumer, subject, payload, attempts, error, created_at, died_at
  FROM dead_letter ORDER BY died_at DESC LIMIT $1;

-- name: get_dead_letter
SELECT id, consumer, subject, payload, attempts, error, created_at, died_at FROM dead_letter WHERE id = $1;

-- name: requeue_dead_letter
WITH back AS (DELETE FROM dead_letter WHERE id = $1 RETURNING *)
INSERT INTO work (id, consumer, subject, payload, due_at, created_at)
SELECT id, consumer, subject, payload, now(), created_at FROM back
RETURNING id;

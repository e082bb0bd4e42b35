-- name: insert_work
-- One row a consumer of the subject. $3: seconds until due; $4: seconds after that until the relay runs it.
INSERT INTO work (id, consumer, subject, payload, key, due_at, relay_at)
SELECT gen_random_uuid(), c.name, c.subject, w.payload, w.key,
       now() + make_interval(secs => w.due), now() + make_interval(secs => w.due + w.relay)
  FROM unnest($1::text[], $2::jsonb[], $3::float8[], $4::float8[], $5::uuid[]) WITH ORDINALITY
       AS w (subject, payload, due, relay, key, i)
  JOIN work_consumer c ON c.subject = w.subject
 ORDER BY w.i
RETURNING id, consumer, due_at <= now() AS due;

-- name: claim_work
-- Take one row if nobody has it: the attempt is counted and the lease set before anything is tried.
UPDATE work SET attempts = attempts + 1,
                due_at = now() + make_interval(secs => $2),
                relay_at = now() + make_interval(secs => $2)
 WHERE id = (SELECT id FROM work WHERE id = $1 AND due_at <= now() FOR UPDATE SKIP LOCKED)
RETURNING id, consumer, subject, payload, attempts, created_at;

-- name: claim_overdue_work
-- Take rows that the queue did not get done in time, of consumers this node knows.
UPDATE work SET attempts = attempts + 1,
                due_at = now() + make_interval(secs => $2),
                relay_at = now() + make_interval(secs => $2)
 WHERE id IN (SELECT id FROM work WHERE relay_at <= now() AND consumer = ANY($1::text[])
               ORDER BY relay_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING id, consumer, subject, payload, attempts, created_at;

-- name: delete_claimed_work
-- Take the row for the effect, only with the newest claim; a rollback puts it back.
DELETE FROM work WHERE id = (SELECT id FROM work WHERE id = $1 AND attempts = $2 FOR UPDATE SKIP LOCKED)
RETURNING true;

-- name: delete_work_of_key
-- Take back timers that are no longer needed; one that is running at this moment finds that out by itself.
DELETE FROM work WHERE id IN (SELECT id FROM work WHERE key = $1 FOR UPDATE SKIP LOCKED);

-- name: retry_work
-- Free a claim after a failure: due again in $3 seconds. Only with the newest claim.
UPDATE work SET due_at = now() + make_interval(secs => $3),
                relay_at = now() + make_interval(secs => $3),
                last_error = $4
 WHERE id = $1 AND attempts = $2;

-- name: bury_work
-- Make a dead letter of a row that has failed too often.
WITH dead AS (DELETE FROM work WHERE id = $1 AND attempts = $2 RETURNING *)
INSERT INTO dead_letter (id, consumer, subject, payload, attempts, error, created_at)
SELECT id, consumer, subject, payload, attempts, $3, created_at FROM dead
RETURNING id;

-- name: read_backlog
-- Rows the queue did not get done in time: how many, and for how long the oldest has been waiting for the relay.
SELECT count(*) AS rows, coalesce(extract(epoch FROM now() - min(relay_at)), 0)::float8 AS age_seconds
  FROM work WHERE relay_at <= now();

-- name: list_dead_letters
SELECT id, consumer, subject, payload, attempts, error, created_at, died_at
  FROM dead_letter ORDER BY died_at DESC LIMIT $1;

-- name: get_dead_letter
SELECT id, consumer, subject, payload, attempts, error, created_at, died_at FROM dead_letter WHERE id = $1;

-- name: requeue_dead_letter
WITH back AS (DELETE FROM dead_letter WHERE id = $1 RETURNING *)
INSERT INTO work (id, consumer, subject, payload, due_at, relay_at, created_at)
SELECT id, consumer, subject, payload, now(), now(), created_at FROM back
RETURNING id;

-- name: try_lock
-- One runner a key; freed at the end of the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended($1::uuid::text || ' ' || $2::text || ' ' || $3::text, 0));

-- name: get_answer
SELECT request_hash, status, headers, body FROM idempotency_key
 WHERE account_id = $1 AND route = $2 AND key = $3 AND created_at > now() - interval '24 hours';

-- name: insert_answer
-- A key older than its 24 hours is taken over.
INSERT INTO idempotency_key (account_id, route, key, request_hash, status, headers, body)
VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (account_id, route, key) DO UPDATE
   SET request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers,
       body = excluded.body, created_at = now();

-- name: delete_old_answers
DELETE FROM idempotency_key WHERE created_at < now() - interval '24 hours';

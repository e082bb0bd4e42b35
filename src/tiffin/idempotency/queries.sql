-- name: lock_answer
-- One runner a key, until the end of the transaction; and the stored answer, if there is one. The answer is looked for
-- before the lock is taken: `insert_answer` finds out if one was stored in between.
SELECT pg_try_advisory_xact_lock(hashtextextended($1::uuid::text || ' ' || $2::text || ' ' || $3::text, 0)) AS locked,
       k.request_hash, k.status, k.headers, k.body
  FROM (VALUES (1)) AS one
  LEFT JOIN idempotency_key k
    ON k.account_id = $1 AND k.route = $2 AND k.key = $3 AND k.created_at > now() - interval '24 hours';

-- name: insert_answer
-- Part of a transaction's last statement. A key older than its 24 hours is taken over; no row: another request has it.
answer AS (
    INSERT INTO idempotency_key AS k (account_id, route, key, request_hash, status, headers, body)
    VALUES ($1::uuid, $2::text, $3::text, $4::bytea, $5::int, $6::jsonb, $7::bytea)
        ON CONFLICT (account_id, route, key) DO UPDATE
       SET request_hash = excluded.request_hash, status = excluded.status, headers = excluded.headers,
           body = excluded.body, created_at = now()
     WHERE k.created_at <= now() - interval '24 hours'
    RETURNING 1
);

-- name: delete_old_answers
DELETE FROM idempotency_key WHERE created_at < now() - interval '24 hours';

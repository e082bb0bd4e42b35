-- name: insert_account
INSERT INTO account (id, email, email_key, name, language, password_hash) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (email_key) DO NOTHING
RETURNING created_at;

-- name: get_account
SELECT a.id, a.email, a.name, a.phone, a.language, a.version, a.created_at,
       array(SELECT r.role FROM account_role r WHERE r.account_id = a.id) AS roles
  FROM account a WHERE a.id = $1;

-- name: get_profile
-- An account and the position of its topic $2, of one moment.
SELECT a.id, a.email, a.name, a.phone, a.language, a.version, a.created_at,
       array(SELECT r.role FROM account_role r WHERE r.account_id = a.id) AS roles, topic_position($2) AS position
  FROM account a WHERE a.id = $1;

-- name: get_account_by_email
SELECT a.id, a.email, a.name, a.phone, a.language, a.version, a.created_at,
       array(SELECT r.role FROM account_role r WHERE r.account_id = a.id) AS roles
  FROM account a WHERE a.email_key = $1;

-- name: list_accounts
SELECT a.id, a.email, a.name, a.phone, a.language, a.version, a.created_at,
       array(SELECT r.role FROM account_role r WHERE r.account_id = a.id) AS roles
  FROM account a WHERE a.id = ANY($1::uuid[]);

-- name: lock_account
SELECT version FROM account WHERE id = $1 FOR UPDATE;

-- name: update_profile
UPDATE account SET name = coalesce($2, name), phone = coalesce($3, phone), language = coalesce($4, language),
                   version = version + 1
 WHERE id = $1;

-- name: get_password
SELECT id, password_hash FROM account WHERE email_key = $1;

-- name: get_password_of
SELECT password_hash FROM account WHERE id = $1;

-- name: update_password
UPDATE account SET password_hash = $2 WHERE id = $1;

-- name: update_version
-- The roles are part of the profile.
UPDATE account SET version = version + 1 WHERE id = $1;

-- name: insert_role
INSERT INTO account_role (account_id, role) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true;

-- name: delete_role
DELETE FROM account_role WHERE account_id = $1 AND role = $2 RETURNING true;

-- name: lock_role
-- All holders of a role, locked, so that two cannot take the last two at once.
SELECT account_id FROM account_role WHERE role = $1 ORDER BY account_id FOR UPDATE;

-- name: insert_audit_entry
INSERT INTO audit_entry (id, actor_id, action, subject_id, details) VALUES ($1, $2, $3, $4, $5);

-- name: insert_session
INSERT INTO session (id, account_id, kind, device_name, secret_hash, expires_at)
VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
RETURNING id, account_id, kind, device_name, created_at, last_seen_at, expires_at;

-- name: list_sessions
SELECT id, account_id, kind, device_name, created_at, last_seen_at, expires_at FROM session
 WHERE account_id = $1 AND ended_at IS NULL AND expires_at > now()
   AND last_seen_at > now() - make_interval(secs => $2)
 ORDER BY last_seen_at DESC;

-- name: update_session_name
UPDATE session SET device_name = $3 WHERE id = $1 AND account_id = $2 AND ended_at IS NULL RETURNING true;

-- name: end_sessions
-- End one session ($2), or with $3 all but that one.
UPDATE session SET ended_at = now(), ended_by = $4
 WHERE account_id = $1 AND ended_at IS NULL AND (($3 AND id <> $2) OR (NOT $3 AND id = $2))
RETURNING id;

-- name: lock_refresh
SELECT id, account_id, kind, device_name, created_at, last_seen_at, expires_at, generation,
       extract(epoch FROM now() - rotated_at)::float8 AS seconds_since_rotation,
       (ended_at IS NOT NULL OR expires_at <= now() OR last_seen_at <= now() - make_interval(secs => $2)) AS is_over
  FROM session WHERE id = $1 AND kind = 'program' FOR UPDATE;

-- name: update_generation
UPDATE session SET generation = generation + 1, rotated_at = now(), last_seen_at = now() WHERE id = $1;

-- name: list_live_sessions
-- Sessions by id or by the hash of a cookie, with the account's roles and name now. `stale`: last seen over a minute
-- ago.
SELECT s.id, s.account_id, s.secret_hash, s.last_seen_at < now() - interval '1 minute' AS stale,
       array(SELECT r.role FROM account_role r WHERE r.account_id = s.account_id) AS roles, a.name
  FROM session s JOIN account a ON a.id = s.account_id
 WHERE (s.id = ANY($1::uuid[]) OR s.secret_hash = ANY($2::bytea[]))
   AND s.ended_at IS NULL AND s.expires_at > now() AND s.last_seen_at > now() - make_interval(secs => $3);

-- name: update_last_seen
-- Rows that somebody holds are left: whoever asks who is calling waits for no lock.
UPDATE session SET last_seen_at = now()
 WHERE id IN (SELECT id FROM session WHERE id = ANY($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED);

-- name: delete_old_sessions
DELETE FROM session WHERE expires_at < now() - interval '30 days' OR ended_at < now() - interval '30 days';

-- name: list_addresses
SELECT id, account_id, label, street, city, postal_code, note, latitude, longitude
  FROM address WHERE account_id = $1 ORDER BY created_at, id;

-- name: upsert_address
-- A new address, or all fields of an own one.
INSERT INTO address (id, account_id, label, street, city, postal_code, note, latitude, longitude)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO UPDATE
   SET label = excluded.label, street = excluded.street, city = excluded.city, postal_code = excluded.postal_code,
       note = excluded.note, latitude = excluded.latitude, longitude = excluded.longitude
 WHERE address.account_id = excluded.account_id;

-- name: delete_address
DELETE FROM address WHERE id = $1 AND account_id = $2 RETURNING true;

-- name: list_city_keys
SELECT account_id, array_agg(DISTINCT city_key) AS city_keys FROM address
 WHERE account_id = ANY($1::uuid[]) GROUP BY account_id;

-- name: get_city_key
SELECT city_key($1);

-- name: list_cities
-- Cities, named as most people write them.
SELECT mode() WITHIN GROUP (ORDER BY btrim(city)) AS name, count(DISTINCT account_id) AS accounts
  FROM address GROUP BY city_key ORDER BY accounts DESC, name LIMIT 200;

-- name: count_accounts
-- All, those with role $1, or those with an address in city $2.
SELECT CASE WHEN $1::text IS NOT NULL THEN (SELECT count(*) FROM account_role WHERE role = $1)
            WHEN $2::text IS NOT NULL THEN
                 (SELECT count(DISTINCT account_id) FROM address WHERE city_key = city_key($2))
            ELSE (SELECT count(*) FROM account) END;

-- name: insert_stream_ticket
INSERT INTO stream_ticket (secret_hash, account_id, session_id, topics, expires_at)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5)) RETURNING expires_at;

-- name: take_stream_ticket
DELETE FROM stream_ticket WHERE secret_hash = $1 RETURNING session_id, topics, expires_at > now() AS valid;

-- name: delete_old_tickets
DELETE FROM stream_ticket WHERE expires_at < now();

-- name: insert_login_code
INSERT INTO login_code (secret_hash, account_id, expires_at)
VALUES ($1, $2, now() + make_interval(secs => $3)) RETURNING expires_at;

-- name: take_login_code
DELETE FROM login_code WHERE secret_hash = $1 AND expires_at > now() RETURNING account_id;

-- name: delete_old_login_codes
DELETE FROM login_code WHERE expires_at < now();

-- name: list_who_did
-- Of accounts $1, those who did $2 themselves since $3.
SELECT DISTINCT subject_id FROM audit_entry
 WHERE subject_id = ANY($1::uuid[]) AND actor_id = subject_id AND action = $2 AND at > $3;

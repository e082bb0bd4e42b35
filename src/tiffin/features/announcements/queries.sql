-- name: insert_announcement
INSERT INTO announcement (id, audience, audience_kind, audience_name, restaurant_id, severity, texts, link, publishes_at,
                          expires_at, created_by, author_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
RETURNING *;

-- name: lock_announcement
SELECT * FROM announcement WHERE id = $1 FOR UPDATE;

-- name: update_announcement
UPDATE announcement
   SET audience = $2, audience_kind = $3, audience_name = $4, restaurant_id = $5, severity = $6, texts = $7, link = $8,
       publishes_at = $9, expires_at = $10, version = version + 1
 WHERE id = $1
RETURNING *;

-- name: update_state
UPDATE announcement SET state = $2, ended_at = $3, version = version + 1 WHERE id = $1 RETURNING *;

-- name: list_inbox
-- What is published to the audiences $1 at $2 and what account $3 has read of it: unread first, then the newest.
SELECT a.*, r.read_at
  FROM announcement a LEFT JOIN announcement_read r ON r.announcement_id = a.id AND r.account_id = $3
 WHERE a.state = 'published' AND a.expires_at > $2 AND a.audience = ANY($1::text[])
 ORDER BY (r.read_at IS NULL) DESC, a.publishes_at DESC, a.id DESC LIMIT $4;

-- name: list_announcements
-- All, the newest first, before $1.
SELECT a.*, (SELECT count(*) FROM announcement_read r WHERE r.announcement_id = a.id) AS read_by
  FROM announcement a WHERE $1::uuid IS NULL OR a.id < $1 ORDER BY a.id DESC LIMIT $2;

-- name: count_readers
SELECT count(*) FROM announcement_read WHERE announcement_id = $1;

-- name: insert_reads
-- Mark those of $2 as read by account $1 that are published to the audiences $3; gives what was unread.
INSERT INTO announcement_read (account_id, announcement_id, read_at)
SELECT $1, id, $4 FROM announcement
 WHERE id = ANY($2::uuid[]) AND audience = ANY($3::text[]) AND state = 'published'
    ON CONFLICT DO NOTHING
RETURNING announcement_id;

-- name: delete_ended
-- What ended before $1, with its marks.
DELETE FROM announcement WHERE id IN (SELECT id FROM announcement WHERE ended_at < $1 LIMIT 50);

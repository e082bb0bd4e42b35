-- name: insert_image
INSERT INTO image (id, account_id, subject, replaces, file_name, bytes, received_bytes, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: get_image
SELECT i.*, to_jsonb(p) - 'sha256' AS picture, p.sha256 AS picture_sha256
  FROM image i LEFT JOIN picture p ON p.id = i.picture_id
 WHERE i.id = $1;

-- name: list_images
-- Of a subject, the oldest first.
SELECT i.*, to_jsonb(p) - 'sha256' AS picture, p.sha256 AS picture_sha256
  FROM image i LEFT JOIN picture p ON p.id = i.picture_id
 WHERE i.subject = $1
 ORDER BY i.created_at, i.id;

-- name: list_settled_images
-- Pictures for subjects that begin with $1, complete since one to three days.
SELECT i.*, to_jsonb(p) - 'sha256' AS picture, p.sha256 AS picture_sha256
  FROM image i LEFT JOIN picture p ON p.id = i.picture_id
 WHERE starts_with(i.subject, $1) AND i.state = 'complete'
   AND i.changed_at BETWEEN now() - interval '3 days' AND now() - interval '1 day';

-- name: count_images
-- Of a subject, those that are or may still become pictures.
SELECT count(*) FROM image WHERE subject = $1 AND state <> 'failed';

-- name: lock_image
SELECT state FROM image WHERE id = $1 FOR UPDATE;

-- name: list_owners
SELECT id, account_id FROM image WHERE id = ANY ($1::uuid[]);

-- name: advance_upload
-- More bytes came, from where the upload stood: nothing if it stands elsewhere by now.
UPDATE image SET received_bytes = received_bytes + $3, changed_at = now(),
       state = CASE WHEN received_bytes + $3 = bytes THEN 'received' ELSE state END
 WHERE id = $1 AND received_bytes = $2 AND state = 'uploading'
RETURNING state;

-- name: insert_part
INSERT INTO image_part (image_id, start, bytes, sha256, key) VALUES ($1, $2, $3, $4, $5);

-- name: list_parts
SELECT start, bytes AS size, sha256, key FROM image_part WHERE image_id = $1 ORDER BY start;

-- name: update_progress
UPDATE image SET state = $2, progress = $3, code = NULL, changed_at = now()
 WHERE id = $1 AND state <> 'complete';

-- name: update_failed
UPDATE image SET state = 'failed', code = $2, changed_at = now() WHERE id = $1 AND state <> 'complete'
RETURNING true;

-- name: update_complete
UPDATE image SET state = 'complete', progress = 100, code = NULL, picture_id = $2, changed_at = now() WHERE id = $1
RETURNING true;

-- name: delete_image
DELETE FROM image WHERE id = $1;

-- name: take_content
-- Become the one who makes a picture of this content, for 90 seconds at most: true if nobody else does.
INSERT INTO picture_in_progress AS p (sha256, image_id, taken_at) VALUES ($1, $2, now())
ON CONFLICT (sha256) DO UPDATE SET image_id = excluded.image_id, taken_at = now()
 WHERE p.image_id = excluded.image_id OR p.taken_at < now() - interval '90 seconds'
RETURNING true;

-- name: release_content
DELETE FROM picture_in_progress WHERE sha256 = $1 AND image_id = $2;

-- name: get_picture_of_content
SELECT * FROM picture WHERE sha256 = $1;

-- name: insert_picture
INSERT INTO picture (id, sha256, width, height, blurhash, sources, verdicts)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: list_expired_uploads
-- Uploads that nobody went on with for $1.
SELECT id FROM image WHERE state = 'uploading' AND changed_at < now() - $1::interval LIMIT 100;

-- name: delete_old_failures
-- Nobody came back to them for a week.
DELETE FROM image WHERE state = 'failed' AND changed_at < now() - interval '7 days';

-- name: list_needed_parts
-- Keys of these that an upload still needs: it goes on, or may be tried again.
SELECT p.key FROM image_part p JOIN image i ON i.id = p.image_id
 WHERE p.key = ANY ($1::text[])
   AND (i.state IN ('uploading', 'received', 'processing') OR i.code = 'processing_failed');

-- name: list_pictures
-- Those of these that are there.
SELECT id FROM picture WHERE id = ANY ($1::uuid[]);

-- name: delete_unused_pictures
-- Pictures nobody shows since before $1; their files go with the next sweep.
DELETE FROM picture p
 WHERE made_at < $1 AND NOT EXISTS (SELECT FROM image i WHERE i.picture_id = p.id);

-- name: delete_stale_content
DELETE FROM picture_in_progress WHERE taken_at < now() - interval '1 hour';

-- name: count_waiting
-- Received and not processed: how many, and for how many seconds the oldest.
SELECT count(*) AS images, coalesce(extract(epoch FROM now() - min(changed_at)), 0)::float8 AS oldest_seconds
  FROM image WHERE state <> 'complete' AND state = 'received';

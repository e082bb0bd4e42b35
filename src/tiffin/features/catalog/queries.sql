-- name: insert_restaurant
INSERT INTO restaurant (id, name, description, address, latitude, longitude, time_zone, currency, published,
                        opening_hours, preparation_minutes, delivery_radius_meters, delivery_fee_minor,
                        minimum_order_minor, tax_basis_points, open_ranges, open_ranges_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: get_restaurant
SELECT * FROM restaurant WHERE id = $1;

-- name: get_restaurant_at
-- A restaurant and the position of its menu's topic $2, of one moment.
SELECT *, topic_position($2) AS position FROM restaurant WHERE id = $1;

-- name: lock_restaurant
-- Every change of a restaurant, its menu or its members takes this lock first.
SELECT * FROM restaurant WHERE id = $1 FOR NO KEY UPDATE;

-- name: list_restaurants
-- By name, after the key ($1 name, $2 id; null: from the start). $3: only those that take orders now.
SELECT r.*, NULL::bigint AS distance_meters
  FROM restaurant r
 WHERE r.published
   AND ($1::text IS NULL OR (r.sort_name, r.id) > ($1, $2::uuid))
   AND (NOT $3 OR (r.open_ranges @> $4::timestamptz AND NOT r.paused_indefinitely
                   AND (r.paused_until IS NULL OR r.paused_until <= $4)))
 ORDER BY r.sort_name, r.id
 LIMIT $5;

-- name: list_taking_orders
-- Names of all that take orders at $1.
SELECT id, name FROM restaurant
 WHERE published AND open_ranges @> $1::timestamptz AND NOT paused_indefinitely
   AND (paused_until IS NULL OR paused_until <= $1)
 ORDER BY sort_name, id;

-- name: list_restaurants_in_reach
-- Those that deliver to the point ($6 latitude, $7 longitude), nearest first, after the key ($1 meters, $2 id).
-- The box finds candidates by index; at the antimeridian also the point one turn to either side.
SELECT * FROM (
    SELECT r.*, d.exact, round(d.exact)::bigint AS distance_meters
      FROM restaurant r,
           LATERAL (SELECT catalog_distance_meters(r.latitude, r.longitude, $6, $7) AS exact) d
     WHERE r.published
       AND (r.reach @> box(point($7, $6), point($7, $6))
            OR r.reach @> box(point($7 + 360, $6), point($7 + 360, $6))
            OR r.reach @> box(point($7 - 360, $6), point($7 - 360, $6)))
       AND (NOT $3 OR (r.open_ranges @> $4::timestamptz AND NOT r.paused_indefinitely
                       AND (r.paused_until IS NULL OR r.paused_until <= $4)))
) near
 WHERE near.exact <= near.delivery_radius_meters
   AND ($1::bigint IS NULL OR (near.distance_meters, near.id) > ($1, $2::uuid))
 ORDER BY near.distance_meters, near.id
 LIMIT $5;

-- name: list_restaurants_of_member
SELECT r.*, m.role FROM restaurant_member m JOIN restaurant r ON r.id = m.restaurant_id
 WHERE m.account_id = $1 AND ($2::text IS NULL OR (r.sort_name, r.id) > ($2, $3::uuid))
 ORDER BY r.sort_name, r.id
 LIMIT $4;

-- name: update_restaurant
-- Everything a manager edits.
UPDATE restaurant
   SET name = $2, description = $3, address = $4, latitude = $5, longitude = $6, time_zone = $7, published = $8,
       opening_hours = $9, preparation_minutes = $10, delivery_radius_meters = $11, delivery_fee_minor = $12,
       minimum_order_minor = $13, tax_basis_points = $14, open_ranges = $15, open_ranges_until = $16,
       version = version + 1, menu_version = menu_version + 1
 WHERE id = $1
RETURNING *;

-- name: update_pause
-- $2 true: paused, for $3 minutes or (null) until lifted; false: not paused.
UPDATE restaurant
   SET paused_indefinitely = $2 AND $3::int IS NULL,
       paused_until = CASE WHEN $2 THEN now() + make_interval(mins => $3::int) END,
       version = version + 1, menu_version = menu_version + 1
 WHERE id = $1
RETURNING *;

-- name: update_busy
UPDATE restaurant
   SET busy_extra_minutes = $2, version = version + 1, menu_version = menu_version + 1
 WHERE id = $1
RETURNING *;

-- name: update_menu_version
UPDATE restaurant SET menu_version = menu_version + 1 WHERE id = $1 RETURNING menu_version;

-- name: lock_stale_open_ranges
SELECT * FROM restaurant WHERE open_ranges_until < $1 ORDER BY open_ranges_until LIMIT $2
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: update_open_ranges
UPDATE restaurant SET open_ranges = $2, open_ranges_until = $3 WHERE id = $1;

-- name: list_categories
SELECT * FROM menu_category WHERE restaurant_id = $1 AND NOT deleted ORDER BY sort_order, id;

-- name: get_category
SELECT * FROM menu_category WHERE id = $1 AND NOT deleted;

-- name: insert_category
INSERT INTO menu_category (id, restaurant_id, name, sort_order) VALUES ($1, $2, $3, $4);

-- name: update_category
UPDATE menu_category SET name = $2, sort_order = $3 WHERE id = $1;

-- name: delete_category
UPDATE menu_category SET deleted = true WHERE id = $1;

-- name: count_categories
SELECT count(*) FROM menu_category WHERE restaurant_id = $1 AND NOT deleted;

-- name: list_menu
SELECT * FROM menu_item WHERE restaurant_id = $1 AND NOT deleted ORDER BY sort_order, id;

-- name: list_menu_items
-- The named ones, also if deleted.
SELECT * FROM menu_item WHERE restaurant_id = $1 AND id = ANY ($2::uuid[]);

-- name: get_menu_item
SELECT * FROM menu_item WHERE id = $1 AND NOT deleted;

-- name: count_menu_items
SELECT count(*) FROM menu_item WHERE restaurant_id = $1 AND NOT deleted;

-- name: has_items
SELECT EXISTS (SELECT FROM menu_item WHERE category_id = $1 AND NOT deleted);

-- name: insert_menu_item
INSERT INTO menu_item (id, restaurant_id, category_id, name, description, price_minor, option_groups, sort_order)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING *;

-- name: update_menu_item
UPDATE menu_item
   SET category_id = $2, name = $3, description = $4, price_minor = $5, option_groups = $6, sort_order = $7,
       version = version + 1
 WHERE id = $1
RETURNING *;

-- name: update_sold_out
UPDATE menu_item SET sold_out = $2, sold_out_until = $3, version = version + 1 WHERE id = $1 RETURNING *;

-- name: update_images
UPDATE menu_item SET images = $2, version = version + 1 WHERE id = $1 RETURNING *;

-- name: delete_menu_item
UPDATE menu_item SET deleted = true, version = version + 1 WHERE id = $1;

-- name: get_member_role
SELECT role FROM restaurant_member WHERE restaurant_id = $1 AND account_id = $2;

-- name: list_restaurants_of
SELECT account_id, array_agg(restaurant_id) AS restaurant_ids FROM restaurant_member
 WHERE account_id = ANY($1::uuid[]) GROUP BY account_id;

-- name: count_members
SELECT count(DISTINCT account_id) FROM restaurant_member WHERE $1::uuid IS NULL OR restaurant_id = $1;

-- name: list_memberships
SELECT m.account_id, m.restaurant_id, m.role
  FROM unnest($1::uuid[], $2::uuid[]) AS asked (account_id, restaurant_id)
  JOIN restaurant_member m USING (account_id, restaurant_id);

-- name: list_members
SELECT * FROM restaurant_member WHERE restaurant_id = $1 ORDER BY account_id;

-- name: insert_member
INSERT INTO restaurant_member (restaurant_id, account_id, role) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
RETURNING *;

-- name: update_member
UPDATE restaurant_member SET role = $3 WHERE restaurant_id = $1 AND account_id = $2 RETURNING *;

-- name: delete_member
DELETE FROM restaurant_member WHERE restaurant_id = $1 AND account_id = $2;

-- name: count_owners
SELECT count(*) FROM restaurant_member WHERE restaurant_id = $1 AND role = 'owner';

-- name: list_published
SELECT id FROM restaurant WHERE id = ANY ($1::uuid[]) AND published;

-- name: list_existing
SELECT id FROM restaurant WHERE id = ANY ($1::uuid[]);

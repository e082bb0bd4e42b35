-- The box around a restaurant's reach, in degrees (x longitude, y latitude). It may stretch past ±180 longitude;
-- who searches asks for the point one turn to either side as well.
CREATE FUNCTION catalog_reach(latitude double precision, longitude double precision, radius_meters int)
RETURNS box LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT box(point(longitude - dx, latitude - dy), point(longitude + dx, latitude + dy))
      FROM (SELECT radius_meters / 111000.0::double precision AS dy) a,
           LATERAL (SELECT CASE WHEN abs(latitude) + dy >= 89 THEN 360
                                ELSE dy / cos(radians(abs(latitude) + dy)) END AS dx) b
$$;

-- Great-circle distance (haversine), as tiffin.base.geo computes it.
CREATE FUNCTION catalog_distance_meters(
    latitude_a double precision, longitude_a double precision, latitude_b double precision, longitude_b double precision
) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT 2 * 6371008.8 * asin(least(1, sqrt(
        sin(radians(latitude_b - latitude_a) / 2) ^ 2
        + cos(radians(latitude_a)) * cos(radians(latitude_b)) * sin(radians(longitude_b - longitude_a) / 2) ^ 2)))
$$;

CREATE TABLE restaurant (
    id                     uuid PRIMARY KEY,
    name                   text NOT NULL,
    description            text NOT NULL,
    address                text NOT NULL,
    latitude               double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude              double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    time_zone              text NOT NULL,
    currency               text NOT NULL,
    published              boolean NOT NULL,
    -- {"weekly": [[["11:00","22:00"], …] × 7], "special_dates": [["2026-12-24", [["11:00","15:00"]]], …]}
    opening_hours          jsonb NOT NULL,
    paused_until           timestamptz,
    paused_indefinitely    boolean NOT NULL DEFAULT false,
    busy_extra_minutes     int NOT NULL DEFAULT 0 CHECK (busy_extra_minutes >= 0),
    preparation_minutes    int NOT NULL CHECK (preparation_minutes >= 0),
    delivery_radius_meters int NOT NULL CHECK (delivery_radius_meters >= 0),
    delivery_fee_minor     bigint NOT NULL CHECK (delivery_fee_minor >= 0),
    minimum_order_minor    bigint NOT NULL CHECK (minimum_order_minor >= 0),
    tax_basis_points       int NOT NULL CHECK (tax_basis_points BETWEEN 0 AND 10000),
    version                bigint NOT NULL DEFAULT 1,
    -- bumped by every change of anything customers see; the ETag of the menu
    menu_version           bigint NOT NULL DEFAULT 1,
    created_at             timestamptz NOT NULL DEFAULT now(),
    -- opening hours as instants, so that "open now" can be asked of all restaurants at once;
    -- derived, renewed by every change of the hours and weekly by a chore
    open_ranges            tstzmultirange NOT NULL,
    open_ranges_until      timestamptz NOT NULL,
    -- what lists are sorted by; short, because it stands in cursors
    sort_name              text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(lower(name), 40)) STORED,
    reach                  box NOT NULL
        GENERATED ALWAYS AS (catalog_reach(latitude, longitude, delivery_radius_meters)) STORED
) WITH (fillfactor = 80);
CREATE INDEX restaurant_reach ON restaurant USING gist (reach) WHERE published;
CREATE INDEX restaurant_sort_name ON restaurant (sort_name, id) WHERE published;
CREATE INDEX restaurant_open_ranges_until ON restaurant (open_ranges_until);

CREATE TABLE restaurant_member (
    restaurant_id uuid NOT NULL REFERENCES restaurant,
    -- of accounts; no foreign key across features
    account_id    uuid NOT NULL,
    role          text NOT NULL CHECK (role IN ('owner', 'manager', 'staff')),
    since         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (restaurant_id, account_id)
);
CREATE INDEX restaurant_member_account ON restaurant_member (account_id, restaurant_id);

CREATE TABLE menu_category (
    id            uuid PRIMARY KEY,
    restaurant_id uuid NOT NULL REFERENCES restaurant,
    name          text NOT NULL,
    sort_order    int NOT NULL,
    -- kept for items that were deleted with it
    deleted       boolean NOT NULL DEFAULT false
);
CREATE INDEX menu_category_restaurant ON menu_category (restaurant_id) WHERE NOT deleted;

CREATE TABLE menu_item (
    id             uuid PRIMARY KEY,
    restaurant_id  uuid NOT NULL REFERENCES restaurant,
    category_id    uuid NOT NULL REFERENCES menu_category,
    name           text NOT NULL,
    description    text NOT NULL,
    price_minor    bigint NOT NULL CHECK (price_minor >= 0),
    -- [{"id", "name", "min_choices", "max_choices", "options": [{"id", "name", "price_minor"}]}]
    option_groups  jsonb NOT NULL,
    sort_order     int NOT NULL,
    sold_out       boolean NOT NULL DEFAULT false,
    sold_out_until timestamptz,
    -- kept for the orders that name it
    deleted        boolean NOT NULL DEFAULT false,
    version        bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 80);
CREATE INDEX menu_item_restaurant ON menu_item (restaurant_id) WHERE NOT deleted;
CREATE INDEX menu_item_category ON menu_item (category_id) WHERE NOT deleted;

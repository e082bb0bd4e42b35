-- One row an order. Names and prices are kept as they were when it was placed; menus change.
CREATE TABLE customer_order (
    id            uuid PRIMARY KEY,
    -- what people say to each other; unique enough within a day of a restaurant
    number        text NOT NULL,
    customer_id   uuid NOT NULL,
    restaurant_id uuid NOT NULL,
    state         text NOT NULL,
    -- [{"menu_item_id", "name", "quantity", "unit_minor", "total_minor", "options": [{"option_id", "name"}], "note"}]
    lines         jsonb NOT NULL,
    bill          jsonb NOT NULL,
    total_minor   bigint NOT NULL,
    currency      text NOT NULL,
    destination   jsonb NOT NULL,
    -- {"name", "address", "latitude", "longitude"}
    restaurant    jsonb NOT NULL,
    note          text NOT NULL,
    placed_at     timestamptz NOT NULL,
    -- when the kitchen means to be ready, and when the customer should have it
    ready_at      timestamptz NOT NULL,
    eta_at        timestamptz NOT NULL,
    -- when nothing more could happen to it
    ended_at      timestamptz
) WITH (fillfactor = 80);
CREATE INDEX customer_order_customer ON customer_order (customer_id, id DESC);

-- What happened to an order, and who did it.
CREATE TABLE order_transition (
    order_id   uuid NOT NULL REFERENCES customer_order,
    -- numbered under the order's lock, so in the order in which things happened, whatever the nodes' clocks say
    step       bigint GENERATED ALWAYS AS IDENTITY,
    state      text NOT NULL,
    at         timestamptz NOT NULL,
    actor      text NOT NULL,
    actor_id   uuid,
    reason     text NOT NULL,
    PRIMARY KEY (order_id, state)
);

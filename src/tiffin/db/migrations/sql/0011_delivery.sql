-- People who deliver. `shift` counts how often they went on duty: whatever belongs to an earlier shift is void.
CREATE TABLE courier (
    -- of accounts; no foreign key across features
    account_id    uuid PRIMARY KEY,
    name          text NOT NULL,
    on_duty       boolean NOT NULL,
    shift         int NOT NULL DEFAULT 1,
    on_duty_since timestamptz
) WITH (fillfactor = 80);
CREATE INDEX courier_on_duty ON courier (account_id) WHERE on_duty;

-- Where each courier was last, and nothing of where they were before. A restart of the server may empty it.
CREATE UNLOGGED TABLE courier_location (
    courier_id      uuid PRIMARY KEY,
    shift           int NOT NULL,
    latitude        double precision NOT NULL,
    longitude       double precision NOT NULL,
    accuracy_meters double precision NOT NULL,
    heading_degrees double precision,
    speed_mps       double precision,
    -- when the device measured it, and when it came
    at              timestamptz NOT NULL,
    received_at     timestamptz NOT NULL
) WITH (fillfactor = 70);

-- How a confirmed order gets to its customer; its id is the order's.
CREATE TABLE delivery (
    order_id            uuid PRIMARY KEY,
    customer_id         uuid NOT NULL,
    state               text NOT NULL
        CHECK (state IN ('waiting', 'searching', 'offered', 'assigned', 'arrived', 'on_board', 'ended')),
    courier_id          uuid,
    courier_name        text,
    -- counts the couriers who took it: the generation of the positions its customer is shown
    assignment          int NOT NULL DEFAULT 0,
    -- what the customer tells at the door
    code                text NOT NULL,
    pick_up_latitude    double precision NOT NULL,
    pick_up_longitude   double precision NOT NULL,
    drop_off_latitude   double precision NOT NULL,
    drop_off_longitude  double precision NOT NULL,
    -- number of the newest search that was asked for; an older one is void
    search              int NOT NULL DEFAULT 1,
    -- everybody is asked once a round
    round               int NOT NULL DEFAULT 1,
    searching_since     timestamptz,
    operations_told_at  timestamptz,
    assigned_at         timestamptz,
    arrived_at          timestamptz,
    picked_up_at        timestamptz,
    -- when the customer was told that the courier is near, and the last arrival time they were told
    near_at             timestamptz,
    told_eta_at         timestamptz,
    ended_at            timestamptz,
    made_at             timestamptz NOT NULL DEFAULT now(),
    CHECK ((courier_id IS NULL) = (courier_name IS NULL)),
    CHECK (state NOT IN ('assigned', 'arrived', 'on_board') OR courier_id IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX delivery_courier ON delivery (courier_id) WHERE ended_at IS NULL;

-- An order, held out to one courier for a while. One at a time for an order, and for a courier.
CREATE TABLE delivery_offer (
    id              uuid PRIMARY KEY,
    order_id        uuid NOT NULL REFERENCES delivery,
    courier_id      uuid NOT NULL,
    round           int NOT NULL,
    state           text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')),
    -- from the courier to the restaurant, as the crow flies
    distance_meters int NOT NULL,
    offered_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX delivery_offer_of_order ON delivery_offer (order_id) WHERE state = 'open';
CREATE UNIQUE INDEX delivery_offer_of_courier ON delivery_offer (courier_id) WHERE state = 'open';
CREATE INDEX delivery_offer_order ON delivery_offer (order_id, round);

-- Who comes for it: {"name", "state"}, for the board.
ALTER TABLE ticket ADD COLUMN courier jsonb;

INSERT INTO work_consumer (name, subject) VALUES
    ('delivery.search_due', 'delivery.search_due'),
    ('delivery.offer_due', 'delivery.offer_due');

-- The tables and functions of the race's PostgreSQL peer. One call of one function is one transaction.
--
-- Locks are taken in one order, so that nothing can deadlock: the request, the reservations by number, the stocks by
-- warehouse and SKU. Stocks come last, since the row of a hot SKU stays locked until the commit is on the disk.

CREATE TABLE stock (
  warehouse_id text NOT NULL,
  sku text NOT NULL,
  on_hand bigint NOT NULL,
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  committed bigint NOT NULL DEFAULT 0 CHECK (committed >= 0),
  PRIMARY KEY (warehouse_id, sku)
) WITH (fillfactor = 30); -- Room for new versions of a row beside the old one, so that no index changes.

CREATE SEQUENCE reservation_number CACHE 1;

CREATE TABLE reservation (
  reservation_id bigint PRIMARY KEY,
  dealer_id text NOT NULL,
  order_id text NOT NULL,
  warehouse_id text NOT NULL,
  skus text[] NOT NULL,
  quantities bigint[] NOT NULL,
  state text NOT NULL,
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE INDEX reservation_due ON reservation (expires_at) WHERE state = 'PENDING';

-- The first decision on each request. Without a reservation: too little stock, and what there was.
CREATE TABLE request (
  dealer_id text NOT NULL,
  request_id text NOT NULL,
  content text NOT NULL,
  reservation_id bigint,
  available bigint[],
  revision integer NOT NULL,
  decided_at timestamptz NOT NULL,
  expires_at timestamptz,
  PRIMARY KEY (dealer_id, request_id)
);

CREATE FUNCTION milliseconds(p_at timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$ SELECT floor(extract(epoch FROM p_at) * 1000)::double precision $$;

CREATE FUNCTION receive(p_warehouse text, p_sku text, p_quantity bigint) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO stock (warehouse_id, sku, on_hand) VALUES (p_warehouse, p_sku, p_quantity)
  ON CONFLICT (warehouse_id, sku) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand
$$;

CREATE FUNCTION reserve(
  p_dealer text, p_request text, p_content text, p_order text, p_warehouse text,
  p_skus text[], p_quantities bigint[], p_hold_ms bigint,
  OUT o_reservation bigint, OUT o_created timestamptz, OUT o_expires timestamptz, OUT o_available bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
  v_content text;
  v_is_enough boolean;
  v_known bigint;
BEGIN
  o_reservation := nextval('reservation_number');
  o_created := clock_timestamp();
  o_expires := o_created + p_hold_ms * interval '1 millisecond';
  -- Waits while another transaction decides on the same request.
  INSERT INTO request (dealer_id, request_id, content, reservation_id, revision, decided_at, expires_at)
  VALUES (p_dealer, p_request, p_content, o_reservation, 1, o_created, o_expires)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT content, reservation_id, decided_at, expires_at, available
    INTO v_content, o_reservation, o_created, o_expires, o_available
    FROM request WHERE dealer_id = p_dealer AND request_id = p_request;
    IF v_content <> p_content THEN RAISE EXCEPTION 'REQUEST_ID_REUSED' USING ERRCODE = 'HF000'; END IF;
    RETURN;
  END IF;
  INSERT INTO reservation
    (reservation_id, dealer_id, order_id, warehouse_id, skus, quantities, state, created_at, expires_at)
  VALUES (o_reservation, p_dealer, p_order, p_warehouse, p_skus, p_quantities, 'PENDING', o_created, o_expires);

  IF cardinality(p_skus) = 1 THEN
    UPDATE stock SET reserved = reserved + p_quantities[1]
    WHERE warehouse_id = p_warehouse AND sku = p_skus[1] AND on_hand - reserved - committed >= p_quantities[1];
    IF FOUND THEN RETURN; END IF;
  END IF;

  SELECT count(*), bool_and(locked.available >= locked.quantity), array_agg(locked.available ORDER BY locked.line)
  INTO v_known, v_is_enough, o_available
  FROM (
    SELECT s.on_hand - s.reserved - s.committed AS available, l.quantity, l.line
    FROM unnest(p_skus, p_quantities) WITH ORDINALITY AS l (sku, quantity, line)
    JOIN stock s ON s.warehouse_id = p_warehouse AND s.sku = l.sku
    ORDER BY s.sku
    FOR UPDATE OF s
  ) AS locked;
  IF v_known < cardinality(p_skus) THEN RAISE EXCEPTION 'SKU_NOT_FOUND' USING ERRCODE = 'HF000'; END IF;
  IF v_is_enough THEN
    UPDATE stock s SET reserved = s.reserved + l.quantity
    FROM unnest(p_skus, p_quantities) AS l (sku, quantity)
    WHERE s.warehouse_id = p_warehouse AND s.sku = l.sku;
    o_available := NULL;
    RETURN;
  END IF;
  -- Holds that are due must not count. Ending them takes locks that come before those held here: undo, end, try again.
  o_created := clock_timestamp();
  IF EXISTS (
    SELECT FROM reservation
    WHERE state = 'PENDING' AND expires_at <= o_created AND reservation_id <> o_reservation
  ) THEN
    RAISE EXCEPTION 'holds are due' USING ERRCODE = 'HF001';
  END IF;
  DELETE FROM reservation WHERE reservation_id = o_reservation;
  o_reservation := NULL;
  UPDATE request SET reservation_id = NULL, expires_at = NULL, available = o_available
  WHERE dealer_id = p_dealer AND request_id = p_request;
END $$;

CREATE FUNCTION end_due_holds() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_due bigint[];
BEGIN
  SELECT array_agg(locked.reservation_id) INTO v_due
  FROM (
    SELECT reservation_id FROM reservation WHERE state = 'PENDING' AND expires_at <= v_now
    ORDER BY reservation_id LIMIT 1000 FOR UPDATE
  ) AS locked;
  IF v_due IS NULL THEN RETURN 0; END IF;
  UPDATE reservation SET state = 'EXPIRED', revision = revision + 1 WHERE reservation_id = ANY (v_due);
  PERFORM s.sku
  FROM stock s
  WHERE (s.warehouse_id, s.sku) IN (
    SELECT r.warehouse_id, unnest(r.skus) FROM reservation r WHERE r.reservation_id = ANY (v_due)
  )
  ORDER BY s.warehouse_id, s.sku
  FOR UPDATE;
  UPDATE stock s SET reserved = s.reserved - ended.quantity
  FROM (
    SELECT r.warehouse_id, l.sku, sum(l.quantity) AS quantity
    FROM reservation r CROSS JOIN unnest(r.skus, r.quantities) AS l (sku, quantity)
    WHERE r.reservation_id = ANY (v_due)
    GROUP BY r.warehouse_id, l.sku
  ) AS ended
  WHERE s.warehouse_id = ended.warehouse_id AND s.sku = ended.sku;
  RETURN cardinality(v_due);
END $$;

-- Commits (p_state 'COMMITTED') or releases (p_state 'RELEASED') a whole reservation.
CREATE FUNCTION change_reservation(
  p_dealer text, p_request text, p_content text, p_reservation bigint, p_state text,
  OUT o_order text, OUT o_warehouse text, OUT o_skus text[], OUT o_quantities bigint[],
  OUT o_created timestamptz, OUT o_updated timestamptz, OUT o_revision integer
) LANGUAGE plpgsql AS $$
DECLARE
  v_content text;
  v_dealer text;
  v_state text;
  v_expires timestamptz;
BEGIN
  INSERT INTO request (dealer_id, request_id, content, reservation_id, revision, decided_at)
  VALUES (p_dealer, p_request, p_content, p_reservation, 0, clock_timestamp())
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT q.content, q.decided_at, q.revision, r.order_id, r.warehouse_id, r.skus, r.quantities, r.created_at
    INTO v_content, o_updated, o_revision, o_order, o_warehouse, o_skus, o_quantities, o_created
    FROM request q LEFT JOIN reservation r USING (reservation_id)
    WHERE q.dealer_id = p_dealer AND q.request_id = p_request;
    IF v_content <> p_content THEN RAISE EXCEPTION 'REQUEST_ID_REUSED' USING ERRCODE = 'HF000'; END IF;
    RETURN;
  END IF;
  SELECT dealer_id, state, expires_at, order_id, warehouse_id, skus, quantities, created_at, revision + 1
  INTO v_dealer, v_state, v_expires, o_order, o_warehouse, o_skus, o_quantities, o_created, o_revision
  FROM reservation WHERE reservation_id = p_reservation FOR UPDATE;
  o_updated := clock_timestamp();
  IF v_dealer IS DISTINCT FROM p_dealer THEN
    RAISE EXCEPTION 'RESERVATION_NOT_FOUND' USING ERRCODE = 'HF000';
  END IF;
  IF v_state = 'PENDING' AND v_expires <= o_updated THEN v_state := 'EXPIRED'; END IF;
  IF v_state IN ('RELEASED', 'EXPIRED') OR v_state = p_state THEN
    RAISE EXCEPTION 'RESERVATION_%', v_state USING ERRCODE = 'HF000';
  END IF;
  UPDATE reservation SET state = p_state, revision = o_revision WHERE reservation_id = p_reservation;
  UPDATE request SET revision = o_revision, decided_at = o_updated
  WHERE dealer_id = p_dealer AND request_id = p_request;
  PERFORM s.sku FROM stock s WHERE s.warehouse_id = o_warehouse AND s.sku = ANY (o_skus) ORDER BY s.sku FOR UPDATE;
  UPDATE stock s SET
    reserved = s.reserved - CASE WHEN v_state = 'PENDING' THEN l.quantity ELSE 0 END,
    committed = s.committed
      - CASE WHEN v_state = 'COMMITTED' THEN l.quantity ELSE 0 END
      + CASE WHEN p_state = 'COMMITTED' THEN l.quantity ELSE 0 END
  FROM unnest(o_skus, o_quantities) AS l (sku, quantity)
  WHERE s.warehouse_id = o_warehouse AND s.sku = l.sku;
END $$;

import PostgresKit

/// The schema `realtime`: stored broadcasts, the functions that send them, and the publication of changes.
///
/// What another server made is taken as it is: every statement makes only what is missing.
enum RealtimeSchema {
    /// The channel on which the database says that a broadcast was stored.
    static let notifications = "projectd_broadcast"
    /// The publication whose tables clients may hear of.
    static let publication = "supabase_realtime"
    /// Days that stored broadcasts are kept, today not counted.
    static let keptDays = 3
    /// Days for which partitions are made ahead.
    static let daysAhead = 3
    /// Time for one step.
    static let stepDeadline: Duration = .seconds(60)

    /// A step, recorded under its name in `realtime.projectd_migrations`.
    private struct Step: Sendable {
        var name: String
        var script: String
    }

    /// Steps in their order. A step that was released never changes.
    private static let steps = [
        Step(name: "0001", script: messages + functions + sending + security), Step(name: "0002", script: visibility),
    ]

    /// Two servers that start at once make the schema one after the other.
    private static let lock = "SELECT pg_advisory_xact_lock(7019301, 2)"

    /// Makes what is missing.
    static func migrate(_ pool: PostgresPool) async throws {
        try await pool.transaction(retries: 3) { transaction in
            try await transaction.executeScript("SET LOCAL lock_timeout = 0")
            try await transaction.query(lock)
            if try await transaction.first("SELECT 1 AS one FROM pg_namespace WHERE nspname = 'realtime'") == nil {
                try await transaction.executeScript("CREATE SCHEMA realtime")
            }
            try await transaction.executeScript(
                "CREATE TABLE IF NOT EXISTS realtime.projectd_migrations (name text PRIMARY KEY)")
            for step in steps {
                let known = try await transaction.first(
                    "SELECT name FROM realtime.projectd_migrations WHERE name = $1", [.text(step.name)])
                guard known == nil else { continue }
                try await transaction.executeScript(step.script, deadline: stepDeadline)
                try await transaction.execute(
                    "INSERT INTO realtime.projectd_migrations (name) VALUES ($1)", [.text(step.name)])
            }
            try await transaction.executeScript(partitions)
        }
    }

    /// Makes the partitions of the days around today, and drops those whose messages are no longer kept.
    static func renewPartitions(_ pool: PostgresPool) async throws {
        try await pool.transaction(retries: 3) { transaction in
            try await transaction.query(lock)
            try await transaction.executeScript(partitions)
        }
    }

    private static let messages = """
        CREATE TABLE IF NOT EXISTS realtime.messages (
          topic text NOT NULL,
          extension text NOT NULL,
          payload jsonb,
          event text,
          private boolean DEFAULT false,
          updated_at timestamp NOT NULL DEFAULT now(),
          inserted_at timestamp NOT NULL DEFAULT now(),
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          binary_payload bytea,
          PRIMARY KEY (id, inserted_at)) PARTITION BY RANGE (inserted_at);
        CREATE INDEX IF NOT EXISTS projectd_messages_replay_idx ON realtime.messages (topic, inserted_at)
          WHERE extension = 'broadcast';
        DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = '\(publication)') THEN
          CREATE PUBLICATION \(publication);
        END IF;
        END $$;

        """

    /// What policies ask about, and what tells this server that a broadcast was stored.
    private static let functions = """
        CREATE OR REPLACE FUNCTION realtime.topic() RETURNS text LANGUAGE sql STABLE AS
          $$ SELECT nullif(current_setting('realtime.topic', true), '') $$;
        CREATE OR REPLACE FUNCTION realtime.projectd_notify() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_notify('\(notifications)', NEW.id || ' ' || NEW.inserted_at);
          RETURN NULL;
        END $$;
        DROP TRIGGER IF EXISTS projectd_notify ON realtime.messages;
        CREATE TRIGGER projectd_notify AFTER INSERT ON realtime.messages FOR EACH ROW
          WHEN (NEW.extension = 'broadcast') EXECUTE FUNCTION realtime.projectd_notify();

        """

    /// Which rows are seen under which claims, for all of them in one call; place 0 says whose policies failed. It does
    /// not wait for locks. It changes the role, so that none but the owner may call it.
    private static let visibility = """
        CREATE OR REPLACE FUNCTION realtime.projectd_visible(query text, keys jsonb, claimants jsonb)
        RETURNS TABLE (claimant int, place int) LANGUAGE plpgsql AS $$
        DECLARE
          who jsonb;
          number int := 0;
        BEGIN
          PERFORM set_config('lock_timeout', '1s', true);
          FOR who IN SELECT value FROM jsonb_array_elements(claimants) LOOP
            BEGIN
              PERFORM set_config('role', who ->> 'role', true),
                set_config('request.jwt.claims', who ->> 'claims', true),
                set_config('request.jwt.claim.sub', who ->> 'sub', true),
                set_config('request.jwt.claim.role', who ->> 'role', true);
              FOR place IN EXECUTE query USING keys LOOP
                claimant := number;
                RETURN NEXT;
              END LOOP;
            EXCEPTION
              WHEN query_canceled OR lock_not_available THEN RAISE;
              WHEN OTHERS THEN
                RAISE WARNING 'a policy failed: %', SQLERRM;
                claimant := number;
                place := 0;
                RETURN NEXT;
            END;
            number := number + 1;
          END LOOP;
          PERFORM set_config('role', 'none', true);
        END $$;
        REVOKE ALL ON FUNCTION realtime.projectd_visible(text, jsonb, jsonb) FROM PUBLIC;
        """

    /// Broadcasts from SQL. A failure is a warning: the caller's transaction is worth more than the message.
    private static let sending = """
        CREATE OR REPLACE FUNCTION realtime.send(
          payload jsonb, event text, topic text, private boolean DEFAULT true)
        RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
          message uuid := gen_random_uuid();
        BEGIN
          PERFORM set_config('realtime.topic', topic, true);
          INSERT INTO realtime.messages (id, topic, extension, event, private, payload)
          VALUES (message, topic, 'broadcast', event, private,
            CASE WHEN jsonb_typeof(payload) = 'object' AND NOT payload ? 'id'
              THEN payload || jsonb_build_object('id', message) ELSE payload END);
        EXCEPTION WHEN OTHERS THEN
          RAISE WARNING 'realtime.send: %', SQLERRM;
        END $$;
        CREATE OR REPLACE FUNCTION realtime.send_binary(
          payload bytea, event text, topic text, private boolean DEFAULT true)
        RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM set_config('realtime.topic', topic, true);
          INSERT INTO realtime.messages (topic, extension, event, private, binary_payload)
          VALUES (topic, 'broadcast', event, private, payload);
        EXCEPTION WHEN OTHERS THEN
          RAISE WARNING 'realtime.send_binary: %', SQLERRM;
        END $$;
        CREATE OR REPLACE FUNCTION realtime.broadcast_changes(
          topic_name text, event_name text, operation text, table_name text, table_schema text,
          new record, old record, level text DEFAULT 'ROW')
        RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          IF level = 'STATEMENT' THEN
            RAISE EXCEPTION 'realtime.broadcast_changes needs a trigger FOR EACH ROW';
          END IF;
          PERFORM realtime.send(
            jsonb_build_object('old_record', to_jsonb(old), 'record', to_jsonb(new), 'operation', operation,
              'table', table_name, 'schema', table_schema),
            event_name, topic_name);
        END $$;

        """

    /// Roles of clients see and insert what the project's policies allow.
    private static let security = """
        ALTER TABLE realtime.messages ENABLE ROW LEVEL SECURITY;
        DO $$
        DECLARE
          name text;
        BEGIN
          FOR name IN SELECT rolname FROM pg_roles
            WHERE rolname IN ('anon', 'authenticated', 'service_role', 'postgres', 'dashboard_user')
          LOOP
            EXECUTE format('GRANT USAGE ON SCHEMA realtime TO %I', name);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON realtime.messages TO %I', name);
          END LOOP;
          FOR name IN SELECT rolname FROM pg_roles WHERE rolname = 'postgres' AND NOT rolsuper
          LOOP
            -- The project's owner writes policies and triggers of realtime.messages; those need its owner's rights.
            EXECUTE format('GRANT ALL ON realtime.messages TO %I', name);
          END LOOP;
        END $$;
        """

    private static let partitions = """
        DO $$
        DECLARE
          day date;
          name text;
        BEGIN
          FOR day IN SELECT generate_series(current_date - 1, current_date + \(daysAhead), '1 day')::date LOOP
            name := 'messages_' || to_char(day, 'YYYY_MM_DD');
            IF to_regclass('realtime.' || name) IS NULL THEN
              EXECUTE format(
                'CREATE TABLE realtime.%I PARTITION OF realtime.messages FOR VALUES FROM (%L) TO (%L)',
                name, day, day + 1);
              EXECUTE format('ALTER TABLE realtime.%I ENABLE ROW LEVEL SECURITY', name);
            END IF;
          END LOOP;
          FOR name IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'realtime.messages'::regclass AND c.relname ~ '^messages_\\d{4}_\\d\\d_\\d\\d$'
              AND to_date(right(c.relname, 10), 'YYYY_MM_DD') < current_date - \(keptDays)
          LOOP
            EXECUTE format('DROP TABLE realtime.%I', name);
          END LOOP;
        END $$;
        """
}

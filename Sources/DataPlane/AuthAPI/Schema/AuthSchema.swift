import PostgresKit

/// The schema `auth` as GoTrue's migrations leave it: tables, functions and row security are what projects build on.
///
/// A schema that those migrations made is taken as it is: every statement makes only what is missing.
enum AuthSchema {
    /// Time for one step.
    static let stepDeadline: Duration = .seconds(60)

    /// A step, recorded under its name in `auth.schema_migrations` beside GoTrue's own numbers.
    struct Step: Sendable {
        var name: String
        var script: String
    }

    /// Steps in their order. A step that was released never changes.
    static let steps = [
        Step(name: "projectd.0001", script: tables + "\n" + furtherTables + "\n" + security + "\n" + functions),
        Step(name: "projectd.0002", script: ownTables), Step(name: "projectd.0003", script: wrongTries),
    ]

    /// Two servers that start at once make the schema one after the other.
    private static let lock = "SELECT pg_advisory_xact_lock(7019301, 1)"

    /// Makes what is missing.
    static func migrate(_ pool: PostgresPool) async throws {
        try await pool.transaction(retries: 3) { transaction in
            // The session's own bound is for requests.
            try await transaction.executeScript("SET LOCAL lock_timeout = 0")
            try await transaction.query(lock)
            // Who may make no schema in the database may still own this one.
            if try await transaction.first("SELECT 1 AS one FROM pg_namespace WHERE nspname = 'auth'") == nil {
                try await transaction.executeScript("CREATE SCHEMA auth")
            }
            try await transaction.executeScript(
                "CREATE TABLE IF NOT EXISTS auth.schema_migrations (version varchar(255) NOT NULL PRIMARY KEY)")
            for step in steps {
                let known = try await transaction.first(
                    "SELECT version FROM auth.schema_migrations WHERE version = $1", [.text(step.name)])
                guard known == nil else { continue }
                try await transaction.executeScript(step.script, deadline: stepDeadline)
                try await transaction.execute(
                    "INSERT INTO auth.schema_migrations (version) VALUES ($1)", [.text(step.name)])
            }
        }
    }

    /// Only the owner reads the tables; roles of clients reach the functions.
    private static let security = """
        ALTER TABLE auth.sessions ADD COLUMN IF NOT EXISTS refresh_token_hmac_key text;
        ALTER TABLE auth.sessions ADD COLUMN IF NOT EXISTS refresh_token_counter bigint;
        DO $$
        DECLARE
          name text;
        BEGIN
          FOR name IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'auth' AND c.relkind = 'r' AND NOT c.relrowsecurity
              AND pg_has_role(c.relowner, 'USAGE')
          LOOP
            EXECUTE format('ALTER TABLE auth.%I ENABLE ROW LEVEL SECURITY', name);
          END LOOP;
          FOR name IN SELECT rolname FROM pg_roles
            WHERE rolname IN ('anon', 'authenticated', 'service_role', 'authenticator', 'postgres', 'dashboard_user')
          LOOP
            EXECUTE format('GRANT USAGE ON SCHEMA auth TO %I', name);
          END LOOP;
          FOR name IN SELECT rolname FROM pg_roles WHERE rolname IN ('postgres', 'dashboard_user')
          LOOP
            EXECUTE format('GRANT ALL ON ALL TABLES IN SCHEMA auth TO %I', name);
          END LOOP;
        END $$;
        """

    /// What policies ask about the request: PostgREST's settings, the older form first.
    private static let functions = """
        DO $outer$ BEGIN
        IF to_regprocedure('auth.uid()') IS NULL THEN
          CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
            SELECT coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
              nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
        END IF;
        IF to_regprocedure('auth.role()') IS NULL THEN
          CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS $$
            SELECT coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
              nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')::text $$;
        END IF;
        IF to_regprocedure('auth.email()') IS NULL THEN
          CREATE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE AS $$
            SELECT coalesce(nullif(current_setting('request.jwt.claim.email', true), ''),
              nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')::text $$;
        END IF;
        IF to_regprocedure('auth.jwt()') IS NULL THEN
          CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$
            SELECT coalesce(nullif(current_setting('request.jwt.claim', true), ''),
              nullif(current_setting('request.jwt.claims', true), ''))::jsonb $$;
        END IF;
        END $outer$;
        """

    /// What GoTrue has no table for: wrong tries of codes, and mails that wait to be sent, sealed.
    private static let ownTables = """
        CREATE TABLE IF NOT EXISTS auth.projectd_code_attempts (
          user_id uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
          kind text NOT NULL,
          attempts int NOT NULL,
          PRIMARY KEY (user_id, kind));
        CREATE TABLE IF NOT EXISTS auth.projectd_mails (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          created_at timestamptz NOT NULL DEFAULT now(),
          next_attempt_at timestamptz NOT NULL DEFAULT now(),
          attempts int NOT NULL DEFAULT 0,
          kind text NOT NULL,
          content text NOT NULL);
        CREATE INDEX IF NOT EXISTS projectd_mails_next_attempt_at_idx ON auth.projectd_mails (next_attempt_at);
        ALTER TABLE auth.projectd_code_attempts ENABLE ROW LEVEL SECURITY;
        ALTER TABLE auth.projectd_mails ENABLE ROW LEVEL SECURITY;
        """

    /// Wrong codes of a user in a day, and of a second factor.
    private static let wrongTries = """
        CREATE TABLE IF NOT EXISTS auth.projectd_wrong_codes (
          user_id uuid NOT NULL PRIMARY KEY REFERENCES auth.users (id) ON DELETE CASCADE,
          since timestamptz NOT NULL DEFAULT now(),
          attempts int NOT NULL);
        CREATE TABLE IF NOT EXISTS auth.projectd_factor_attempts (
          factor_id uuid NOT NULL PRIMARY KEY REFERENCES auth.mfa_factors (id) ON DELETE CASCADE,
          attempts int NOT NULL,
          waits_until timestamptz NOT NULL DEFAULT now());
        ALTER TABLE auth.projectd_wrong_codes ENABLE ROW LEVEL SECURITY;
        ALTER TABLE auth.projectd_factor_attempts ENABLE ROW LEVEL SECURITY;
        """
}

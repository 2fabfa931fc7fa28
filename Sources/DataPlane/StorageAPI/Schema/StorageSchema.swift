import PostgresKit

/// The schema `storage` as upstream's migrations leave it: policies of projects stand on its tables and functions.
///
/// A schema that those migrations made is taken as it is: every statement makes only what is missing.
enum StorageSchema {
    /// Time for one step.
    static let stepDeadline: Duration = .seconds(60)

    /// A step, recorded under its name in `storage.projectd_steps`; `storage.migrations` is upstream's own list.
    struct Step: Sendable {
        var name: String
        var script: String
    }

    /// Steps in their order. A step that was released never changes.
    static let steps = [
        Step(name: "0001", script: tables + "\n" + functions + "\n" + triggers + "\n" + rights),
        Step(name: "0002", script: ownTables),
        Step(name: "0003", script: versions),
        Step(name: "0004", script: credentials),
    ]

    /// Two servers that start at once make the schema one after the other.
    private static let lock = "SELECT pg_advisory_xact_lock(7019301, 2)"

    /// Makes what is missing.
    static func migrate(_ pool: PostgresPool) async throws {
        try await pool.transaction(retries: 3) { transaction in
            // The session's own bound is for requests.
            try await transaction.executeScript("SET LOCAL lock_timeout = 0")
            try await transaction.query(lock)
            // Who may make no schema in the database may still own this one.
            if try await transaction.first("SELECT 1 AS one FROM pg_namespace WHERE nspname = 'storage'") == nil {
                try await transaction.executeScript("CREATE SCHEMA storage")
            }
            try await transaction.executeScript(
                """
                CREATE TABLE IF NOT EXISTS storage.projectd_steps (name text PRIMARY KEY);
                ALTER TABLE storage.projectd_steps ENABLE ROW LEVEL SECURITY;
                """)
            for step in steps {
                let known = try await transaction.first(
                    "SELECT name FROM storage.projectd_steps WHERE name = $1", [.text(step.name)])
                guard known == nil else { continue }
                try await transaction.executeScript(step.script, deadline: stepDeadline)
                try await transaction.execute(
                    "INSERT INTO storage.projectd_steps (name) VALUES ($1)", [.text(step.name)])
            }
        }
    }

    /// Row security says what roles of clients do with rows; only the schema's owner makes policies.
    private static let rights = """
        ALTER TABLE storage.buckets ENABLE ROW LEVEL SECURITY;
        ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
        ALTER TABLE storage.migrations ENABLE ROW LEVEL SECURITY;
        ALTER TABLE storage.s3_multipart_uploads ENABLE ROW LEVEL SECURITY;
        ALTER TABLE storage.s3_multipart_uploads_parts ENABLE ROW LEVEL SECURITY;
        DO $$
        DECLARE
          name text;
        BEGIN
          FOR name IN SELECT rolname FROM pg_roles
            WHERE rolname IN ('anon', 'authenticated', 'service_role', 'postgres')
          LOOP
            EXECUTE format('GRANT USAGE ON SCHEMA storage TO %I', name);
            EXECUTE format('GRANT ALL ON storage.buckets, storage.objects TO %I', name);
            EXECUTE format('GRANT SELECT ON storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts TO %I', name);
          END LOOP;
          FOR name IN SELECT rolname FROM pg_roles WHERE rolname IN ('service_role', 'postgres')
          LOOP
            EXECUTE format('GRANT ALL ON storage.s3_multipart_uploads, storage.s3_multipart_uploads_parts TO %I', name);
          END LOOP;
        END $$;
        """

    /// What upstream has no table for: resumable uploads that are under way. Only the server reads them.
    private static let ownTables = """
        CREATE TABLE IF NOT EXISTS storage.projectd_uploads (
          version uuid NOT NULL PRIMARY KEY,
          bucket_id text NOT NULL REFERENCES storage.buckets (id) ON DELETE CASCADE,
          name text NOT NULL COLLATE "C",
          owner_id text,
          upsert boolean NOT NULL,
          length bigint,
          header text NOT NULL,
          mimetype text NOT NULL,
          cache_control text NOT NULL,
          user_metadata jsonb,
          expires_at timestamptz NOT NULL,
          created_at timestamptz NOT NULL DEFAULT now());
        CREATE INDEX IF NOT EXISTS projectd_uploads_expires_at_idx ON storage.projectd_uploads (expires_at);
        CREATE INDEX IF NOT EXISTS projectd_objects_version_idx ON storage.objects (version);
        ALTER TABLE storage.projectd_uploads ENABLE ROW LEVEL SECURITY;
        DO $$
        DECLARE
          name text;
        BEGIN
          FOR name IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
          LOOP
            EXECUTE format('REVOKE ALL ON storage.projectd_uploads, storage.projectd_steps FROM %I', name);
          END LOOP;
        END $$;
        """

    /// Further keys of the S3 endpoint, without their secrets. Only the server reads them.
    private static let credentials = """
        CREATE TABLE IF NOT EXISTS storage.projectd_s3_credentials (
          id uuid NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
          access_key text NOT NULL UNIQUE,
          description text NOT NULL,
          created_at timestamptz NOT NULL DEFAULT now());
        ALTER TABLE storage.projectd_s3_credentials ENABLE ROW LEVEL SECURITY;
        DO $$
        DECLARE
          name text;
        BEGIN
          FOR name IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role')
          LOOP
            EXECUTE format('REVOKE ALL ON storage.projectd_s3_credentials FROM %I', name);
          END LOOP;
        END $$;
        """

    /// Files lie under their version alone: a row that another's version is written to would read and remove that file.
    private static let versions = """
        CREATE OR REPLACE FUNCTION storage.projectd_protect_version() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF NEW.version IS NULL OR TG_OP = 'UPDATE' AND NEW.version IS NOT DISTINCT FROM OLD.version
              OR pg_catalog.pg_has_role(current_user, (SELECT relowner FROM pg_catalog.pg_class WHERE oid = TG_RELID),
                'MEMBER')
            THEN
              RETURN NEW;
            END IF;
            RAISE EXCEPTION 'The version of an object is not for % to write.', current_user USING ERRCODE = '42501';
          END $$;
        DROP TRIGGER IF EXISTS projectd_protect_objects_version ON storage.objects;
        CREATE TRIGGER projectd_protect_objects_version BEFORE INSERT OR UPDATE ON storage.objects
          FOR EACH ROW EXECUTE FUNCTION storage.projectd_protect_version();
        """
}

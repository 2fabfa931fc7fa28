extension StorageSchema {
    /// Buckets, objects and uploads in parts.
    static let tables = """
        DO $$ BEGIN CREATE TYPE storage.buckettype AS ENUM ('STANDARD', 'ANALYTICS', 'VECTOR'); EXCEPTION
          WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE IF NOT EXISTS storage.migrations (
          id integer NOT NULL,
          name varchar(100) NOT NULL UNIQUE,
          hash varchar(40) NOT NULL,
          executed_at timestamp DEFAULT current_timestamp,
          CONSTRAINT migrations_pkey PRIMARY KEY (id));
        CREATE TABLE IF NOT EXISTS storage.buckets (
          id text NOT NULL,
          name text NOT NULL,
          owner uuid,
          created_at timestamptz DEFAULT now(),
          updated_at timestamptz DEFAULT now(),
          public boolean DEFAULT false,
          avif_autodetection boolean DEFAULT false,
          file_size_limit bigint,
          allowed_mime_types text[],
          owner_id text,
          type storage.buckettype NOT NULL DEFAULT 'STANDARD',
          CONSTRAINT buckets_pkey PRIMARY KEY (id));
        CREATE UNIQUE INDEX IF NOT EXISTS bname ON storage.buckets USING btree (name);
        CREATE TABLE IF NOT EXISTS storage.objects (
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          bucket_id text,
          name text,
          owner uuid,
          created_at timestamptz DEFAULT now(),
          updated_at timestamptz DEFAULT now(),
          last_accessed_at timestamptz DEFAULT now(),
          metadata jsonb,
          path_tokens text[] GENERATED ALWAYS AS (string_to_array(name, '/')) STORED,
          version text,
          owner_id text,
          user_metadata jsonb,
          CONSTRAINT objects_pkey PRIMARY KEY (id),
          CONSTRAINT "objects_bucketId_fkey" FOREIGN KEY (bucket_id) REFERENCES storage.buckets (id));
        CREATE UNIQUE INDEX IF NOT EXISTS bucketid_objname ON storage.objects USING btree (bucket_id, name);
        CREATE INDEX IF NOT EXISTS name_prefix_search ON storage.objects USING btree (name text_pattern_ops);
        CREATE INDEX IF NOT EXISTS idx_objects_bucket_id_name ON storage.objects USING btree
          (bucket_id, name COLLATE "C");
        CREATE TABLE IF NOT EXISTS storage.s3_multipart_uploads (
          id text NOT NULL,
          in_progress_size bigint NOT NULL DEFAULT 0,
          upload_signature text NOT NULL,
          bucket_id text NOT NULL REFERENCES storage.buckets (id),
          key text COLLATE "C" NOT NULL,
          version text NOT NULL,
          owner_id text,
          created_at timestamptz NOT NULL DEFAULT now(),
          user_metadata jsonb,
          metadata jsonb,
          CONSTRAINT s3_multipart_uploads_pkey PRIMARY KEY (id));
        CREATE INDEX IF NOT EXISTS idx_multipart_uploads_list ON storage.s3_multipart_uploads USING btree
          (bucket_id, key, created_at);
        CREATE TABLE IF NOT EXISTS storage.s3_multipart_uploads_parts (
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          upload_id text NOT NULL REFERENCES storage.s3_multipart_uploads (id) ON DELETE CASCADE,
          size bigint NOT NULL DEFAULT 0,
          part_number integer NOT NULL,
          bucket_id text NOT NULL REFERENCES storage.buckets (id),
          key text COLLATE "C" NOT NULL,
          etag text NOT NULL,
          owner_id text,
          version text NOT NULL,
          created_at timestamptz NOT NULL DEFAULT now(),
          CONSTRAINT s3_multipart_uploads_parts_pkey PRIMARY KEY (id));
        CREATE INDEX IF NOT EXISTS projectd_parts_upload_idx ON storage.s3_multipart_uploads_parts USING btree
          (upload_id, part_number);
        """

    /// What policies and the project's own statements ask.
    static let functions = """
        CREATE OR REPLACE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
          SELECT parts[1:array_length(parts, 1) - 1] FROM string_to_array(name, '/') AS parts $$;
        CREATE OR REPLACE FUNCTION storage.filename(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
          SELECT parts[array_length(parts, 1)] FROM string_to_array(name, '/') AS parts $$;
        CREATE OR REPLACE FUNCTION storage.extension(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
          SELECT reverse(split_part(reverse(storage.filename(name)), '.', 1)) $$;
        CREATE OR REPLACE FUNCTION storage.operation() RETURNS text LANGUAGE sql STABLE AS $$
          SELECT current_setting('storage.operation', true) $$;
        CREATE OR REPLACE FUNCTION storage.allow_any_operation(expected_operations text[]) RETURNS boolean
          LANGUAGE sql STABLE AS $$
          SELECT coalesce(bool_or(regexp_replace(expected, '^storage\\.', '') =
            regexp_replace(storage.operation(), '^storage\\.', '')), false)
          FROM unnest(expected_operations) AS expected WHERE expected <> '' $$;
        CREATE OR REPLACE FUNCTION storage.allow_only_operation(expected_operation text) RETURNS boolean
          LANGUAGE sql STABLE AS $$ SELECT storage.allow_any_operation(ARRAY[expected_operation]) $$;
        CREATE OR REPLACE FUNCTION storage.get_common_prefix(p_key text, p_prefix text, p_delimiter text) RETURNS text
          LANGUAGE sql IMMUTABLE AS $$
          SELECT CASE WHEN position(p_delimiter IN substring(p_key FROM length(p_prefix) + 1)) > 0 THEN
            left(p_key, length(p_prefix) + position(p_delimiter IN substring(p_key FROM length(p_prefix) + 1))
              + length(p_delimiter) - 1) END $$;
        CREATE OR REPLACE FUNCTION storage.get_size_by_bucket() RETURNS TABLE (size bigint, bucket_id text)
          LANGUAGE sql STABLE AS $$
          SELECT coalesce(sum((o.metadata ->> 'size')::bigint), 0)::bigint, o.bucket_id
          FROM storage.objects o GROUP BY o.bucket_id $$;
        CREATE OR REPLACE FUNCTION storage.can_insert_object(bucketid text, name text, owner uuid, metadata jsonb)
          RETURNS void LANGUAGE plpgsql AS $$
          BEGIN
            INSERT INTO storage.objects (bucket_id, name, owner, metadata) VALUES ($1, $2, $3, $4);
            RAISE SQLSTATE 'PT200' USING MESSAGE = 'ROLLBACK', DETAIL = 'rollback successful insert';
          END $$;
        CREATE OR REPLACE FUNCTION storage.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            NEW.updated_at = now();
            RETURN NEW;
          END $$;
        CREATE OR REPLACE FUNCTION storage.protect_delete() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF coalesce(current_setting('storage.allow_delete_query', true), 'false') <> 'true' THEN
              RAISE EXCEPTION 'Direct deletion from storage tables is not allowed. Use the Storage API instead.'
                USING ERRCODE = '42501', HINT = 'This prevents accidental data loss from orphaned objects.';
            END IF;
            RETURN NULL;
          END $$;
        """

    /// Times of changes, and no deletion of a row whose file would stay behind.
    static let triggers = """
        DROP TRIGGER IF EXISTS update_objects_updated_at ON storage.objects;
        CREATE TRIGGER update_objects_updated_at BEFORE UPDATE ON storage.objects
          FOR EACH ROW EXECUTE FUNCTION storage.update_updated_at_column();
        DROP TRIGGER IF EXISTS protect_objects_delete ON storage.objects;
        CREATE TRIGGER protect_objects_delete BEFORE DELETE ON storage.objects
          FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
        DROP TRIGGER IF EXISTS protect_buckets_delete ON storage.buckets;
        CREATE TRIGGER protect_buckets_delete BEFORE DELETE ON storage.buckets
          FOR EACH STATEMENT EXECUTE FUNCTION storage.protect_delete();
        """
}

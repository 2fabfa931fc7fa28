extension AuthSchema {
    /// Users, identities, sessions, tokens and factors.
    static let tables = """
        DO $$ BEGIN CREATE TYPE auth.aal_level AS ENUM ('aal1', 'aal2', 'aal3'); EXCEPTION WHEN duplicate_object THEN
          NULL; END $$;
        DO $$ BEGIN CREATE TYPE auth.code_challenge_method AS ENUM ('s256', 'plain'); EXCEPTION WHEN duplicate_object
          THEN NULL; END $$;
        DO $$ BEGIN CREATE TYPE auth.factor_status AS ENUM ('unverified', 'verified'); EXCEPTION WHEN duplicate_object
          THEN NULL; END $$;
        DO $$ BEGIN CREATE TYPE auth.factor_type AS ENUM ('totp', 'webauthn', 'phone'); EXCEPTION WHEN
          duplicate_object THEN NULL; END $$;
        DO $$ BEGIN CREATE TYPE auth.oauth_authorization_status AS ENUM ('pending', 'approved', 'denied', 'expired');
          EXCEPTION WHEN duplicate_object THEN NULL; END $$;
        DO $$ BEGIN CREATE TYPE auth.oauth_client_type AS ENUM ('public', 'confidential'); EXCEPTION WHEN
          duplicate_object THEN NULL; END $$;
        DO $$ BEGIN CREATE TYPE auth.oauth_registration_type AS ENUM ('dynamic', 'manual'); EXCEPTION WHEN
          duplicate_object THEN NULL; END $$;
        DO $$ BEGIN CREATE TYPE auth.oauth_response_type AS ENUM ('code'); EXCEPTION WHEN duplicate_object THEN NULL;
          END $$;
        DO $$ BEGIN CREATE TYPE auth.one_time_token_type AS ENUM ('confirmation_token', 'reauthentication_token',
          'recovery_token', 'email_change_token_new', 'email_change_token_current', 'phone_change_token'); EXCEPTION
          WHEN duplicate_object THEN NULL; END $$;
        CREATE TABLE IF NOT EXISTS auth.instances (
          id uuid NOT NULL,
          uuid uuid,
          raw_base_config text,
          created_at timestamptz,
          updated_at timestamptz,
          CONSTRAINT instances_pkey PRIMARY KEY (id));
        CREATE TABLE IF NOT EXISTS auth.schema_migrations (
          version varchar(255) NOT NULL,
          CONSTRAINT schema_migrations_pkey PRIMARY KEY (version));
        CREATE TABLE IF NOT EXISTS auth.audit_log_entries (
          instance_id uuid,
          id uuid NOT NULL,
          payload json,
          created_at timestamptz,
          ip_address varchar(64) NOT NULL DEFAULT '',
          CONSTRAINT audit_log_entries_pkey PRIMARY KEY (id));
        CREATE INDEX IF NOT EXISTS audit_logs_instance_id_idx ON auth.audit_log_entries USING btree (instance_id);
        CREATE TABLE IF NOT EXISTS auth.users (
          instance_id uuid,
          id uuid NOT NULL,
          aud varchar(255),
          role varchar(255),
          email varchar(255),
          encrypted_password varchar(255),
          email_confirmed_at timestamptz,
          invited_at timestamptz,
          confirmation_token varchar(255),
          confirmation_sent_at timestamptz,
          recovery_token varchar(255),
          recovery_sent_at timestamptz,
          email_change_token_new varchar(255),
          email_change varchar(255),
          email_change_sent_at timestamptz,
          last_sign_in_at timestamptz,
          raw_app_meta_data jsonb,
          raw_user_meta_data jsonb,
          is_super_admin boolean,
          created_at timestamptz,
          updated_at timestamptz,
          phone text,
          phone_confirmed_at timestamptz,
          phone_change text DEFAULT '',
          phone_change_token varchar(255) DEFAULT '',
          phone_change_sent_at timestamptz,
          confirmed_at timestamptz GENERATED ALWAYS AS (LEAST(email_confirmed_at, phone_confirmed_at)) STORED,
          email_change_token_current varchar(255) DEFAULT '',
          email_change_confirm_status smallint DEFAULT 0,
          banned_until timestamptz,
          reauthentication_token varchar(255) DEFAULT '',
          reauthentication_sent_at timestamptz,
          is_sso_user boolean NOT NULL DEFAULT false,
          deleted_at timestamptz,
          is_anonymous boolean NOT NULL DEFAULT false,
          CONSTRAINT users_phone_key UNIQUE (phone),
          CONSTRAINT users_pkey PRIMARY KEY (id),
          CONSTRAINT users_email_change_confirm_status_check CHECK (((email_change_confirm_status >= 0) AND
            (email_change_confirm_status <= 2))));
        CREATE UNIQUE INDEX IF NOT EXISTS confirmation_token_idx ON auth.users USING btree (confirmation_token) WHERE
          ((confirmation_token) !~ '^[0-9 ]*$');
        CREATE UNIQUE INDEX IF NOT EXISTS email_change_token_current_idx ON auth.users USING btree
          (email_change_token_current) WHERE ((email_change_token_current) !~ '^[0-9 ]*$');
        CREATE UNIQUE INDEX IF NOT EXISTS email_change_token_new_idx ON auth.users USING btree
          (email_change_token_new) WHERE ((email_change_token_new) !~ '^[0-9 ]*$');
        CREATE UNIQUE INDEX IF NOT EXISTS reauthentication_token_idx ON auth.users USING btree
          (reauthentication_token) WHERE ((reauthentication_token) !~ '^[0-9 ]*$');
        CREATE UNIQUE INDEX IF NOT EXISTS recovery_token_idx ON auth.users USING btree (recovery_token) WHERE
          ((recovery_token) !~ '^[0-9 ]*$');
        CREATE UNIQUE INDEX IF NOT EXISTS users_email_partial_key ON auth.users USING btree (email) WHERE (is_sso_user
          = false);
        CREATE INDEX IF NOT EXISTS users_instance_id_email_idx ON auth.users USING btree (instance_id,
          lower((email)));
        CREATE INDEX IF NOT EXISTS users_instance_id_idx ON auth.users USING btree (instance_id);
        CREATE INDEX IF NOT EXISTS users_is_anonymous_idx ON auth.users USING btree (is_anonymous);
        CREATE TABLE IF NOT EXISTS auth.identities (
          provider_id text NOT NULL,
          user_id uuid NOT NULL,
          identity_data jsonb NOT NULL,
          provider text NOT NULL,
          last_sign_in_at timestamptz,
          created_at timestamptz,
          updated_at timestamptz,
          email text GENERATED ALWAYS AS (lower((identity_data ->> 'email'))) STORED,
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          CONSTRAINT identities_provider_id_provider_unique UNIQUE (provider_id, provider),
          CONSTRAINT identities_pkey PRIMARY KEY (id),
          CONSTRAINT identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE);
        CREATE INDEX IF NOT EXISTS identities_email_idx ON auth.identities USING btree (email text_pattern_ops);
        CREATE INDEX IF NOT EXISTS identities_user_id_idx ON auth.identities USING btree (user_id);
        CREATE TABLE IF NOT EXISTS auth.one_time_tokens (
          id uuid NOT NULL,
          user_id uuid NOT NULL,
          token_type auth.one_time_token_type NOT NULL,
          token_hash text NOT NULL,
          relates_to text NOT NULL,
          created_at timestamp NOT NULL DEFAULT now(),
          updated_at timestamp NOT NULL DEFAULT now(),
          CONSTRAINT one_time_tokens_pkey PRIMARY KEY (id),
          CONSTRAINT one_time_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE,
          CONSTRAINT one_time_tokens_token_hash_check CHECK ((char_length(token_hash) > 0)));
        CREATE INDEX IF NOT EXISTS one_time_tokens_relates_to_hash_idx ON auth.one_time_tokens USING hash
          (relates_to);
        CREATE INDEX IF NOT EXISTS one_time_tokens_token_hash_hash_idx ON auth.one_time_tokens USING hash
          (token_hash);
        CREATE UNIQUE INDEX IF NOT EXISTS one_time_tokens_user_id_token_type_key ON auth.one_time_tokens USING btree
          (user_id, token_type);
        CREATE TABLE IF NOT EXISTS auth.oauth_clients (
          id uuid NOT NULL,
          client_secret_hash text,
          registration_type auth.oauth_registration_type NOT NULL,
          redirect_uris text NOT NULL,
          grant_types text NOT NULL,
          client_name text,
          client_uri text,
          logo_uri text,
          created_at timestamptz NOT NULL DEFAULT now(),
          updated_at timestamptz NOT NULL DEFAULT now(),
          deleted_at timestamptz,
          client_type auth.oauth_client_type NOT NULL DEFAULT 'confidential'::auth.oauth_client_type,
          token_endpoint_auth_method text NOT NULL,
          CONSTRAINT oauth_clients_pkey PRIMARY KEY (id),
          CONSTRAINT oauth_clients_client_name_length CHECK ((char_length(client_name) <= 1024)),
          CONSTRAINT oauth_clients_client_uri_length CHECK ((char_length(client_uri) <= 2048)),
          CONSTRAINT oauth_clients_logo_uri_length CHECK ((char_length(logo_uri) <= 2048)),
          CONSTRAINT oauth_clients_token_endpoint_auth_method_check CHECK ((token_endpoint_auth_method = ANY
            (ARRAY['client_secret_basic', 'client_secret_post', 'none']))));
        CREATE INDEX IF NOT EXISTS oauth_clients_deleted_at_idx ON auth.oauth_clients USING btree (deleted_at);
        CREATE TABLE IF NOT EXISTS auth.sessions (
          id uuid NOT NULL,
          user_id uuid NOT NULL,
          created_at timestamptz,
          updated_at timestamptz,
          factor_id uuid,
          aal auth.aal_level,
          not_after timestamptz,
          refreshed_at timestamp,
          user_agent text,
          ip inet,
          tag text,
          oauth_client_id uuid,
          refresh_token_hmac_key text,
          refresh_token_counter bigint,
          scopes text,
          CONSTRAINT sessions_pkey PRIMARY KEY (id),
          CONSTRAINT sessions_oauth_client_id_fkey FOREIGN KEY (oauth_client_id) REFERENCES auth.oauth_clients(id) ON
            DELETE CASCADE,
          CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE,
          CONSTRAINT sessions_scopes_length CHECK ((char_length(scopes) <= 4096)));
        CREATE INDEX IF NOT EXISTS sessions_not_after_idx ON auth.sessions USING btree (not_after DESC);
        CREATE INDEX IF NOT EXISTS sessions_oauth_client_id_idx ON auth.sessions USING btree (oauth_client_id);
        CREATE INDEX IF NOT EXISTS sessions_user_id_idx ON auth.sessions USING btree (user_id);
        CREATE INDEX IF NOT EXISTS user_id_created_at_idx ON auth.sessions USING btree (user_id, created_at);
        CREATE TABLE IF NOT EXISTS auth.refresh_tokens (
          instance_id uuid,
          id bigserial,
          token varchar(255),
          user_id varchar(255),
          revoked boolean,
          created_at timestamptz,
          updated_at timestamptz,
          parent varchar(255),
          session_id uuid,
          CONSTRAINT refresh_tokens_token_unique UNIQUE (token),
          CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id),
          CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES auth.sessions(id) ON DELETE
            CASCADE);
        CREATE INDEX IF NOT EXISTS refresh_tokens_instance_id_idx ON auth.refresh_tokens USING btree (instance_id);
        CREATE INDEX IF NOT EXISTS refresh_tokens_instance_id_user_id_idx ON auth.refresh_tokens USING btree
          (instance_id, user_id);
        CREATE INDEX IF NOT EXISTS refresh_tokens_parent_idx ON auth.refresh_tokens USING btree (parent);
        CREATE INDEX IF NOT EXISTS refresh_tokens_session_id_revoked_idx ON auth.refresh_tokens USING btree
          (session_id, revoked);
        CREATE INDEX IF NOT EXISTS refresh_tokens_updated_at_idx ON auth.refresh_tokens USING btree (updated_at DESC);
        CREATE TABLE IF NOT EXISTS auth.mfa_factors (
          id uuid NOT NULL,
          user_id uuid NOT NULL,
          friendly_name text,
          factor_type auth.factor_type NOT NULL,
          status auth.factor_status NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          secret text,
          phone text,
          last_challenged_at timestamptz,
          web_authn_credential jsonb,
          web_authn_aaguid uuid,
          last_webauthn_challenge_data jsonb,
          CONSTRAINT mfa_factors_last_challenged_at_key UNIQUE (last_challenged_at),
          CONSTRAINT mfa_factors_pkey PRIMARY KEY (id),
          CONSTRAINT mfa_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE);
        CREATE INDEX IF NOT EXISTS factor_id_created_at_idx ON auth.mfa_factors USING btree (user_id, created_at);
        CREATE UNIQUE INDEX IF NOT EXISTS mfa_factors_user_friendly_name_unique ON auth.mfa_factors USING btree
          (friendly_name, user_id) WHERE (TRIM(BOTH FROM friendly_name) <> '');
        CREATE INDEX IF NOT EXISTS mfa_factors_user_id_idx ON auth.mfa_factors USING btree (user_id);
        CREATE UNIQUE INDEX IF NOT EXISTS unique_phone_factor_per_user ON auth.mfa_factors USING btree (user_id,
          phone);
        CREATE TABLE IF NOT EXISTS auth.mfa_challenges (
          id uuid NOT NULL,
          factor_id uuid NOT NULL,
          created_at timestamptz NOT NULL,
          verified_at timestamptz,
          ip_address inet NOT NULL,
          otp_code text,
          web_authn_session_data jsonb,
          CONSTRAINT mfa_challenges_pkey PRIMARY KEY (id),
          CONSTRAINT mfa_challenges_auth_factor_id_fkey FOREIGN KEY (factor_id) REFERENCES auth.mfa_factors(id) ON
            DELETE CASCADE);
        CREATE INDEX IF NOT EXISTS mfa_challenge_created_at_idx ON auth.mfa_challenges USING btree (created_at DESC);
        CREATE TABLE IF NOT EXISTS auth.mfa_amr_claims (
          session_id uuid NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          authentication_method text NOT NULL,
          id uuid NOT NULL,
          CONSTRAINT mfa_amr_claims_session_id_authentication_method_pkey UNIQUE (session_id, authentication_method),
          CONSTRAINT amr_id_pk PRIMARY KEY (id),
          CONSTRAINT mfa_amr_claims_session_id_fkey FOREIGN KEY (session_id) REFERENCES auth.sessions(id) ON DELETE
            CASCADE);
        CREATE TABLE IF NOT EXISTS auth.flow_state (
          id uuid NOT NULL,
          user_id uuid,
          auth_code text,
          code_challenge_method auth.code_challenge_method,
          code_challenge text,
          provider_type text NOT NULL,
          provider_access_token text,
          provider_refresh_token text,
          created_at timestamptz,
          updated_at timestamptz,
          authentication_method text NOT NULL,
          auth_code_issued_at timestamptz,
          invite_token text,
          referrer text,
          oauth_client_state_id uuid,
          linking_target_id uuid,
          email_optional boolean NOT NULL DEFAULT false,
          CONSTRAINT flow_state_pkey PRIMARY KEY (id));
        CREATE INDEX IF NOT EXISTS flow_state_created_at_idx ON auth.flow_state USING btree (created_at DESC);
        CREATE INDEX IF NOT EXISTS idx_auth_code ON auth.flow_state USING btree (auth_code);
        CREATE INDEX IF NOT EXISTS idx_user_id_auth_method ON auth.flow_state USING btree (user_id,
          authentication_method);
        """
}

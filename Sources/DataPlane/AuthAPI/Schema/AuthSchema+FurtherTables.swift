extension AuthSchema {
    /// Tables of the parts that other programs read and write: SSO, OAuth, WebAuthn.
    static let furtherTables = """
        CREATE TABLE IF NOT EXISTS auth.sso_providers (
          id uuid NOT NULL,
          resource_id text,
          created_at timestamptz,
          updated_at timestamptz,
          disabled boolean,
          CONSTRAINT sso_providers_pkey PRIMARY KEY (id),
          CONSTRAINT "resource_id not empty" CHECK (((resource_id = NULL) OR (char_length(resource_id) > 0))));
        CREATE UNIQUE INDEX IF NOT EXISTS sso_providers_resource_id_idx ON auth.sso_providers USING btree
          (lower(resource_id));
        CREATE INDEX IF NOT EXISTS sso_providers_resource_id_pattern_idx ON auth.sso_providers USING btree
          (resource_id text_pattern_ops);
        CREATE TABLE IF NOT EXISTS auth.sso_domains (
          id uuid NOT NULL,
          sso_provider_id uuid NOT NULL,
          domain text NOT NULL,
          created_at timestamptz,
          updated_at timestamptz,
          CONSTRAINT sso_domains_pkey PRIMARY KEY (id),
          CONSTRAINT sso_domains_sso_provider_id_fkey FOREIGN KEY (sso_provider_id) REFERENCES auth.sso_providers(id)
            ON DELETE CASCADE,
          CONSTRAINT "domain not empty" CHECK ((char_length(domain) > 0)));
        CREATE UNIQUE INDEX IF NOT EXISTS sso_domains_domain_idx ON auth.sso_domains USING btree (lower(domain));
        CREATE INDEX IF NOT EXISTS sso_domains_sso_provider_id_idx ON auth.sso_domains USING btree (sso_provider_id);
        CREATE TABLE IF NOT EXISTS auth.saml_providers (
          id uuid NOT NULL,
          sso_provider_id uuid NOT NULL,
          entity_id text NOT NULL,
          metadata_xml text NOT NULL,
          metadata_url text,
          attribute_mapping jsonb,
          created_at timestamptz,
          updated_at timestamptz,
          name_id_format text,
          CONSTRAINT saml_providers_entity_id_key UNIQUE (entity_id),
          CONSTRAINT saml_providers_pkey PRIMARY KEY (id),
          CONSTRAINT saml_providers_sso_provider_id_fkey FOREIGN KEY (sso_provider_id) REFERENCES
            auth.sso_providers(id) ON DELETE CASCADE,
          CONSTRAINT "entity_id not empty" CHECK ((char_length(entity_id) > 0)),
          CONSTRAINT "metadata_url not empty" CHECK (((metadata_url = NULL) OR (char_length(metadata_url) > 0))),
          CONSTRAINT "metadata_xml not empty" CHECK ((char_length(metadata_xml) > 0)));
        CREATE INDEX IF NOT EXISTS saml_providers_sso_provider_id_idx ON auth.saml_providers USING btree
          (sso_provider_id);
        CREATE TABLE IF NOT EXISTS auth.saml_relay_states (
          id uuid NOT NULL,
          sso_provider_id uuid NOT NULL,
          request_id text NOT NULL,
          for_email text,
          redirect_to text,
          created_at timestamptz,
          updated_at timestamptz,
          flow_state_id uuid,
          CONSTRAINT saml_relay_states_pkey PRIMARY KEY (id),
          CONSTRAINT saml_relay_states_flow_state_id_fkey FOREIGN KEY (flow_state_id) REFERENCES auth.flow_state(id)
            ON DELETE CASCADE,
          CONSTRAINT saml_relay_states_sso_provider_id_fkey FOREIGN KEY (sso_provider_id) REFERENCES
            auth.sso_providers(id) ON DELETE CASCADE,
          CONSTRAINT "request_id not empty" CHECK ((char_length(request_id) > 0)));
        CREATE INDEX IF NOT EXISTS saml_relay_states_created_at_idx ON auth.saml_relay_states USING btree (created_at
          DESC);
        CREATE INDEX IF NOT EXISTS saml_relay_states_for_email_idx ON auth.saml_relay_states USING btree (for_email);
        CREATE INDEX IF NOT EXISTS saml_relay_states_sso_provider_id_idx ON auth.saml_relay_states USING btree
          (sso_provider_id);
        CREATE TABLE IF NOT EXISTS auth.oauth_client_states (
          id uuid NOT NULL,
          provider_type text NOT NULL,
          code_verifier text,
          created_at timestamptz NOT NULL,
          CONSTRAINT oauth_client_states_pkey PRIMARY KEY (id));
        CREATE INDEX IF NOT EXISTS idx_oauth_client_states_created_at ON auth.oauth_client_states USING btree
          (created_at);
        CREATE TABLE IF NOT EXISTS auth.oauth_authorizations (
          id uuid NOT NULL,
          authorization_id text NOT NULL,
          client_id uuid NOT NULL,
          user_id uuid,
          redirect_uri text NOT NULL,
          scope text NOT NULL,
          state text,
          resource text,
          code_challenge text,
          code_challenge_method auth.code_challenge_method,
          response_type auth.oauth_response_type NOT NULL DEFAULT 'code'::auth.oauth_response_type,
          status auth.oauth_authorization_status NOT NULL DEFAULT 'pending'::auth.oauth_authorization_status,
          authorization_code text,
          created_at timestamptz NOT NULL DEFAULT now(),
          expires_at timestamptz NOT NULL DEFAULT (now() + '00:03:00'),
          approved_at timestamptz,
          nonce text,
          CONSTRAINT oauth_authorizations_authorization_code_key UNIQUE (authorization_code),
          CONSTRAINT oauth_authorizations_authorization_id_key UNIQUE (authorization_id),
          CONSTRAINT oauth_authorizations_pkey PRIMARY KEY (id),
          CONSTRAINT oauth_authorizations_client_id_fkey FOREIGN KEY (client_id) REFERENCES auth.oauth_clients(id) ON
            DELETE CASCADE,
          CONSTRAINT oauth_authorizations_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE
            CASCADE,
          CONSTRAINT oauth_authorizations_authorization_code_length CHECK ((char_length(authorization_code) <= 255)),
          CONSTRAINT oauth_authorizations_code_challenge_length CHECK ((char_length(code_challenge) <= 128)),
          CONSTRAINT oauth_authorizations_expires_at_future CHECK ((expires_at > created_at)),
          CONSTRAINT oauth_authorizations_nonce_length CHECK ((char_length(nonce) <= 255)),
          CONSTRAINT oauth_authorizations_redirect_uri_length CHECK ((char_length(redirect_uri) <= 2048)),
          CONSTRAINT oauth_authorizations_resource_length CHECK ((char_length(resource) <= 2048)),
          CONSTRAINT oauth_authorizations_scope_length CHECK ((char_length(scope) <= 4096)),
          CONSTRAINT oauth_authorizations_state_length CHECK ((char_length(state) <= 4096)));
        CREATE INDEX IF NOT EXISTS oauth_auth_pending_exp_idx ON auth.oauth_authorizations USING btree (expires_at)
          WHERE (status = 'pending'::auth.oauth_authorization_status);
        CREATE TABLE IF NOT EXISTS auth.oauth_consents (
          id uuid NOT NULL,
          user_id uuid NOT NULL,
          client_id uuid NOT NULL,
          scopes text NOT NULL,
          granted_at timestamptz NOT NULL DEFAULT now(),
          revoked_at timestamptz,
          CONSTRAINT oauth_consents_user_client_unique UNIQUE (user_id, client_id),
          CONSTRAINT oauth_consents_pkey PRIMARY KEY (id),
          CONSTRAINT oauth_consents_client_id_fkey FOREIGN KEY (client_id) REFERENCES auth.oauth_clients(id) ON DELETE
            CASCADE,
          CONSTRAINT oauth_consents_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE,
          CONSTRAINT oauth_consents_revoked_after_granted CHECK (((revoked_at IS NULL) OR (revoked_at >=
            granted_at))),
          CONSTRAINT oauth_consents_scopes_length CHECK ((char_length(scopes) <= 2048)),
          CONSTRAINT oauth_consents_scopes_not_empty CHECK ((char_length(TRIM(BOTH FROM scopes)) > 0)));
        CREATE INDEX IF NOT EXISTS oauth_consents_active_client_idx ON auth.oauth_consents USING btree (client_id)
          WHERE (revoked_at IS NULL);
        CREATE INDEX IF NOT EXISTS oauth_consents_active_user_client_idx ON auth.oauth_consents USING btree (user_id,
          client_id) WHERE (revoked_at IS NULL);
        CREATE INDEX IF NOT EXISTS oauth_consents_user_order_idx ON auth.oauth_consents USING btree (user_id,
          granted_at DESC);
        CREATE TABLE IF NOT EXISTS auth.custom_oauth_providers (
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          provider_type text NOT NULL,
          identifier text NOT NULL,
          name text NOT NULL,
          client_id text NOT NULL,
          client_secret text NOT NULL,
          acceptable_client_ids text[] NOT NULL DEFAULT '{}',
          scopes text[] NOT NULL DEFAULT '{}',
          pkce_enabled boolean NOT NULL DEFAULT true,
          attribute_mapping jsonb NOT NULL DEFAULT '{}',
          authorization_params jsonb NOT NULL DEFAULT '{}',
          enabled boolean NOT NULL DEFAULT true,
          email_optional boolean NOT NULL DEFAULT false,
          issuer text,
          discovery_url text,
          skip_nonce_check boolean NOT NULL DEFAULT false,
          cached_discovery jsonb,
          discovery_cached_at timestamptz,
          authorization_url text,
          token_url text,
          userinfo_url text,
          jwks_uri text,
          created_at timestamptz NOT NULL DEFAULT now(),
          updated_at timestamptz NOT NULL DEFAULT now(),
          custom_claims_allowlist text[] NOT NULL DEFAULT '{}',
          CONSTRAINT custom_oauth_providers_identifier_key UNIQUE (identifier),
          CONSTRAINT custom_oauth_providers_pkey PRIMARY KEY (id),
          CONSTRAINT custom_oauth_providers_authorization_url_https CHECK (((authorization_url IS NULL) OR
            (authorization_url ~~ 'https://%'))),
          CONSTRAINT custom_oauth_providers_authorization_url_length CHECK (((authorization_url IS NULL) OR
            (char_length(authorization_url) <= 2048))),
          CONSTRAINT custom_oauth_providers_client_id_length CHECK (((char_length(client_id) >= 1) AND
            (char_length(client_id) <= 512))),
          CONSTRAINT custom_oauth_providers_discovery_url_length CHECK (((discovery_url IS NULL) OR
            (char_length(discovery_url) <= 2048))),
          CONSTRAINT custom_oauth_providers_identifier_format CHECK ((identifier ~
            '^[a-z0-9][a-z0-9:-]{0,48}[a-z0-9]$')),
          CONSTRAINT custom_oauth_providers_issuer_length CHECK (((issuer IS NULL) OR ((char_length(issuer) >= 1) AND
            (char_length(issuer) <= 2048)))),
          CONSTRAINT custom_oauth_providers_jwks_uri_https CHECK (((jwks_uri IS NULL) OR (jwks_uri ~~ 'https://%'))),
          CONSTRAINT custom_oauth_providers_jwks_uri_length CHECK (((jwks_uri IS NULL) OR (char_length(jwks_uri) <=
            2048))),
          CONSTRAINT custom_oauth_providers_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <=
            100))),
          CONSTRAINT custom_oauth_providers_oauth2_requires_endpoints CHECK (((provider_type <> 'oauth2') OR
            ((authorization_url IS NOT NULL) AND (token_url IS NOT NULL) AND (userinfo_url IS NOT NULL)))),
          CONSTRAINT custom_oauth_providers_oidc_discovery_url_https CHECK (((provider_type <> 'oidc') OR
            (discovery_url IS NULL) OR (discovery_url ~~ 'https://%'))),
          CONSTRAINT custom_oauth_providers_oidc_issuer_https CHECK (((provider_type <> 'oidc') OR (issuer IS NULL) OR
            (issuer ~~ 'https://%'))),
          CONSTRAINT custom_oauth_providers_oidc_requires_issuer CHECK (((provider_type <> 'oidc') OR (issuer IS NOT
            NULL))),
          CONSTRAINT custom_oauth_providers_provider_type_check CHECK ((provider_type = ANY (ARRAY['oauth2',
            'oidc']))),
          CONSTRAINT custom_oauth_providers_token_url_https CHECK (((token_url IS NULL) OR (token_url ~~
            'https://%'))),
          CONSTRAINT custom_oauth_providers_token_url_length CHECK (((token_url IS NULL) OR (char_length(token_url) <=
            2048))),
          CONSTRAINT custom_oauth_providers_userinfo_url_https CHECK (((userinfo_url IS NULL) OR (userinfo_url ~~
            'https://%'))),
          CONSTRAINT custom_oauth_providers_userinfo_url_length CHECK (((userinfo_url IS NULL) OR
            (char_length(userinfo_url) <= 2048))));
        CREATE INDEX IF NOT EXISTS custom_oauth_providers_created_at_idx ON auth.custom_oauth_providers USING btree
          (created_at);
        CREATE INDEX IF NOT EXISTS custom_oauth_providers_enabled_idx ON auth.custom_oauth_providers USING btree
          (enabled);
        CREATE INDEX IF NOT EXISTS custom_oauth_providers_identifier_idx ON auth.custom_oauth_providers USING btree
          (identifier);
        CREATE INDEX IF NOT EXISTS custom_oauth_providers_provider_type_idx ON auth.custom_oauth_providers USING btree
          (provider_type);
        CREATE TABLE IF NOT EXISTS auth.webauthn_credentials (
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          user_id uuid NOT NULL,
          credential_id bytea NOT NULL,
          public_key bytea NOT NULL,
          attestation_type text NOT NULL DEFAULT '',
          aaguid uuid,
          sign_count bigint NOT NULL DEFAULT 0,
          transports jsonb NOT NULL DEFAULT '[]',
          backup_eligible boolean NOT NULL DEFAULT false,
          backed_up boolean NOT NULL DEFAULT false,
          friendly_name text NOT NULL DEFAULT '',
          created_at timestamptz NOT NULL DEFAULT now(),
          updated_at timestamptz NOT NULL DEFAULT now(),
          last_used_at timestamptz,
          CONSTRAINT webauthn_credentials_pkey PRIMARY KEY (id),
          CONSTRAINT webauthn_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE
            CASCADE);
        CREATE UNIQUE INDEX IF NOT EXISTS webauthn_credentials_credential_id_key ON auth.webauthn_credentials USING
          btree (credential_id);
        CREATE INDEX IF NOT EXISTS webauthn_credentials_user_id_idx ON auth.webauthn_credentials USING btree
          (user_id);
        CREATE TABLE IF NOT EXISTS auth.webauthn_challenges (
          id uuid NOT NULL DEFAULT gen_random_uuid(),
          user_id uuid,
          challenge_type text NOT NULL,
          session_data jsonb NOT NULL,
          created_at timestamptz NOT NULL DEFAULT now(),
          expires_at timestamptz NOT NULL,
          CONSTRAINT webauthn_challenges_pkey PRIMARY KEY (id),
          CONSTRAINT webauthn_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE
            CASCADE,
          CONSTRAINT webauthn_challenges_challenge_type_check CHECK ((challenge_type = ANY (ARRAY['signup',
            'registration', 'authentication']))));
        CREATE INDEX IF NOT EXISTS webauthn_challenges_expires_at_idx ON auth.webauthn_challenges USING btree
          (expires_at);
        CREATE INDEX IF NOT EXISTS webauthn_challenges_user_id_idx ON auth.webauthn_challenges USING btree (user_id);
        """
}

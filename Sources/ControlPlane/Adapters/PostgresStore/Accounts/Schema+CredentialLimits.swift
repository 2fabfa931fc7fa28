extension DatabaseSchema {
    /// What keeps a credential to what it is for: answers of repeated requests belong to the credential that sent them
    /// (those kept before could show another one's secrets, and go), tokens end with the token that made them, and an
    /// e-mail address that is not confirmed serves for signing in only.
    static let credentialLimits = Migration(
        number: 14, name: "credential limits",
        sql: """
            delete from idempotency_keys;
            alter table idempotency_keys
                add column credential text not null,
                drop constraint idempotency_keys_pkey,
                add primary key (account, credential, key);

            alter table accounts
                add column email_verified boolean not null default false,
                add column pending_email text check (octet_length(pending_email) <= 254
                    and pending_email ~ '^[!-?A-~]+@[!-?A-~]+$' and pending_email !~ '[A-Z]');
            update accounts set email_verified = true where is_bootstrap;
            create index accounts_unconfirmed on accounts (number) where not email_verified or pending_email is not null;
            alter table invitations add column is_vouched boolean not null default false;
            create index invitations_email on invitations (email);

            alter table access_tokens
                add column maker_token bigint references access_tokens (number) on delete cascade;
            alter table scoped_access_tokens
                add column maker_token bigint references access_tokens (number) on delete cascade,
                add column maker_scoped text references scoped_access_tokens (id) on delete cascade;
            create index access_tokens_maker on access_tokens (maker_token) where maker_token is not null;
            create index scoped_access_tokens_maker on scoped_access_tokens (maker_token)
                where maker_token is not null;
            create index scoped_access_tokens_maker_scoped on scoped_access_tokens (maker_scoped)
                where maker_scoped is not null;

            create trigger audit_entries_are_kept before truncate on audit_entries
                for each statement execute function refuse_change();
            create trigger audit_heads_are_kept before delete or truncate on audit_heads
                for each statement execute function refuse_change();
            """)
}

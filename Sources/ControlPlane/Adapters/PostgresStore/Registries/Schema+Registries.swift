extension DatabaseSchema {
    /// Logins at registries of images, the password of each sealed under the master key for its registry and account.
    static let registryLogins = Migration(
        number: 21, name: "registry logins",
        sql: """
            create table registry_logins (
                host text primary key check (octet_length(host) between 1 and 255 and host = lower(host)),
                username text not null check (octet_length(username) between 1 and 255),
                sealed_password bytea not null,
                updated_at timestamptz not null
            );
            """)
}

extension DatabaseSchema {
    /// What makes a session a browser's: the digest of its cookie, and the end of its life. Without a refresh token
    /// such a session works with its cookie alone; it ends with its row in `sessions`.
    static let browserSessions = Migration(
        number: 24, name: "browser sessions",
        sql: """
            create table browser_sessions (
                digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
                session text not null unique references sessions (id) on delete cascade,
                ends_at timestamptz not null,
                agent text not null check (octet_length(agent) <= 1024)
            );
            """)
}

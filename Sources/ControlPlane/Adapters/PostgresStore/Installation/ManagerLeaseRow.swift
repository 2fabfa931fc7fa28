import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `manager_lease`. `clock_timestamp()` moves on while a statement waits for a lock, `now()` does not.
enum ManagerLeaseRow {
    static func acquire(
        by manager: ManagerIdentity, for ttl: Duration, in session: some PostgresSession
    ) async throws -> FencingToken? {
        try await session.first(
            """
            insert into manager_lease as present (holder, address, projects_folder, token, expires_at)
            values ($1, $2, $3, 1, clock_timestamp() + $4::bigint * interval '1 millisecond')
            on conflict (is_only) do update set holder = excluded.holder, address = excluded.address,
                projects_folder = excluded.projects_folder, token = present.token + 1,
                taken_from = case when present.holder <> excluded.holder and present.expires_at <> '-infinity'
                    then present.address end,
                expires_at = clock_timestamp() + $4::bigint * interval '1 millisecond'
            where present.expires_at <= clock_timestamp() or present.holder = excluded.holder
            returning token
            """,
            [.text(manager.id), .text(manager.address), .text(manager.projectsFolder), .int(ttl.wholeMilliseconds)]
        ).map { FencingToken(try $0.int64("token")) }
    }

    static func renew(
        _ token: FencingToken, for ttl: Duration, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            """
            update manager_lease set expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond'
            where token = $1 and expires_at > clock_timestamp()
            """, [.int(token.number), .int(ttl.wholeMilliseconds)]) == 1
    }

    static func release(_ token: FencingToken, in session: some PostgresSession) async throws {
        try await session.execute(
            "update manager_lease set expires_at = '-infinity' where token = $1", [.int(token.number)])
    }

    /// Ends the lease of any holder.
    static func expire(in session: some PostgresSession) async throws {
        try await session.execute("update manager_lease set expires_at = '-infinity'")
    }

    static func current(in session: some PostgresSession) async throws -> LeaseTenure? {
        try await session.first(
            """
            select holder, address, projects_folder, token,
                ceil(extract(epoch from expires_at - clock_timestamp()) * 1000)::bigint as remaining
            from manager_lease where expires_at > clock_timestamp()
            """
        ).map { row in
            LeaseTenure(
                manager: ManagerIdentity(
                    id: try row.string("holder"), address: try row.string("address"),
                    projectsFolder: try row.string("projects_folder")),
                token: FencingToken(try row.int64("token")), remaining: .milliseconds(try row.int64("remaining")))
        }
    }

    /// Locks the lease of `token` until the end of the transaction: it cannot be taken over before.
    ///
    /// - Throws: ``StoreError/fenced`` when it is over.
    static func hold(_ token: FencingToken?, in session: some PostgresSession) async throws {
        guard let token else { throw StoreError.fenced }
        let row = try await session.first(
            "select 1 as mine from manager_lease where token = $1 and expires_at > clock_timestamp() for share",
            [.int(token.number)])
        if row == nil { throw StoreError.fenced }
    }
}

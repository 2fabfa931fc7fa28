public import Orchestrator
public import PostgresKit
import ProjectModel

/// Logins at registries in PostgreSQL: the table `registry_logins`.
public struct PostgresRegistryLoginStore: RegistryLoginStore {
    private static let columns = "host, username, sealed_password, updated_at"

    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Selects logins by host.
    public func logins() async throws(StoreError) -> [RegistryLogin] {
        try await transaction { session in
            try await session.query("select \(Self.columns) from registry_logins order by host collate \"C\"", [])
                .map(Self.login)
        }
    }

    /// Selects a login.
    public func login(at host: RegistryHost) async throws(StoreError) -> RegistryLogin? {
        try await transaction { session in
            try await session.first("select \(Self.columns) from registry_logins where host = $1", [.text(host.text)])
                .map(Self.login)
        }
    }

    /// Inserts or updates a login. The lock keeps others from passing the limit at the same moment.
    public func save(_ login: RegistryLogin, limit: Int) async throws(StoreError) -> Bool {
        try await transaction { session in
            try await session.execute("lock table registry_logins in share row exclusive mode", [])
            let count = try await session.execute(
                """
                insert into registry_logins (\(Self.columns))
                select $1::text, $2::text, $3::bytea, $4::timestamptz
                where (select count(*) from registry_logins where host <> $1) < $5
                on conflict (host) do update
                    set username = excluded.username, sealed_password = excluded.sealed_password,
                        updated_at = excluded.updated_at
                """,
                [
                    .text(login.host.text), .text(login.username), .bytes(login.sealedPassword),
                    .timestamp(login.updatedAt.postgres), .int(limit),
                ])
            return count > 0
        }
    }

    /// Deletes a login.
    public func delete(at host: RegistryHost) async throws(StoreError) -> RegistryLogin? {
        try await transaction { session in
            try await session.first(
                "delete from registry_logins where host = $1 returning \(Self.columns)", [.text(host.text)]
            ).map(Self.login)
        }
    }

    @Sendable private static func login(_ row: PostgresRow) throws -> RegistryLogin {
        guard let host = RegistryHost(try row.string("host")) else {
            throw StoreError.refused("a login is for something that is no registry")
        }
        return RegistryLogin(
            host: host, username: try row.string("username"), sealedPassword: try row.bytes("sealed_password"),
            updatedAt: Timestamp(try row.timestamp("updated_at")))
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}

import PostgresKit

/// Transactions of requests: as the caller, with row security, or as the schema's owner.
struct StorageDatabase: Sendable {
    let pool: PostgresPool

    /// Runs `body` with the caller's role and claims; what it changes stays.
    func asCaller<Value: Sendable>(
        _ scope: RequestScope, _ body: @Sendable (StorageStore) async throws -> Value
    ) async throws -> Value {
        try await pool.transaction { transaction in
            try await Self.enter(scope, transaction)
            return try await body(StorageStore(session: transaction))
        }
    }

    /// Tries as the caller what the owner is to do later: what `body` changes is taken back.
    func probing(_ scope: RequestScope, _ body: @Sendable (StorageStore) async throws -> Void) async throws {
        do {
            try await pool.transaction { transaction in
                try await Self.enter(scope, transaction)
                try await body(StorageStore(session: transaction))
                throw Probed()
            }
        } catch is Probed { return }
    }

    /// Runs `body` as the owner of the schema, who sees every row.
    func asOwner<Value: Sendable>(_ body: @Sendable (StorageStore) async throws -> Value) async throws -> Value {
        try await pool.transaction { transaction in
            try await transaction.query("SELECT set_config('storage.allow_delete_query', 'true', true)")
            return try await body(StorageStore(session: transaction))
        }
    }

    fileprivate static func enter(_ scope: RequestScope, _ session: any PostgresSession) async throws(PostgresError) {
        let settings = scope.settings
        let calls = settings.indices.map { "set_config($\(2 * $0 + 1), $\(2 * $0 + 2), true)" }
        try await session.query(
            "SELECT " + calls.joined(separator: ", "),
            settings.flatMap { [PostgresParameter.text($0.name), .text(withoutNUL($0.value))] })
    }

    private static func withoutNUL(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\0" }))
    }

    /// Ends a transaction that was only a question.
    private struct Probed: Error {}
}

/// Statements on the tables of schema `storage`.
struct StorageStore: Sendable {
    let session: any PostgresSession

    /// Tries as the caller what the owner does next in the same transaction: what `body` changes is taken back.
    func asking(_ scope: RequestScope, _ body: (StorageStore) async throws -> Void) async throws {
        try await session.query("SAVEPOINT asked")
        try await StorageDatabase.enter(scope, session)
        try await body(self)
        try await session.query("ROLLBACK TO SAVEPOINT asked")
    }

    /// Makes those wait who change the same object, until the transaction ends.
    func lock(_ path: ObjectPath) async throws(PostgresError) {
        try await session.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7019301))", [.text(path.text)])
    }
}

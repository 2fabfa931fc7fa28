public import Orchestrator
public import PostgresKit
public import ProjectModel

/// The ledger of orphans in PostgreSQL: the table `orphans`.
public struct PostgresOrphanStore: OrphanStore {
    private static let columns = """
        number, kind, id, name, project_label, first_seen, grace_until, state, refusal
        """

    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Selects orphans by number.
    public func orphans() async throws(StoreError) -> [Orphan] {
        try await transaction { session in
            try await session.query(
                "select \(Self.columns) from orphans order by number limit $1", [.int(OrphanLimits.listedMax)]
            ).map(Self.orphan)
        }
    }

    /// Inserts orphans that are not known yet.
    public func add(_ orphans: [Orphan]) async throws(StoreError) {
        try await transaction { session in
            for orphan in orphans {
                try await session.execute(
                    """
                    insert into orphans (kind, id, name, project_label, first_seen, grace_until, state, refusal)
                    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (kind, id) do nothing
                    """,
                    [
                        .text(orphan.object.key.kind.rawValue), .text(orphan.object.key.id),
                        .text(orphan.object.name), .text(orphan.object.projectLabel),
                        .timestamp(orphan.firstSeen.postgres), .timestamp(orphan.graceUntil.postgres),
                        .text(orphan.state.rawValue), .optional(orphan.refusal),
                    ])
            }
        }
    }

    /// Updates until when orphans are left alone.
    public func renewGrace(of numbers: Set<Int64>, until time: Timestamp) async throws(StoreError) {
        try await transaction { session in
            _ = try await session.execute(
                "update orphans set grace_until = $2 where number = any($1::text[]::bigint[])",
                [.textArray(numbers.sorted().map(String.init)), .timestamp(time.postgres)])
        }
    }

    /// Deletes orphans.
    public func strike(_ numbers: Set<Int64>) async throws(StoreError) {
        try await transaction { session in
            _ = try await session.execute(
                "delete from orphans where number = any($1::text[]::bigint[])",
                [.textArray(numbers.sorted().map(String.init))])
        }
    }

    /// Updates the state of an orphan.
    public func requestRemoval(of number: Int64) async throws(StoreError) -> Orphan? {
        try await transaction { session in
            try await session.first(
                "update orphans set state = 'removing', refusal = null where number = $1 returning \(Self.columns)",
                [.int(number)]
            ).map(Self.orphan)
        }
    }

    /// Updates what the engine said.
    public func note(refusal: String, of number: Int64) async throws(StoreError) {
        try await transaction { session in
            _ = try await session.execute(
                "update orphans set refusal = $2 where number = $1", [.int(number), .text(refusal)])
        }
    }

    /// Selects the refs that there are projects for.
    public func projects(among refs: Set<String>) async throws(StoreError) -> Set<String> {
        try await transaction { session in
            Set(
                try await session.query("select ref from projects where ref = any($1)", [.textArray(refs.sorted())])
                    .map { try $0.string("ref") })
        }
    }

    @Sendable private static func orphan(_ row: PostgresRow) throws -> Orphan {
        guard let kind = EngineObjectKind(rawValue: try row.string("kind")),
            let state = Orphan.State(rawValue: try row.string("state"))
        else { throw StoreError.refused("an orphan has an unknown kind or state") }
        return Orphan(
            number: try row.int64("number"),
            object: EngineObject(
                key: EngineObjectKey(kind, try row.string("id")), name: try row.string("name"),
                projectLabel: try row.string("project_label")),
            firstSeen: Timestamp(try row.timestamp("first_seen")),
            graceUntil: Timestamp(try row.timestamp("grace_until")), state: state,
            refusal: try row.optionalString("refusal"))
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}

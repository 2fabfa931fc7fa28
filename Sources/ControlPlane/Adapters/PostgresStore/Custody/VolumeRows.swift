import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `volumes` and `volume_attachments`.
enum VolumeRows {
    private static let columns = """
        v.name, v.owner, v.ref, v.compose_name, v.identity, v.created_at, v.holds_data, v.postgres_major, v.kept_at,
        v.destruction_requested_at, v.generation, v.set_aside_at
        """

    static func select(of ref: ProjectRef, in session: some PostgresSession) async throws -> [VolumeRecord] {
        try await session.query(
            "select \(columns) from volumes v where v.ref = $1 or v.owner = $1 order by v.name", [.text(ref.text)]
        ).map(volume)
    }

    static func kept(in organization: String, in session: some PostgresSession) async throws -> [VolumeRecord] {
        try await session.query(
            """
            select \(columns) from volumes v join projects p on p.ref = v.ref
            where v.kept_at is not null and p.organization_slug = $1 order by v.name limit $2
            """, [.text(organization), .int(CustodyLimits.keptVolumesMax)]
        ).map(volume)
    }

    static func keptCount(in organization: String, in session: some PostgresSession) async throws -> Int {
        try await session.single(
            """
            select count(*) as count from volumes v join projects p on p.ref = v.ref
            where v.kept_at is not null and p.organization_slug = $1
            """, [.text(organization)]
        ).int("count")
    }

    static func save(_ volumes: [VolumeRecord], in session: some PostgresSession) async throws {
        for volume in volumes.sorted(by: { $0.name < $1.name }) {
            try await session.execute(
                """
                insert into volumes (name, owner, ref, compose_name, identity, created_at, holds_data,
                    postgres_major, kept_at, destruction_requested_at, generation, set_aside_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                on conflict (name) do update set owner = excluded.owner, ref = excluded.ref,
                    compose_name = excluded.compose_name, identity = excluded.identity,
                    created_at = excluded.created_at, holds_data = excluded.holds_data,
                    postgres_major = excluded.postgres_major, kept_at = excluded.kept_at,
                    destruction_requested_at = excluded.destruction_requested_at,
                    generation = excluded.generation, set_aside_at = excluded.set_aside_at
                """,
                [
                    .text(volume.name), .text(volume.owner.text), .text(volume.ref.text), .text(volume.composeName),
                    .optional(volume.identity), .optional(volume.createdAt?.postgres), .bool(volume.holdsData),
                    .optional(volume.postgresMajor), .optional(volume.keptAt?.postgres),
                    .optional(volume.destructionRequestedAt?.postgres), .int(volume.generation),
                    .optional(volume.setAsideAt?.postgres),
                ])
        }
    }

    static func forget(_ names: Set<String>, in session: some PostgresSession) async throws {
        try await session.execute("delete from volumes where name = any($1)", [.textArray(names.sorted())])
    }

    static func requestDestruction(
        of name: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            """
            update volumes set destruction_requested_at = $2
            where name = $1 and kept_at is not null and destruction_requested_at is null
            """, [.text(name), .timestamp(time.postgres)]) == 1
    }

    static func destructions(in session: some PostgresSession) async throws -> Set<ProjectRef> {
        Set(
            try await session.query("select owner from volumes where destruction_requested_at is not null")
                .map { try ref($0.string("owner")) })
    }

    // MARK: Attaching

    /// All of a project's kept volumes or none: a database without its keys is worth as little as the other way round.
    static func attach(
        volumesOf source: ProjectRef, to ref: ProjectRef, in session: some PostgresSession
    ) async throws -> [VolumeRecord] {
        let kept = try await session.query(
            """
            select \(columns) from volumes v where v.ref = $1 and v.kept_at is not null order by v.name for update
            """, [.text(source.text)]
        ).map(volume)
        if !kept.isEmpty, kept.allSatisfy({ $0.destructionRequestedAt == nil }) {
            try await session.execute(
                "update volumes set ref = $2, kept_at = null where name = any($1)",
                [.textArray(kept.map(\.name)), .text(ref.text)])
            try await session.execute(
                """
                insert into volume_attachments (ref, source) values ($1, $2)
                on conflict (ref) do update set source = excluded.source
                """, [.text(ref.text), .text(source.text)])
        }
        return try await session.query(
            """
            select \(columns) from volumes v join volume_attachments a on a.ref = v.ref
            where v.ref = $1 and a.source = $2 and v.owner <> v.ref order by v.name
            """, [.text(ref.text), .text(source.text)]
        ).map(volume)
    }

    static func attachment(of ref: ProjectRef, in session: some PostgresSession) async throws -> ProjectRef? {
        try await session.first("select source from volume_attachments where ref = $1", [.text(ref.text)])
            .map { try Self.ref($0.string("source")) }
    }

    static func giveBack(
        volumesOf ref: ProjectRef, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            update volumes v set ref = a.source, kept_at = $2 from volume_attachments a
            where a.ref = v.ref and v.ref = $1 and v.owner <> v.ref
            """, [.text(ref.text), .timestamp(time.postgres)])
    }

    // MARK: Reading

    private static func ref(_ text: String) throws -> ProjectRef {
        guard let ref = ProjectRef(text) else { throw StoreError.refused("\(text) is not a project ref") }
        return ref
    }

    private static func volume(_ row: PostgresRow) throws -> VolumeRecord {
        var volume = VolumeRecord(
            name: try row.string("name"), owner: try ref(row.string("owner")), ref: try ref(row.string("ref")),
            composeName: try row.string("compose_name"), identity: try row.optionalString("identity"),
            createdAt: try row.optionalTimestamp("created_at").map { Timestamp($0) },
            holdsData: try row.bool("holds_data"), postgresMajor: try row.optionalInt("postgres_major"),
            keptAt: try row.optionalTimestamp("kept_at").map { Timestamp($0) },
            destructionRequestedAt: try row.optionalTimestamp("destruction_requested_at").map { Timestamp($0) })
        volume.generation = try row.int("generation")
        volume.setAsideAt = try row.optionalTimestamp("set_aside_at").map { Timestamp($0) }
        return volume
    }
}

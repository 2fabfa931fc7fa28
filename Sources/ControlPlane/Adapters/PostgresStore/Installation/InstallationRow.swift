public import PostgresKit

/// The row that identifies this installation: its id is on every object that it makes.
public struct InstallationRow: Sendable, Equatable {
    /// Twelve lower-case letters and digits.
    public let id: String
    /// A constant sealed with the master key: opens with the right one only.
    public let keyCheck: [UInt8]

    public init(id: String, keyCheck: [UInt8]) {
        self.id = id
        self.keyCheck = keyCheck
    }

    /// The row, once there is one.
    public static func load(from session: some PostgresSession) async throws(PostgresError) -> InstallationRow? {
        guard let row = try await session.first("select id, key_check from installation") else { return nil }
        return InstallationRow(id: try row.string("id"), keyCheck: try row.bytes("key_check"))
    }

    /// The sealed key that signs access tokens; stores `made` unless there is one.
    public static func signingKey(
        orStore made: () throws -> [UInt8], in session: some PostgresSession
    ) async throws -> [UInt8] {
        let present = try await session.single("select signing_key from installation").optionalBytes("signing_key")
        if let present { return present }
        try await session.execute(
            "update installation set signing_key = $1 where signing_key is null", [.bytes(try made())])
        return try await session.single("select signing_key from installation").bytes("signing_key")
    }

    /// Stores the row unless another manager was faster, and gives the one that counts.
    public func store(in session: some PostgresSession) async throws(PostgresError) -> InstallationRow {
        _ = try await session.execute(
            "insert into installation (id, key_check) values ($1, $2) on conflict do nothing",
            [.text(id), .bytes(keyCheck)])
        return try await Self.load(from: session) ?? self
    }
}

import Orchestrator
import PostgresKit
import ProjectModel
import TokenKit

/// SQL of the tables `audit_heads` and `audit_entries`.
enum AuditRows {
    static func append(
        _ deed: AuditDeed, signer: any AuditSigner, in session: some PostgresSession
    ) async throws -> AuditEntry {
        let scope = deed.scope.text
        try await session.execute(
            "insert into audit_heads (scope, number, hash) values ($1, 0, $2) on conflict (scope) do nothing",
            [.text(scope), .text(AuditEntry.noHash)])
        // The lock is kept until the end of the transaction: entries of one trail are made one after the other.
        let row = try await session.single(
            "select number, hash, signature from audit_heads where scope = $1 for update", [.text(scope)])
        let before = try head(row, of: deed.scope, signer)
        let number = before.number + 1
        let text = AuditEntry.hashed(deed, number: number, previousHash: before.hash)
        let hash = Hex.encode(try Digest.sha256(Array(text.utf8)))
        let entry = AuditEntry(number: number, deed: deed, previousHash: before.hash, hash: hash)
        try await insert(entry, in: session)
        // A head that was replaced is never signed: its old signature, which is that of no head to come, stays as the
        // proof.
        let signature =
            before.signature == .invalid
            ? try row.bytes("signature") : try signer.sign(AuditHead.signedText(deed.scope, number: number, hash: hash))
        try await session.execute(
            "update audit_heads set number = $2, hash = $3, signature = $4 where scope = $1",
            [.text(scope), .int(number), .text(hash), .bytes(signature)])
        return entry
    }

    private static func insert(_ entry: AuditEntry, in session: some PostgresSession) async throws {
        let deed = entry.deed
        let (target, before, after) = (Fields(deed.target), Fields(deed.before), Fields(deed.after))
        try await session.execute(
            """
            insert into audit_entries (scope, number, at, actor_id, actor_email, credential, action, route, status,
                target_names, target_values, address, request_id, before_names, before_values, after_names,
                after_values, previous_hash, hash)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
            """,
            [
                .text(deed.scope.text), .int(entry.number), .timestamp(deed.at.postgres), .text(deed.actorID),
                .text(deed.actorEmail), .text(deed.credential), .text(deed.action), .text(deed.route),
                .int(deed.status), .textArray(target.names), .textArray(target.values), .text(deed.address),
                .text(deed.requestID), .textArray(before.names), .textArray(before.values),
                .textArray(after.names), .textArray(after.values), .text(entry.previousHash), .text(entry.hash),
            ])
    }

    static func select(_ query: AuditQuery, in session: some PostgresSession) async throws -> [AuditEntry] {
        let rows = try await session.query(
            """
            select * from audit_entries
            where scope = $1 and ($2::timestamptz is null or at >= $2) and ($3::timestamptz is null or at <= $3)
                and ($4::bigint is null or number < $4) and ($6::bigint is null or number > $6)
            order by number \(query.after == nil ? "desc" : "asc") limit $5
            """,
            [
                .text(query.scope.text), .optional(query.from?.postgres), .optional(query.to?.postgres),
                .optional(query.before), .int(min(max(1, query.limit), AuditQuery.limitMax)),
                .optional(query.after),
            ])
        return try rows.map { try entry($0, of: query.scope) }
    }

    static func head(
        of scope: AuditScope, signer: any AuditSigner, in session: some PostgresSession
    ) async throws -> AuditHead {
        let row = try await session.first(
            "select number, hash, signature from audit_heads where scope = $1", [.text(scope.text)])
        return try row.map { try head($0, of: scope, signer) } ?? .empty
    }

    private static func head(
        _ row: PostgresRow, of scope: AuditScope, _ signer: any AuditSigner
    ) throws -> AuditHead {
        let (number, hash) = (try row.int64("number"), try row.string("hash"))
        let signature = try AuditSignature(
            stored: try row.optionalBytes("signature"), of: (number, hash), in: scope, by: signer)
        return AuditHead(number: number, hash: hash, signature: signature)
    }

    static func scopes(limit: Int, in session: some PostgresSession) async throws -> [AuditScope] {
        // In byte order, regardless of the database's collation.
        try await session.query("select scope from audit_heads order by scope collate \"C\" limit $1", [.int(limit)])
            .compactMap { AuditScope(try $0.string("scope")) }
    }

    private static func entry(_ row: PostgresRow, of scope: AuditScope) throws -> AuditEntry {
        let deed = AuditDeed(
            scope: scope, at: Timestamp(try row.timestamp("at")), actorID: try row.string("actor_id"),
            actorEmail: try row.string("actor_email"), credential: try row.string("credential"),
            action: try row.string("action"), route: try row.string("route"), status: try row.int("status"),
            target: try fields("target", row), address: try row.string("address"),
            requestID: try row.string("request_id"), before: try fields("before", row),
            after: try fields("after", row))
        return AuditEntry(
            number: try row.int64("number"), deed: deed, previousHash: try row.string("previous_hash"),
            hash: try row.string("hash"))
    }

    private static func fields(_ group: String, _ row: PostgresRow) throws -> [String: String] {
        let names = try row.textArray("\(group)_names")
        return Dictionary(zip(names, try row.textArray("\(group)_values"))) { $1 }
    }

    /// Fields as two arrays of the same length.
    private struct Fields {
        let names: [String]
        let values: [String]

        init(_ fields: [String: String]) {
            let sorted = fields.sorted { $0.key < $1.key }
            names = sorted.map(\.key)
            values = sorted.map(\.value)
        }
    }
}

import DataPlaneCore
import PostgresKit
import TokenKit

/// Answers what a client may do on a topic.
protocol ChannelPolicies: Sendable {
    /// The rights that policies give, to read or to write.
    func rights(_ question: PolicyQuestion) async throws(RightsFailure) -> ChannelRights
}

/// Who asks for which rights on which topic.
struct PolicyQuestion: Sendable, Hashable {
    let kind: RightsCheck.Kind
    let claims: ChannelClaims
    /// Without the prefix.
    let topic: String
}

/// Evaluates the policies of `realtime.messages` by trying: rows are inserted and looked for under the client's role, in
/// one transaction that is always rolled back.
struct PolicyReader: ChannelPolicies {
    /// Time for one statement, and so for one policy.
    static let deadline: Duration = .seconds(3)
    private static let extensions = ["broadcast", "presence"]
    /// SQLSTATE of a row or a table that a role may not write.
    private static let insufficientPrivilege = "42501"

    let pool: PostgresPool

    func rights(_ question: PolicyQuestion) async throws(RightsFailure) -> ChannelRights {
        do {
            try await pool.transaction(retries: 0) { transaction in
                let found =
                    switch question.kind {
                    case .read: try await Self.visible(transaction, question)
                    case .write: try await Self.writable(transaction, question)
                    }
                throw RolledBack(found: found)
            }
        } catch let answer as RolledBack {
            return ChannelRights(
                broadcast: answer.found.contains("broadcast"), presence: answer.found.contains("presence"))
        } catch let error as PostgresError {
            guard case .server = error else { throw .database }
            throw .policy
        } catch { throw .database }
        // The transaction ends by what is thrown above.
        return .none
    }

    /// The way out of a transaction that must not commit.
    private struct RolledBack: Error {
        var found: Set<String>
    }

    private static func visible(
        _ transaction: PostgresTransaction, _ question: PolicyQuestion
    ) async throws -> Set<String> {
        let probes = try await transaction.query(
            """
            INSERT INTO realtime.messages (topic, extension, event, private)
            VALUES ($1, 'broadcast', '', true), ($1, 'presence', '', true) RETURNING id::text
            """, [.text(question.topic)], deadline: deadline)
        let ids = try probes.map { try $0.string("id") }
        try await become(question, transaction)
        let rows = try await transaction.query(
            "SELECT extension FROM realtime.messages WHERE topic = $1 AND id = ANY ($2::text[]::uuid[])",
            [.text(question.topic), .textArray(ids)], deadline: deadline)
        return Set(try rows.map { try $0.string("extension") })
    }

    private static func writable(
        _ transaction: PostgresTransaction, _ question: PolicyQuestion
    ) async throws -> Set<String> {
        try await become(question, transaction)
        var found: Set<String> = []
        for name in extensions {
            try await transaction.executeScript("SAVEPOINT probe")
            do throws(PostgresError) {
                _ = try await transaction.query(
                    "INSERT INTO realtime.messages (topic, extension, event, private) VALUES ($1, $2, '', true)",
                    [.text(question.topic), .text(name)], deadline: deadline)
                found.insert(name)
            } catch {
                // That is the policies' answer; anything else is a failure.
                guard error.sqlState == insufficientPrivilege else { throw error }
            }
            try await transaction.executeScript("ROLLBACK TO SAVEPOINT probe")
        }
        return found
    }

    /// The client's role and claims, as policies see them.
    private static func become(_ question: PolicyQuestion, _ transaction: PostgresTransaction) async throws {
        let claims = question.claims
        try await transaction.query(
            """
            SELECT set_config('statement_timeout', $6, true), set_config('role', $1, true),
              set_config('realtime.topic', $2, true), set_config('request.jwt.claims', $3, true),
              set_config('request.jwt.claim.sub', $4, true), set_config('request.jwt.claim.role', $5, true),
              set_config('request.headers', '{}', true)
            """,
            [
                .text(claims.role), .text(question.topic), .text(claims.json), .text(claims.subject ?? ""),
                .text(claims.role), .text("\(deadline.components.seconds)s"),
            ])
    }
}

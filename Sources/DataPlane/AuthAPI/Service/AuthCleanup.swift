import PostgresKit

/// Deletes what has expired. Each statement takes few rows and skips those that others have locked.
public struct AuthCleanup: Sendable {
    /// Time between two rounds.
    public static let interval: Duration = .seconds(600)
    /// Rows of one statement, and statements of one kind in a round.
    private static let rowsMax = 100
    private static let statementsMax = 50

    private let service: AuthService
    private let takesUsers: Bool

    /// A clean-up.
    ///
    /// - Parameter takesUsers: whether anonymous users go after 30 days (`GOTRUE_DB_CLEANUP_ENABLED`).
    public init(service: AuthService, takesUsers: Bool) {
        self.service = service
        self.takesUsers = takesUsers
    }

    /// Tables and what of them goes.
    private var kinds: [(table: String, key: String, condition: String)] {
        var kinds: [(table: String, key: String, condition: String)] = [
            ("flow_state", "id", "created_at < now() - interval '24 hours'"),
            ("oauth_client_states", "id", "created_at < now() - interval '24 hours'"),
            ("mfa_challenges", "id", "created_at < now() - interval '24 hours'"),
            ("mfa_factors", "id", "status = 'unverified' AND created_at < now() - interval '24 hours'"),
            ("refresh_tokens", "id", "revoked AND updated_at < now() - interval '24 hours'"),
            ("sessions", "id", "not_after < now() - interval '72 hours'"),
        ]
        let configuration = service.configuration
        if let seconds = configuration.sessionTimebox {
            kinds.append(("sessions", "id", "created_at < now() - interval '\(seconds) seconds' - interval '24 hours'"))
        }
        if let seconds = configuration.sessionInactivity {
            let last = "coalesce(refreshed_at AT TIME ZONE 'utc', created_at)"
            kinds.append(("sessions", "id", "\(last) < now() - interval '\(seconds) seconds' - interval '24 hours'"))
        }
        if takesUsers { kinds.append(("users", "id", "is_anonymous AND created_at < now() - interval '30 days'")) }
        return kinds
    }

    /// One round. What fails is tried again in the next.
    public func round() async throws {
        for kind in kinds {
            for _ in 0..<Self.statementsMax where !Task.isCancelled {
                let count = try await service.pool.execute(
                    """
                    DELETE FROM auth.\(kind.table) WHERE \(kind.key) IN (SELECT \(kind.key) FROM auth.\(kind.table)
                      WHERE \(kind.condition) LIMIT \(Self.rowsMax) FOR UPDATE SKIP LOCKED)
                    """)
                if count < Self.rowsMax { break }
            }
        }
    }
}

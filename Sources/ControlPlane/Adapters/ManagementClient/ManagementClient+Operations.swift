public import ProjectModel

/// An operation on a project, as the API returns it.
public struct ProjectOperation: Codable, Sendable, Equatable {
    /// UUID.
    public let id: String
    /// `create`, `pause`, `resume`, `restart`, `upgrade` or `delete`.
    public let kind: String
    /// `pending` and `running` are in progress; everything else has ended.
    public let state: String
    /// The requester.
    public let requestedBy: String
    /// When, and its deadline.
    public let requestedAt, deadline: String
    /// Plans carried out for it.
    public let attempts: Int
    /// The reason of the wait, and the service.
    public let waitingFor, service: String?
    /// The call to the engine that was made last, and what went wrong.
    public let lastCall, lastError: String?
    /// When it is tried again, when it ended, and why so.
    public let nextRetryAt, finishedAt, result: String?

    enum CodingKeys: String, CodingKey {
        case id, kind, state, deadline, attempts, service, result
        case requestedBy = "requested_by"
        case requestedAt = "requested_at"
        case waitingFor = "waiting_for"
        case lastCall = "last_call"
        case lastError = "last_error"
        case nextRetryAt = "next_retry_at"
        case finishedAt = "finished_at"
    }
}

/// Why an operation makes no progress, as the API returns it.
public struct OperationExplanation: Codable, Sendable {
    public let operation: ProjectOperation
    /// The project's status.
    public let status: String
    /// Whether its deadline has passed.
    public let isOverdue: Bool
    /// The service that blocks.
    public let blocking: Blocking?

    /// A service that blocks.
    public struct Blocking: Codable, Sendable {
        public let service: String
        /// What it is doing, in a word and in a sentence; and what its last failed probe said.
        public let state, message, probeOutput: String?
        /// The end of its log.
        public let logTail: String

        enum CodingKeys: String, CodingKey {
            case service, state, message
            case probeOutput = "probe_output"
            case logTail = "log_tail"
        }
    }

    enum CodingKeys: String, CodingKey {
        case operation, status, blocking
        case isOverdue = "is_overdue"
    }
}

// Operations.
extension ManagementClient {
    /// The latest operations of a project, newest first.
    public func operations(of ref: ProjectRef, limit: Int) async throws(ClientError) -> [ProjectOperation] {
        struct Body: Decodable {
            let operations: [ProjectOperation]
        }
        let call = APICall.get("platform", "projects", ref.text, "operations", query: [("limit", "\(limit)")])
        return try await answer(call, as: Body.self).operations
    }

    /// Why an operation has not come further.
    public func explain(_ id: String, of ref: ProjectRef) async throws(ClientError) -> OperationExplanation {
        try await answer(.get("platform", "projects", ref.text, "operations", id, "explain"))
    }

    /// Takes an operation back.
    public func cancel(_ id: String, of ref: ProjectRef) async throws(ClientError) {
        try await send(.post("platform", "projects", ref.text, "operations", id, "cancel"))
    }
}

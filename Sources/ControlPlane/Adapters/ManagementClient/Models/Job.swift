/// A job of the manager.
public struct Job: Codable, Sendable, Equatable {
    /// Its number.
    public var id: Int64
    /// What it does.
    public var kind: String
    /// Its name among those of its kind.
    public var key: String
    /// The project that it is about.
    public var projectRef: String?
    /// `at_least_once` or `at_most_once`.
    public var contract: String
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    public var state: String
    /// When it runs next, or ran last, in RFC 3339.
    public var due: String
    /// Seconds between two runs of one that recurs.
    public var intervalSeconds: Int64?
    /// Runs that have begun.
    public var runs: Int64
    /// Failures in a row.
    public var attempts: Int
    /// Runs in a row that have lost their manager.
    public var interruptions: Int
    /// How far it has come.
    public var progress: Progress?
    /// The manager that runs it.
    public var manager: String?
    /// When the present run began, in RFC 3339.
    public var startedAt: String?
    /// How the last run ended.
    public var outcome: String?
    /// Why it ended otherwise than well.
    public var error: String?
    /// What the last run that succeeded gave.
    public var result: String?
    /// When it was enqueued, in RFC 3339.
    public var createdAt: String
    /// When the last run ended, in RFC 3339.
    public var endedAt: String?

    /// How far a job has come.
    public struct Progress: Codable, Sendable, Equatable {
        /// What is done.
        public var done: Int64
        /// How much there is to do.
        public var total: Int64?
        /// What is done at the moment, in words.
        public var message: String
    }

    enum CodingKeys: String, CodingKey {
        case id, kind, key, contract, state, due, runs, attempts, interruptions, progress, manager, outcome, error,
            result
        case projectRef = "project_ref"
        case intervalSeconds = "interval_seconds"
        case startedAt = "started_at"
        case createdAt = "created_at"
        case endedAt = "ended_at"
    }
}

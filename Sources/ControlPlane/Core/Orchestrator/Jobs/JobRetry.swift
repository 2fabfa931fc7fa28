/// How often a run that failed is repeated, and after which waits.
public struct JobRetry: Sendable, Equatable {
    /// The wait after the first failure; each further one is twice as long.
    public var first: Duration
    /// The longest wait.
    public var longest: Duration
    /// Runs that may fail in a row; then the job is given up, or waits for its next time.
    public var attemptsMax: Int
    /// Runs in a row that may lose their manager. More than failures: a manager is also restarted for good reasons; but
    /// a job that kills its manager must not do so forever.
    public var interruptionsMax: Int

    /// Limits; the usual ones by default.
    public init(
        first: Duration = .seconds(5), longest: Duration = .seconds(600), attemptsMax: Int = 8,
        interruptionsMax: Int = 20
    ) {
        self.first = first
        self.longest = longest
        self.attemptsMax = attemptsMax
        self.interruptionsMax = interruptionsMax
    }

    /// The wait after this many failures in a row.
    public func wait(after failures: Int) -> Duration {
        var wait = first
        for _ in 1..<max(failures, 1) where wait < longest { wait *= 2 }
        return min(wait, longest)
    }
}

/// How long a finished job can be read, and its key returns it.
public struct JobRetention: Sendable, Equatable {
    /// After it has succeeded, or was cancelled.
    public var succeeded: Duration
    /// After it has failed.
    public var failed: Duration

    /// Times; a day and a month by default.
    public init(succeeded: Duration = .seconds(86_400), failed: Duration = .seconds(30 * 86_400)) {
        self.succeeded = succeeded
        self.failed = failed
    }
}

/// Bounds of jobs.
public struct JobLimits: Sendable, Equatable {
    /// Bytes of a key at most.
    public static let keyBytesMax = 200
    /// Bytes of a payload at most: what is larger belongs to the feature's own table.
    public static let payloadBytesMax = 65_536
    /// Characters of an error, a result or a progress message that are stored.
    public static let textMax = 1_000
    /// Jobs of one list at most.
    public static let listedMax = 1_000

    /// Jobs that one manager runs at once.
    public var parallelMax: Int
    /// Jobs that one transaction claims.
    public var batchMax: Int
    /// Time between two polls for due jobs without a notification.
    public var pollInterval: Duration
    /// Shortest time between two claims: so often the database is asked when jobs are short and many.
    public var claimInterval: Duration
    /// Time between two looks for jobs without a manager and for times that a set clock has moved away.
    public var upkeepInterval: Duration
    /// Rows of one such look.
    public var upkeepBatch: Int
    /// Time between two looks at how long a run takes and whether it is still wanted.
    public var watchInterval: Duration
    /// The wait after the end of a run could not be written; each further one is twice as long.
    public var recordWait: Duration
    /// The longest of these waits.
    public var recordWaitMax: Duration

    /// Bounds; the usual ones by default.
    public init(
        parallelMax: Int = 32, batchMax: Int = 32, pollInterval: Duration = .seconds(5),
        claimInterval: Duration = .milliseconds(100), upkeepInterval: Duration = .seconds(60), upkeepBatch: Int = 200,
        watchInterval: Duration = .seconds(1), recordWait: Duration = .milliseconds(200),
        recordWaitMax: Duration = .seconds(5)
    ) {
        self.parallelMax = parallelMax
        self.batchMax = batchMax
        self.pollInterval = pollInterval
        self.claimInterval = claimInterval
        self.upkeepInterval = upkeepInterval
        self.upkeepBatch = upkeepBatch
        self.watchInterval = watchInterval
        self.recordWait = recordWait
        self.recordWaitMax = recordWaitMax
    }
}

public import ProjectModel

/// A job to enqueue.
public struct NewJob: Sendable, Equatable {
    /// Which handler runs it.
    public var kind: JobKind
    /// Its name among those of its kind.
    public var key: String
    /// The project that it is about.
    public var ref: ProjectRef?
    /// What it needs for itself while it runs.
    public var lock: JobLock?
    /// What is promised when the outcome of a run is unknown.
    public var contract: JobContract
    /// Jobs of a higher priority are started first.
    public var priority: JobPriority
    /// What the handler needs to know.
    public var payload: String
    /// When it runs again after a run.
    public var schedule: JobSchedule
    /// When it is to be started.
    public var due: Timestamp

    /// A job; one that runs once, at least, unless told otherwise.
    public init(
        _ kind: JobKind, key: String, ref: ProjectRef? = nil, lock: JobLock? = nil,
        contract: JobContract = .atLeastOnce, priority: JobPriority = .normal, payload: String = "",
        schedule: JobSchedule = .once, due: Timestamp
    ) {
        self.kind = kind
        self.key = key
        self.ref = ref
        self.lock = lock
        self.contract = contract
        self.priority = priority
        self.payload = payload
        self.schedule = schedule
        self.due = due
    }
}

/// Why a job is not enqueued: a mistake of the caller.
public enum JobError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The key is empty or too long.
    case badKey(JobKind)
    case payloadTooLong(JobKind)
    /// Two handlers have the same kind.
    case kindTwice(JobKind)
    /// There is no such job.
    case noJob(Int64)
    /// It runs again and again, and is not cancelled.
    case recurring(Int64)
    case store(StoreError)

    /// The same in words.
    public var description: String {
        switch self {
        case .badKey(let kind): "the key of a job of kind \(kind) has 1 to \(JobLimits.keyBytesMax) bytes"
        case .payloadTooLong(let kind):
            "the payload of a job of kind \(kind) has \(JobLimits.payloadBytesMax) bytes at most"
        case .kindTwice(let kind): "two handlers of jobs have the kind \(kind)"
        case .noJob(let id): "there is no job \(id)"
        case .recurring(let id): "job \(id) belongs to the manager and runs again and again; it is not cancelled"
        case .store(let error): "\(error)"
        }
    }
}

extension JobError {
    /// The same for callers that know the store only: a mistake of the program is what it refuses.
    var asStoreError: StoreError {
        if case .store(let error) = self { error } else { .refused("\(self)") }
    }
}

extension NewJob {
    /// Throws unless the job can be stored.
    func check() throws(JobError) {
        guard (1...JobLimits.keyBytesMax).contains(key.utf8.count) else { throw .badKey(kind) }
        guard payload.utf8.count <= JobLimits.payloadBytesMax else { throw .payloadTooLong(kind) }
    }
}

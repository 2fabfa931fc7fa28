import ProjectModel
import Synchronization

/// Wakes the runner of this process. A runner of another manager finds due jobs at its next poll.
public final class JobSignal: Sendable {
    private let listener = Mutex<AsyncStream<Void>.Continuation?>(nil)

    /// A signal without a listener.
    public init() {}

    /// Signals from now on. There is one listener at a time.
    func begin() -> AsyncStream<Void> {
        let (signals, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        listener.withLock { $0 = continuation }
        return signals
    }

    /// Something may be due.
    public func send() { listener.withLock { _ = $0?.yield() } }
}

/// What is asked for of jobs: it changes rows and wakes the runner.
public struct JobCatalog: Sendable {
    private let store: any JobStore
    private let signal: JobSignal
    private let retention: JobRetention
    private let time: any TimeSource

    /// A catalogue on its port.
    public init(
        store: any JobStore, signal: JobSignal, retention: JobRetention = JobRetention(),
        time: any TimeSource = SystemTime()
    ) {
        self.store = store
        self.signal = signal
        self.retention = retention
        self.time = time
    }

    /// Enqueues a job. Of one kind and key there is one: asked for again, it is the same job.
    public func enqueue(_ job: NewJob) async throws(JobError) -> Job {
        try job.check()
        let now = time.now()
        let row = try await stored { () async throws(StoreError) in try await store.enqueue(job, at: now) }
        await AfterCommit.run { [signal] in signal.send() }
        return row
    }

    /// Makes the manager's own job of a kind run as soon as it can. False when there is none yet: it is scheduled then.
    @discardableResult
    public func runSoon(_ kind: JobKind) async throws(JobError) -> Bool {
        let now = time.now()
        let isThere = try await stored { () async throws(StoreError) in
            try await store.hasten(kind, key: JobDefinition.Recurring.key, at: now)
        }
        await AfterCommit.run { [signal] in signal.send() }
        return isThere
    }

    /// Cancels a job: at once when it waits, as soon as its handler ends when it runs.
    public func cancel(_ id: Int64) async throws(JobError) -> Job {
        let now = time.now()
        let job = try await stored { () async throws(StoreError) in
            try await store.cancel(id, at: now, keptUntil: now + retention.succeeded)
        }
        guard let job else { throw .noJob(id) }
        guard job.schedule == .once else { throw .recurring(id) }
        await AfterCommit.run { [signal] in signal.send() }
        return job
    }

    public func job(_ id: Int64) async throws(JobError) -> Job {
        guard let job = try await stored({ () async throws(StoreError) in try await store.job(id) }) else {
            throw .noJob(id)
        }
        return job
    }

    /// Jobs, the latest first.
    public func jobs(_ query: JobQuery) async throws(JobError) -> [Job] {
        try await stored { () async throws(StoreError) in try await store.jobs(query) }
    }

    private func stored<Value>(_ body: () async throws(StoreError) -> Value) async throws(JobError) -> Value {
        do throws(StoreError) { return try await body() } catch { throw .store(error) }
    }
}

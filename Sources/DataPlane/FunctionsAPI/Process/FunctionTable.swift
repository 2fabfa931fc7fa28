/// The processes of all functions, and what happens to them: decided here, done elsewhere.
///
/// Of a function one process takes requests, many at once; one of an earlier version ends what it has begun. Times are
/// seconds of one clock that never goes back.
struct FunctionTable {
    /// What happens to a request.
    enum Admission: Equatable {
        /// This process answers it.
        case run(String)
        /// Another request's start of the process is under way.
        case wait
        /// A process has to be started; first this one is stopped, to make room.
        case start(evicting: String?)
        case refused(FunctionRefusal)
    }

    /// What is to be done with a process.
    enum Due: Equatable {
        /// It has done its work.
        case stop(String)
        /// It used too much.
        case kill(String, FunctionRefusal)
    }

    struct Entry: Equatable {
        enum Phase: Equatable { case starting, running, draining }

        var slug: String
        var stamp: String
        var phase: Phase = .starting
        var startedAt: Double
        var inFlight = 0
        /// Since when no request is in flight.
        var idleSince: Double
        /// Whether it has answered a request.
        var hasAnswered = false
        /// Processor time at the last answer: what was used since belongs to what is in flight.
        var processorBase = 0.0
    }

    struct Record: Equatable {
        /// Failures of the newest version in a row.
        var failures = 0
        var stamp: String
        var notBefore = -Double.infinity
        /// Requests that wait for a start.
        var waiting = 0
    }

    let limits: FunctionLimits
    private(set) var entries: [String: Entry] = [:]
    private(set) var records: [String: Record] = [:]

    init(limits: FunctionLimits) { self.limits = limits }

    // MARK: Requests

    /// Lets a request in. One that runs counts until ``leave(_:answered:at:)``, one that waits until ``wake(_:)``.
    mutating func admit(slug: String, stamp: String, at now: Double) -> Admission {
        if records[slug]?.stamp != stamp {
            records[slug] = Record(stamp: stamp, waiting: records[slug]?.waiting ?? 0)
            for (id, entry) in entries where entry.slug == slug && entry.stamp != stamp { retire(id, at: now, entry) }
        }
        let own = entries.first { $0.value.slug == slug && $0.value.phase != .draining }
        let busy = entries.values.reduce(into: records[slug]?.waiting ?? 0) { count, entry in
            if entry.slug == slug { count += entry.inFlight }
        }
        guard busy < limits.requestsMax else { return .refused(.busy) }
        switch own?.value.phase {
        case .running:
            guard let id = own?.key else { return .refused(.busy) }
            entries[id]?.inFlight += 1
            return .run(id)
        case .starting:
            records[slug]?.waiting += 1
            return .wait
        case .draining, nil: return start(slug: slug, at: now)
        }
    }

    private func start(slug: String, at now: Double) -> Admission {
        if let record = records[slug], record.notBefore > now {
            return .refused(.bootError(retrySeconds: Int((record.notBefore - now).rounded(.up))))
        }
        guard entries.count >= limits.processesMax else { return .start(evicting: nil) }
        let idle = entries.filter { $0.value.inFlight == 0 && $0.value.phase != .starting }
        guard let oldest = idle.min(by: { ($0.value.idleSince, $0.key) < ($1.value.idleSince, $1.key) }) else {
            return .refused(.busy)
        }
        return .start(evicting: oldest.key)
    }

    /// A request no longer waits for a start.
    mutating func wake(_ slug: String) {
        guard let waiting = records[slug]?.waiting else { return }
        records[slug]?.waiting = max(0, waiting - 1)
    }

    /// A request has ended.
    ///
    /// - Parameters:
    ///   - answered: whether the function gave the head of an answer.
    ///   - processorSeconds: what its process has used, where it still runs.
    mutating func leave(_ id: String, answered: Bool, processorSeconds: Double?, at now: Double) {
        guard var entry = entries[id] else { return }
        entry.inFlight = max(0, entry.inFlight - 1)
        entry.idleSince = now
        if answered {
            entry.hasAnswered = true
            if let processorSeconds { entry.processorBase = processorSeconds }
            if records[entry.slug]?.stamp == entry.stamp { records[entry.slug]?.failures = 0 }
        } else if let processorSeconds {
            // Its share goes with it, and what it used of that: the others answer for no more than their own.
            entry.processorBase = min(processorSeconds, entry.processorBase + limits.processorSecondsMax)
        }
        entries[id] = entry
    }

    // MARK: Processes

    /// A process was started.
    mutating func add(_ id: String, slug: String, stamp: String, at now: Double) {
        entries[id] = Entry(slug: slug, stamp: stamp, startedAt: now, idleSince: now)
    }

    /// A process takes connections. What it used to get there is no request's.
    mutating func listens(_ id: String, processorSeconds: Double, at now: Double) {
        guard entries[id]?.phase == .starting else { return }
        entries[id]?.phase = .running
        entries[id]?.idleSince = now
        entries[id]?.processorBase = processorSeconds
    }

    /// A process takes no further request.
    mutating func retire(_ id: String, at now: Double) {
        guard let entry = entries[id] else { return }
        retire(id, at: now, entry)
    }

    private mutating func retire(_ id: String, at now: Double, _ entry: Entry) {
        guard entry.phase != .draining else { return }
        entries[id]?.phase = .draining
        if entry.inFlight == 0 { entries[id]?.idleSince = max(entry.idleSince, now) }
    }

    /// A process has gone.
    ///
    /// - Parameter failed: whether by its own fault; then further starts wait after some in a row.
    mutating func remove(_ id: String, failed: Bool, at now: Double) {
        guard let entry = entries.removeValue(forKey: id), failed, records[entry.slug]?.stamp == entry.stamp else {
            return
        }
        let failures = (records[entry.slug]?.failures ?? 0) + 1
        records[entry.slug]?.failures = failures
        records[entry.slug]?.notBefore = now + FunctionLimits.backOff(after: failures)
    }

    /// Forgets what nothing depends on any more: functions without processes, requests and failures.
    mutating func forget(at now: Double) {
        let slugs = Set(entries.values.map(\.slug))
        records = records.filter { slug, record in
            slugs.contains(slug) || record.waiting > 0 || record.notBefore > now - FunctionLimits.backOffSecondsMax
        }
    }

    /// What is to be done now, with what the processes use.
    mutating func due(_ uses: [String: ProcessUse], at now: Double) -> [Due] {
        var result: [Due] = []
        for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
            if let use = uses[id], let refusal = excess(use, entry) {
                result.append(.kill(id, refusal))
            } else if entry.phase != .starting, entry.inFlight == 0, now - entry.idleSince >= idleMax(entry) {
                result.append(.stop(id))
            } else if entry.phase == .draining, now - entry.startedAt >= limits.ageSecondsMax + limits.answerSecondsMax
            {
                result.append(.stop(id))
            } else if entry.phase == .running, now - entry.startedAt >= limits.ageSecondsMax {
                retire(id, at: now, entry)
            }
        }
        return result
    }

    private func idleMax(_ entry: Entry) -> Double {
        entry.phase == .draining ? limits.drainSecondsMax : limits.idleSecondsMax
    }

    private func excess(_ use: ProcessUse, _ entry: Entry) -> FunctionRefusal? {
        if use.memoryBytes > limits.memoryBytesMax { return .limit(.memory(bytesMax: limits.memoryBytesMax)) }
        // A loop lets nothing be answered, so what is used since the last answer is what counts: of several requests
        // that are worked on at once each has its share.
        let allowed = entry.phase == .starting ? limits.bootSecondsMax : limits.processorSecondsMax
        guard use.processorSeconds - entry.processorBase > allowed * Double(max(1, entry.inFlight)) else { return nil }
        return .limit(.processor(secondsMax: limits.processorSecondsMax))
    }
}

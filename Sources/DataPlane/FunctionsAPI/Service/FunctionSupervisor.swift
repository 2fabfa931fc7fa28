import FoundationEssentials

/// Starts the processes of functions, looks after them, and stops them.
public actor FunctionSupervisor {
    /// How often processes are looked at while any works, and while none does.
    static let busyInterval: Duration = .milliseconds(50)
    static let idleInterval: Duration = .milliseconds(250)
    /// How often a process that starts is asked for a connection.
    private static let bootInterval: Duration = .milliseconds(3)
    /// Longest wait for the end of a process whose connection has broken.
    private static let verdictTries = 50
    private static let verdictInterval: Duration = .milliseconds(20)

    /// A place in a process.
    struct Lease: Sendable {
        let id: String
        let process: any FunctionProcess
    }

    private let configuration: FunctionConfiguration
    private let runtime: any FunctionRuntime
    private let drawID: @Sendable () -> String
    private let clock: @Sendable () -> Double
    private let report: @Sendable (_ slug: String, _ executionID: String, _ text: String) -> Void
    private var table: FunctionTable
    private var processes: [String: any FunctionProcess] = [:]
    /// Processes that were ended and may not have gone yet: the system keeps each until its exit was asked for.
    private var ending: [any FunctionProcess] = []
    /// Why processes were stopped, for the requests that they did not answer.
    private var verdicts: [String: FunctionRefusal] = [:]
    /// Requests that wait for a start.
    private var waiters: [String: [CheckedContinuation<Void, Never>]] = [:]
    private var isClosed = false

    /// A supervisor without processes.
    ///
    /// - Parameters:
    ///   - drawID: a name for the next start, of letters, digits and `-`.
    ///   - clock: seconds of a clock that never goes back.
    ///   - report: takes what is to be known about a process.
    public init(
        _ configuration: FunctionConfiguration, runtime: any FunctionRuntime,
        drawID: @escaping @Sendable () -> String, clock: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (_ slug: String, _ executionID: String, _ text: String) -> Void
    ) {
        self.configuration = configuration
        self.runtime = runtime
        self.drawID = drawID
        self.clock = clock
        self.report = report
        table = FunctionTable(limits: configuration.limits)
    }

    /// Looks after the processes until the task is cancelled; then ends them all.
    public func run() async {
        while !Task.isCancelled {
            look()
            let interval =
                table.entries.values.contains { $0.inFlight > 0 || $0.phase == .starting }
                ? Self.busyInterval : Self.idleInterval
            do { try await Task.sleep(for: interval) } catch { break }
        }
        isClosed = true
        for id in processes.keys.sorted() { stop(id) }
    }

    // MARK: Requests

    /// A place in a process of this version, which is started where there is none. Give it back with
    /// ``leave(_:answered:)``.
    func lease(_ version: FunctionVersion) async throws(FunctionRefusal) -> Lease {
        while !isClosed, !Task.isCancelled {
            switch table.admit(slug: version.slug, stamp: version.stamp, at: clock()) {
            case .run(let id):
                if let process = processes[id], process.exit == nil { return Lease(id: id, process: process) }
                table.leave(id, answered: false, processorSeconds: nil, at: clock())
                lookAt(id)
            case .wait:
                await withCheckedContinuation { waiters[version.slug, default: []].append($0) }
                table.wake(version.slug)
            case .start(let evicted):
                if let evicted { stop(evicted) }
                try await start(version)
            case .refused(let refusal): throw refusal
            }
        }
        throw .unavailable
    }

    /// Gives a place back.
    func leave(_ id: String, answered: Bool) {
        table.leave(id, answered: answered, processorSeconds: processes[id]?.use?.processorSeconds, at: clock())
    }

    /// Lets a process end what it has begun, and take nothing more.
    func retire(_ id: String) { table.retire(id, at: clock()) }

    /// Why a process did not answer.
    func verdict(_ id: String) async -> FunctionRefusal {
        for _ in 0..<Self.verdictTries {
            lookAt(id)
            if let verdict = verdicts[id] { return verdict }
            if processes[id] == nil { return .workerError }
            do { try await Task.sleep(for: Self.verdictInterval) } catch { break }
        }
        return .workerError
    }

    // MARK: Processes

    private func start(_ version: FunctionVersion) async throws(FunctionRefusal) {
        let id = drawID()
        table.add(id, slug: version.slug, stamp: version.stamp, at: clock())
        defer { resumeWaiters(version.slug) }
        do {
            let importMap = version.importMap.flatMap {
                FileManager.default.contents(atPath: version.folder + "/" + $0).map(Array.init)
            }
            let launch = try FunctionLaunch(version, executionID: id, importMap: importMap, in: configuration)
            processes[id] = try runtime.start(launch)
        } catch {
            report(version.slug, id, "the function cannot be started: \(error)")
            fail(id, .bootError(retrySeconds: nil))
            throw .bootError(retrySeconds: nil)
        }
        try await boot(id, version)
    }

    private func boot(_ id: String, _ version: FunctionVersion) async throws(FunctionRefusal) {
        let deadline = clock() + configuration.limits.bootSecondsMax
        while let process = processes[id] {
            if await process.listens() {
                guard let use = process.use else { continue }
                table.listens(id, processorSeconds: use.processorSeconds, at: clock())
                return
            }
            if process.exit != nil {
                report(version.slug, id, "the function ended before it served anything")
                fail(id, .bootError(retrySeconds: nil))
            } else if clock() >= deadline {
                report(version.slug, id, "the function serves nothing; does it call Deno.serve?")
                fail(id, .bootError(retrySeconds: nil))
            } else if Task.isCancelled || isClosed {
                stop(id)
                throw .unavailable
            }
            do { try await Task.sleep(for: Self.bootInterval) } catch { continue }
        }
        // Stopped for what it used counts as well.
        if case .limit(let resource)? = verdicts[id] { throw .limit(resource) }
        throw .bootError(retrySeconds: nil)
    }

    private func resumeWaiters(_ slug: String) {
        for waiter in waiters.removeValue(forKey: slug) ?? [] { waiter.resume() }
    }

    /// Looks at all processes.
    func look() {
        ending.removeAll { $0.exit != nil }
        var uses: [String: ProcessUse] = [:]
        for (id, process) in processes { uses[id] = process.use }
        for due in table.due(uses, at: clock()) {
            switch due {
            case .stop(let id): stop(id)
            case .kill(let id, let refusal):
                if let slug = table.entries[id]?.slug { report(slug, id, "\(refusal.facts.message)") }
                fail(id, refusal)
            }
        }
        for id in processes.keys.sorted() where table.entries[id]?.phase != .starting { lookAt(id) }
        table.forget(at: clock())
        // Verdicts are asked for at once; what is left belongs to nobody.
        if verdicts.count > Self.verdictsMax { verdicts.removeAll() }
    }

    private static let verdictsMax = 1_000

    /// Notes the end of a process.
    private func lookAt(_ id: String) {
        guard let process = processes[id], let exit = process.exit, let entry = table.entries[id] else { return }
        report(entry.slug, id, Self.text(exit))
        fail(id, exit.refusal(configuration.limits))
    }

    private static func text(_ exit: ProcessExit) -> String {
        switch exit {
        case .code(let code): "the function exited with code \(code)"
        case .signal(let signal): "the function was ended by signal \(signal)"
        }
    }

    private func fail(_ id: String, _ verdict: FunctionRefusal) {
        verdicts[id] = verdict
        end(id, failed: true)
    }

    private func stop(_ id: String) { end(id, failed: false) }

    private func end(_ id: String, failed: Bool) {
        if let process = processes.removeValue(forKey: id) {
            process.kill()
            ending.append(process)
        }
        table.remove(id, failed: failed, at: clock())
    }
}

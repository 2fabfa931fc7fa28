import Locks

/// The thread that owns one connection, and the queue of calls to it.
///
/// The thread holds itself alive until ``stop()``; the connection's public face calls that when it goes away.
final class ConnectionThread: Sendable {
    /// Work on the connection. It returns what is to be done once the connection's new status is known to all,
    /// usually to resume the caller.
    typealias Call = (PostgresWire) -> () -> Void

    private struct State {
        var calls: [Call] = []
        var isStopping = false
        var status = ConnectionStatus.closed
        var hasGrown = false
        var isWhole = false
        var inFlight: Interrupt?
    }

    let limits: PostgresLimits
    private let wakeup: Wakeup
    private let state = Lock(State())

    private init(limits: PostgresLimits) throws(PostgresError) {
        self.limits = limits
        wakeup = try Wakeup()
    }

    /// Starts a thread without a connection; the first call makes one.
    static func start(limits: PostgresLimits) throws(PostgresError) -> ConnectionThread {
        let thread = try ConnectionThread(limits: limits)
        try NativeThread.start { thread.run() }
        return thread
    }

    /// The connection's status after the last call, or after the server closed it.
    var status: ConnectionStatus { state.withLock { $0.status } }

    /// Whether the connection holds more memory than one that is kept.
    var hasGrown: Bool { state.withLock { $0.hasGrown } }

    /// Whether libpq had read whole messages only after the last call, and the connection is open.
    var isWhole: Bool { state.withLock { $0.isWhole } }

    /// Takes note of what an exchange of others than libpq has left.
    func note(_ status: ConnectionStatus) { state.withLock { $0.status = status } }

    /// Ends the thread after the calls that are queued; no further ones are taken.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeup.signal()
    }

    /// Cancels the call in flight, if there is one.
    func interrupt() {
        state.withLock { $0.inFlight }?.cancel()
    }

    /// Runs `work` on the thread and waits for its result.
    ///
    /// - Parameters:
    ///   - deadline: the time for the call, waiting for earlier calls included.
    ///   - isShielded: whether the call continues when the task is cancelled (a rollback must).
    func perform<Value: Sendable>(
        within deadline: Duration, isShielded: Bool = false,
        _ work: @escaping @Sendable (PostgresWire, Interrupt) throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let interrupt = Interrupt(after: deadline, wakeup: wakeup)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, PostgresError>, Never>) in
                let refusal = enqueue { wire in
                    self.state.withLock { $0.inFlight = interrupt }
                    let result = Result { () throws(PostgresError) in try work(wire, interrupt) }
                    return { continuation.resume(returning: result) }
                }
                if let refusal { continuation.resume(returning: .failure(refusal)) }
            }
        } onCancel: {
            if !isShielded { interrupt.cancel() }
        }
        return try result.get()
    }

    private func enqueue(_ call: @escaping Call) -> PostgresError? {
        let refusal: PostgresError? = state.withLock { state in
            guard !state.isStopping else { return .closed }
            guard state.calls.count < limits.maximumQueuedCalls else { return .queueFull }
            state.calls.append(call)
            return nil
        }
        wakeup.signal()
        return refusal
    }

    private func run() {
        let wire = PostgresWire(limits: limits, wakeup: wakeup)
        while true {
            let (call, isStopping) = state.withLock { state -> (Call?, Bool) in
                (state.calls.isEmpty ? nil : state.calls.removeFirst(), state.isStopping)
            }
            if let call {
                let finish = call(wire)
                // What nobody has taken is given back.
                _ = wire.takeShare()
                publish(wire)
                finish()
            } else if isStopping {
                return
            } else {
                wire.idle()
                // What others do with a leased socket libpq does not know.
                if !wire.isLeased { publish(wire) }
            }
        }
    }

    private func publish(_ wire: PostgresWire) {
        state.withLock { state in
            state.status = wire.status
            state.hasGrown = wire.hasGrown
            state.isWhole = wire.isWhole
            state.inFlight = nil
        }
    }
}

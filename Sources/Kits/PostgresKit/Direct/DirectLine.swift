import Locks

/// Runs pipelines of one connection without libpq and without its thread: the caller sends the request, and the loop that
/// watches the socket reads the answer.
///
/// libpq has made the connection and owns it. It gets the socket back for every other call (``lend()``), so one pipeline
/// or one other call has the line at a time.
final class DirectLine: PostgresSocketReceiver {
    /// Bytes of texts and parameters of one pipeline. A larger one goes by libpq, which sends it in pieces.
    static let requestBytesMax = 64 << 10

    typealias Answer = DirectExchange.Answer

    private enum Activity {
        case free
        case busy(DirectExchange)
        /// libpq has the socket.
        case lent
        case ended(PostgresError)
    }

    private struct State {
        var activity = Activity.free
        var reader: DirectReader
        var statements: DirectStatements
        var watch: (any PostgresSocketWatch)?
        /// When the loop looks for the deadline next.
        var looksAt: ContinuousClock.Instant?
        /// Who waits for the line.
        var waiters: [CheckedContinuation<Void, Never>] = []
        var lastNumber: UInt64 = 0
    }

    private let limits: PostgresLimits
    private let cancelPacket: CancelPacket
    private let wakeup: Wakeup
    /// Told the connection's status after each exchange.
    private let note: @Sendable (ConnectionStatus) -> Void
    private let state: Lock<State>

    init(
        limits: PostgresLimits, cancelPacket: CancelPacket, wakeup: Wakeup,
        note: @escaping @Sendable (ConnectionStatus) -> Void
    ) {
        self.limits = limits
        self.cancelPacket = cancelPacket
        self.wakeup = wakeup
        self.note = note
        let limitBytes = limits.maximumMessageBytes ?? limits.maximumResultBytes
        state = Lock(
            State(
                reader: DirectReader(limitBytes: limitBytes, room: limits.resultRoom),
                statements: DirectStatements(capacity: limits.maximumCachedStatements)))
    }

    /// The socket is watched from now on, unless it has ended already.
    func begin(on watch: any PostgresSocketWatch) {
        let isEnded = state.withLock { state in
            if case .ended = state.activity { return true }
            state.watch = watch
            return false
        }
        if isEnded { watch.close() }
    }

    /// Whether the connection is of use.
    var isSound: Bool {
        state.withLock { state in
            if case .ended = state.activity { false } else { true }
        }
    }

    /// Whether the caller runs on the loop that watches.
    var isHere: Bool { state.withLock { $0.watch }?.isHere ?? false }

    // MARK: Pipelines

    /// Runs a pipeline, whose texts and parameters have so many bytes.
    ///
    /// - Parameter isShielded: whether it continues when the task is cancelled.
    func run(
        _ list: [PostgresStatement], byteCount: Int, within duration: Duration, isShielded: Bool
    ) async throws(PostgresError) -> Answer {
        guard duration > .zero else { throw .deadlineExceeded }
        let deadline = ContinuousClock.now + duration
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        while true {
            let result = await withTaskCancellationHandler {
                await withCheckedContinuation { (waiter: DirectExchange.Waiter) in
                    start(list, byteCount: byteCount, isShielded: isShielded) { preparations in
                        DirectExchange(
                            number: number, list: list, preparations: preparations, deadline: deadline, waiter: waiter)
                    } refused: {
                        waiter.resume(returning: $0)
                    }
                }
            } onCancel: {
                if !isShielded { interrupt(number, because: .cancelled) }
            }
            if let result { return try result.get() }
            try await turn()
        }
    }

    private func start(
        _ list: [PostgresStatement], byteCount: Int, isShielded: Bool,
        exchange: ([DirectRequest.Preparation]) -> DirectExchange,
        refused: (Result<Answer, PostgresError>?) -> Void
    ) {
        enum Step {
            case send([UInt8], any PostgresSocketWatch, lookAfter: Duration?)
            case refuse(Result<Answer, PostgresError>?)
        }
        let step = state.withLock { state -> Step in
            // Under the lock: who is cancelled later finds the exchange here.
            if !isShielded, Task.isCancelled { return .refuse(.failure(.cancelled)) }
            switch state.activity {
            case .ended(let error): return .refuse(.failure(error))
            case .busy, .lent: return .refuse(nil)
            case .free: break
            }
            guard let watch = state.watch else { return .refuse(.failure(.closed)) }
            let request = DirectRequest(
                list, byteCount: byteCount, maximumPreparedBytes: limits.maximumPreparedBytes,
                statements: &state.statements)
            let exchange = exchange(request.preparations)
            state.reader.begin(types: request.types)
            state.activity = .busy(exchange)
            guard state.looksAt.map({ exchange.deadline < $0 }) ?? true else {
                return .send(request.bytes, watch, lookAfter: nil)
            }
            state.looksAt = exchange.deadline
            return .send(request.bytes, watch, lookAfter: exchange.deadline - .now)
        }
        switch step {
        case .refuse(let result): refused(result)
        case .send(let bytes, let watch, let delay):
            watch.send(bytes)
            if let delay { look(after: delay, on: watch) }
        }
    }

    /// Waits until the line may be free.
    private func turn() async throws(PostgresError) {
        let isFull = state.withLock { $0.waiters.count >= limits.maximumQueuedCalls }
        guard !isFull else { throw .queueFull }
        await withCheckedContinuation { waiter in
            let waits = state.withLock { state in
                switch state.activity {
                case .free, .ended: return false
                case .busy, .lent:
                    state.waiters.append(waiter)
                    return true
                }
            }
            if !waits { waiter.resume() }
        }
    }

    // MARK: Ends

    /// What is to be done once the lock is free.
    private struct End {
        var exchange: DirectExchange?
        var result: Result<Answer, PostgresError> = .failure(.closed)
        var status: ConnectionStatus?
        var closed: (any PostgresSocketWatch)?
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    func receive(_ bytes: RawSpan) {
        let (answered, broken) = bytes.withUnsafeBytes { bytes in state.withLock { take(bytes, &$0) } }
        if let answered { perform(answered) }
        if let broken { perform(broken) }
    }

    /// An answer that is whole is given out, whatever comes behind it at once.
    private func take(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> (answered: End?, broken: End?) {
        var answered: End?
        var position = 0
        while position < bytes.count {
            position += state.reader.take(UnsafeRawBufferPointer(rebasing: bytes[position...]))
            if let failure = state.reader.failure { return (answered, Self.breakOff(&state, because: failure)) }
            // While the lock is held no other answer is asked for.
            if let end = settle(&state) { answered = end }
        }
        return (answered, nil)
    }

    func end() {
        perform(
            state.withLock { state in
                let reason = state.reader.lastWords ?? "server closed the connection unexpectedly"
                return Self.breakOff(&state, because: .connectionLost(reason: reason))
            })
    }

    /// Ends the exchange if the server is ready again. A cancelled one ends the connection: a request to cancel that comes
    /// late would hit the next statement.
    private func settle(_ state: inout State) -> End? {
        guard case .busy(let exchange) = state.activity, let status = state.reader.status else { return nil }
        guard let answer = state.reader.end() else {
            return Self.breakOff(&state, because: state.reader.failure ?? .closed)
        }
        if let interruption = exchange.interruption {
            var end = Self.breakOff(&state, because: .closed)
            end.result = .failure(interruption)
            return end
        }
        state.statements.settle(exchange, answer)
        state.activity = .free
        defer { state.waiters = [] }
        return End(
            exchange: exchange, result: .success((answer.outcome, answer.share)), status: status,
            waiters: state.waiters)
    }

    /// Ends the line.
    private static func breakOff(_ state: inout State, because error: PostgresError) -> End {
        if case .ended = state.activity { return End() }
        var end = End(status: .closed, closed: state.watch, waiters: state.waiters)
        if case .busy(let exchange) = state.activity {
            end.exchange = exchange
            end.result = .failure(exchange.interruption ?? error)
        }
        state.activity = .ended(error)
        (state.waiters, state.watch) = ([], nil)
        return end
    }

    private func perform(_ end: End) {
        if let status = end.status { note(status) }
        end.closed?.close()
        end.exchange?.waiter.resume(returning: end.result)
        for waiter in end.waiters { waiter.resume() }
    }

    // MARK: Interruptions

    /// Cancels the exchange on the server, and ends the line where that does not help in time.
    private func interrupt(_ number: UInt64?, because reason: PostgresError) {
        let found = state.withLock { state -> (UInt64, any PostgresSocketWatch)? in
            guard case .busy(var exchange) = state.activity, exchange.number == number ?? exchange.number,
                exchange.interruption == nil, let watch = state.watch
            else { return nil }
            exchange.interruption = reason
            state.activity = .busy(exchange)
            return (exchange.number, watch)
        }
        guard let (number, watch) = found else { return }
        let until = ContinuousClock.now + limits.cancelGrace
        guard CancelRequest.start(cancelPacket, until: until, wakeup: wakeup) != nil else {
            return giveUp(number, because: "a statement could not be cancelled")
        }
        watch.after(limits.cancelGrace) { [weak self] in
            self?.giveUp(number, because: "a cancelled statement did not end in time")
        }
    }

    private func giveUp(_ number: UInt64, because reason: String) {
        let end = state.withLock { state -> End? in
            guard case .busy(let exchange) = state.activity, exchange.number == number else { return nil }
            return Self.breakOff(&state, because: .connectionLost(reason: reason))
        }
        if let end { perform(end) }
    }

    /// One look serves many exchanges: it is at the first one's deadline, and then at the present one's.
    private func look(after delay: Duration, on watch: any PostgresSocketWatch) {
        watch.after(delay) { [weak self] in self?.look() }
    }

    private func look() {
        enum Sight {
            case nothing
            case overdue(UInt64)
            case later(Duration, any PostgresSocketWatch)
        }
        let sight = state.withLock { state -> Sight in
            state.looksAt = nil
            guard case .busy(let exchange) = state.activity, exchange.interruption == nil, let watch = state.watch
            else {
                return .nothing
            }
            let left = exchange.deadline - .now
            guard left > .zero else { return .overdue(exchange.number) }
            state.looksAt = exchange.deadline
            return .later(left, watch)
        }
        switch sight {
        case .nothing: break
        case .overdue(let number): interrupt(number, because: .deadlineExceeded)
        case .later(let left, let watch): look(after: left, on: watch)
        }
    }

    // MARK: The socket in libpq's hands

    /// Gives the socket to libpq.
    func lend() async throws(PostgresError) {
        enum Step {
            case wait
            case pause(any PostgresSocketWatch)
            case refuse(PostgresError)
        }
        while true {
            let step = state.withLock { state -> Step in
                switch state.activity {
                case .ended(let error): return .refuse(error)
                case .busy, .lent: return .wait
                case .free: break
                }
                guard let watch = state.watch else { return .refuse(.closed) }
                state.activity = .lent
                return .pause(watch)
            }
            switch step {
            case .refuse(let error): throw error
            case .wait: try await turn()
            case .pause(let watch):
                await watch.pause()
                return try checkPause()
            }
        }
    }

    /// Half of a message that came between would be missing where the other half is read, and so would be what the
    /// server said before it ended.
    private func checkPause() throws(PostgresError) {
        let (error, end) = state.withLock { state -> (PostgresError?, End?) in
            if case .ended(let error) = state.activity { return (error, nil) }
            guard !state.reader.isBetweenMessages else { return (nil, nil) }
            let error = PostgresError.connectionLost(reason: "a message came in between")
            return (error, Self.breakOff(&state, because: error))
        }
        if let end { perform(end) }
        if let error { throw error }
    }

    /// Takes the socket back.
    ///
    /// - Parameter isWhole: whether libpq has taken whole messages only, and the connection is open.
    func takeBack(isWhole: Bool) async {
        guard isWhole else {
            return perform(state.withLock { Self.breakOff(&$0, because: .closed) })
        }
        await state.withLock { $0.watch }?.resume()
        let waiters = state.withLock { state in
            guard case .lent = state.activity else { return [] as [CheckedContinuation<Void, Never>] }
            state.activity = .free
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Cancels what is under way, waits for its end, and closes the line.
    func shut() async {
        interrupt(nil, because: .cancelled)
        while true {
            let end = state.withLock { state -> End? in
                if case .busy = state.activity { return nil }
                return Self.breakOff(&state, because: .closed)
            }
            if let end { return perform(end) }
            // More callers than may wait: then the line is closed under them.
            do throws(PostgresError) { try await turn() } catch { return abandon() }
        }
    }

    /// Closes the line at once.
    func abandon() { perform(state.withLock { Self.breakOff(&$0, because: .closed) }) }
}

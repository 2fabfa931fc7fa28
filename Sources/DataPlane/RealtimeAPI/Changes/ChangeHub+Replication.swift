import PostgresKit
import Synchronization

/// The replication: begun, read, acknowledged, begun again.
extension ChangeHub {
    /// Changes that are delivered at once.
    private static let chunkMax = 200
    /// How often the server learns how far this one is, whether or not it asks.
    private static let statusInterval: Double = 10
    /// How long facts of tables are believed: privileges change without a word.
    private static let factsSeconds: Double = 60
    /// How often changes are tried to be delivered before the channels learn that they are missing.
    private static let attemptsMax = 3
    private static let attemptWait: Duration = .seconds(1)
    private static let firstWait: Duration = .seconds(1)
    private static let waitMax: Duration = .seconds(30)

    /// What is known while one replication lasts.
    struct Session {
        var reader = ChangeReader()
        var facts: [UInt32: TableFacts] = [:]
        var factsTime: Double
        var statusTime: Double
        var pending: [RowChange] = []
        var mustReply = false
        /// What the publication looked like when its subscriptions were reviewed.
        var fingerprint: String?
        var reviewTime = ContinuousClock.now
        /// Channels that know that changes are missing.
        var told: Set<ChannelID> = []
    }

    func replicateWhileWanted(_ listener: Listener) async {
        var words = demand.makeAsyncIterator()
        while let isWanted = await words.next() {
            guard isWanted else { continue }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.replicate(listener) }
                while let stillWanted = await words.next(), stillWanted {}
                group.cancelAll()
            }
        }
    }

    private func replicate(_ listener: Listener) async {
        var wait = Self.firstWait
        while !Task.isCancelled {
            do {
                let replication = try await PostgresReplication.start(
                    database, slot: "projectd_realtime_\(UInt64.random(in: 0 ... .max))",
                    publications: [RealtimeSchema.publication], limits: self.replication)
                wait = Self.firstWait
                goLive(listener)
                do {
                    try await read(replication, listener)
                } catch {
                    await replication.close()
                    throw error
                }
                await replication.close()
            } catch {
                guard !Task.isCancelled else { break }
                listener.report("changes cannot be read: \(error)")
                interrupt(listener)
            }
            do { try await Task.sleep(for: wait) } catch { break }
            wait = min(wait * 2, Self.waitMax)
        }
        state.withLock { $0.isLive = false }
    }

    /// Tells the channels that wait.
    private func goLive(_ listener: Listener) {
        let waiting = state.withLock { state in
            state.isLive = true
            defer { (state.waiting, state.told) = ([:], []) }
            state.answered.merge(state.waiting) { _, new in new }
            return state.waiting.filter { state.book.entries[$0.key]?.problem == nil }
        }
        for (_, request) in waiting { listener.answer(request, false, Self.subscribedText) }
    }

    /// Tells the channels that changes are missing from here on; they learn again when the next ones arrive.
    private func interrupt(_ listener: Listener) {
        let told = state.withLock { state in
            state.isLive = false
            let unaware = state.waiting.filter { !state.told.contains($0.key) }
            let told = state.answered.merging(unaware) { _, waiting in waiting }
            state.waiting.merge(state.answered) { waiting, _ in waiting }
            (state.answered, state.told) = ([:], Set(state.waiting.keys))
            return told
        }
        for (_, request) in told {
            listener.answer(
                request, true, "PostgreSQL sends no changes; those until it does again are missing")
        }
    }

    private func read(_ replication: PostgresReplication, _ listener: Listener) async throws {
        var session = Session(factsTime: clock(), statusTime: clock())
        try await review(&session, listener)
        while !Task.isCancelled {
            for frame in try await replication.next(
                within: min(.seconds(Self.statusInterval), reviewInterval))
            {
                switch frame {
                case .keepalive(let end, let wantsReply):
                    if session.pending.isEmpty { session.reader.take(end: end) }
                    session.mustReply = session.mustReply || wantsReply
                case .data(_, _, let bytes):
                    if let change = session.reader.take(try LogicalMessage(bytes)) { session.pending.append(change) }
                }
                guard session.pending.count >= Self.chunkMax else { continue }
                try await deliver(&session, listener)
                try await confirm(&session, replication)
            }
            try await deliver(&session, listener)
            try await confirm(&session, replication)
            if ContinuousClock.now - session.reviewTime >= reviewInterval {
                try await review(&session, listener)
            }
        }
    }

    private func confirm(_ session: inout Session, _ replication: PostgresReplication) async throws {
        let now = clock()
        guard session.mustReply || now - session.statusTime >= Self.statusInterval else { return }
        session.mustReply = false
        session.statusTime = now
        let microseconds = Int64(exactly: (now * 1_000_000).rounded()) ?? 0
        try await replication.confirm(session.reader.position, microsecondsSinceEpoch: microseconds)
    }

    // MARK: Delivery

    /// While PostgreSQL cannot be asked, the rest of the changes waits there. It throws rather than leave any out in silence.
    private func deliver(_ session: inout Session, _ listener: Listener) async throws {
        guard !session.pending.isEmpty else { return }
        let changes = session.pending
        session.pending = []
        for attempt in 1... {
            do {
                return try await deliver(changes, in: &session, telling: listener)
            } catch {
                guard attempt < Self.attemptsMax, !Task.isCancelled else { throw error }
                listener.report("\(changes.count) changes wait: \(error)")
                try await Task.sleep(for: Self.attemptWait)
            }
        }
    }

    private func deliver(
        _ changes: [RowChange], in session: inout Session, telling listener: Listener
    ) async throws {
        if session.reader.hasChangedRelation { try await review(&session, listener) }
        let book = state.withLock { state in
            if state.hasNewRoles { session.facts = [:] }
            state.hasNewRoles = false
            return state.book
        }
        let end = ContinuousClock.now + ChangeCatalog.patience
        let unseen = try await catalog.unseen(of: Set(changes.map(\.transaction)), until: end)
        try await learn(changes, for: book, in: &session)
        let outcome = try await delivery.outcome(of: changes, to: book, facts: session.facts, unseen: unseen)
        for message in outcome.messages { listener.deliver(message) }
        for failure in outcome.failures { settle(failure, in: &session, telling: listener) }
    }

    /// Ends a request that would fail again; of any other failure its client learns once in a while.
    private func settle(
        _ failure: ChangeDelivery.Failure, in session: inout Session, telling listener: Listener
    ) {
        let request = state.withLock { state -> Request? in
            guard let request = state.answered[failure.channel], request.ticket == failure.ticket,
                state.book.has(failure.request, of: failure.channel)
            else { return nil }
            if failure.isLasting { state.book.drop(failure.request, of: failure.channel, failure.ticket) }
            if state.book.isEmpty { demanded.yield(false) }
            return request
        }
        guard let request else { return }
        if failure.isLasting {
            listener.answer(request, true, Self.text(of: ChangeProblem(failure.text)))
        } else if session.told.insert(failure.channel).inserted {
            listener.answer(request, true, "Changes are missing: \(failure.text)")
        }
    }

    /// Reads the facts that are not known, or not believed any more.
    private func learn(
        _ changes: [RowChange], for book: SubscriptionBook, in session: inout Session
    ) async throws {
        let now = clock()
        if now - session.factsTime >= Self.factsSeconds {
            session.facts = [:]
            session.told = []
            session.factsTime = now
        }
        for table in session.reader.takeDescribed() { session.facts[table] = nil }
        for table in Set(changes.map(\.relation.id)) where session.facts[table] == nil {
            session.facts[table] = try await catalog.facts(of: table, roles: book.roles)
        }
    }
}

import PostgresKit

/// What runs beside requests: questions to the database, time, and broadcasts of the database.
extension RealtimeService {
    /// Questions that are asked at once.
    private static let jobsMax = 8
    /// How often expiry is looked for.
    private static let tickInterval: Duration = .seconds(1)
    /// How often partitions of stored broadcasts are made and dropped.
    private static let partitionInterval: Duration = .seconds(3_600)
    private static let retryInterval: Duration = .seconds(5)

    /// Serves until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.work() }
            group.addTask { await self.keepTime() }
            group.addTask { await self.keepPartitions() }
            group.addTask { await self.hearWhileWanted() }
            group.addTask { await self.changes.run(self.changeListener) }
        }
    }

    private var changeListener: ChangeHub.Listener {
        ChangeHub.Listener(
            answer: { request, isError, text in
                self.change { $0.subscribed(request.channel, ticket: request.ticket, isError: isError, text) }
            },
            deliver: { message in self.change { $0.change(message.payload, to: message.channels) } },
            report: report)
    }

    private func work() async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await job in jobs {
                if running == Self.jobsMax {
                    await group.next()
                    running -= 1
                }
                running += 1
                group.addTask { await self.perform(job) }
            }
            group.cancelAll()
        }
    }

    private func perform(_ job: Job) async {
        switch job {
        case .check(let check):
            let question = PolicyQuestion(kind: check.kind, claims: check.claims, topic: check.topic)
            let result: Result<ChannelRights, RightsFailure>
            do throws(RightsFailure) {
                result = .success(try await policies.rights(question))
            } catch {
                report("policies of realtime.messages gave no answer: \(error)")
                result = .failure(error)
            }
            let now = clock()
            change { $0.answer(check, result, at: now) }
        case .replay(let id, let ticket, let topic, let replay):
            do {
                let stored = try await store.entries(of: topic, replay).map(\.broadcast)
                change { $0.replay(id, ticket: ticket, stored) }
            } catch {
                report("stored broadcasts could not be read: \(error)")
                change { $0.replay(id, ticket: ticket, []) }
            }
        }
    }

    private func keepTime() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: Self.tickInterval) } catch { return }
            let now = clock()
            change { $0.sockets.isEmpty ? [] : $0.tick(at: now) }
        }
    }

    private func keepPartitions() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: isReady ? Self.partitionInterval : Self.retryInterval) } catch { return }
            guard isReady else { continue }
            do {
                try await RealtimeSchema.renewPartitions(pool)
            } catch { report("partitions of realtime.messages could not be made: \(error)") }
        }
    }

    // MARK: Broadcasts of the database

    /// Listens while there are clients: without any, no connection is held.
    private func hearWhileWanted() async {
        var words = demand.makeAsyncIterator()
        while let isWanted = await words.next() {
            guard isWanted else { continue }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.hear() }
                while let stillWanted = await words.next(), stillWanted {}
                group.cancelAll()
            }
            change { $0.hears(database: false) }
        }
    }

    private func hear() async {
        // Kept from one attempt to the next, so that nothing that was stored between them is left out.
        var last: String?
        while !Task.isCancelled {
            do {
                guard isReady else { throw PostgresError.closed }
                try await hearOnce(after: &last)
            } catch {
                change { $0.hears(database: false) }
                if isReady, !Task.isCancelled { report("broadcasts of the database cannot be heard: \(error)") }
            }
            do { try await Task.sleep(for: Self.retryInterval) } catch { return }
        }
    }

    private func hearOnce(after last: inout String?) async throws {
        for try await element in PostgresNotifications(listening, channels: [RealtimeSchema.notifications]) {
            switch element {
            case .listening:
                if last == nil { last = try await store.now() } else { try await catchUp(after: &last) }
                change { $0.hears(database: true) }
            case .gap: try await catchUp(after: &last)
            case .notification(let notification):
                do throws(PostgresError) {
                    guard let entry = try await store.entry(named: notification.payload) else { continue }
                    last = entry.time
                    handOn(entry)
                } catch {
                    // Any role may notify: what names no broadcast that can be read stops none of the others.
                    guard error.isOfTheQuestion else { throw error }
                    report("a notification of a broadcast could not be followed: \(error)")
                }
            }
        }
    }

    /// Stored meanwhile: they come late, but they come.
    private func catchUp(after last: inout String?) async throws {
        while let since = last {
            let entries = try await store.entries(after: since)
            for entry in entries {
                last = entry.time
                handOn(entry)
            }
            guard entries.count == BroadcastStore.gapMax, last != since else { return }
        }
    }

    private func handOn(_ entry: BroadcastStore.Entry) {
        change { $0.broadcast(entry.broadcast, to: entry.key) }
    }
}

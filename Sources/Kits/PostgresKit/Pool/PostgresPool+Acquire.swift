import Locks

extension PostgresPool {
    /// A usable connection, within the acquire deadline.
    func acquire() async throws(PostgresError) -> PostgresConnection {
        let deadline = ContinuousClock.now + configuration.acquireDeadline
        let grant = try await permit(until: deadline)
        do throws(PostgresError) {
            let connection = try await connection(for: grant, until: deadline)
            shared.withLock { $0.inUse[ObjectIdentifier(connection)] = connection }
            return connection
        } catch {
            await giveBack(nil)
            throw error
        }
    }

    /// Takes a connection back.
    func release(_ connection: PostgresConnection) async {
        _ = shared.withLock { $0.inUse.removeValue(forKey: ObjectIdentifier(connection)) }
        if isReusable(connection) {
            await giveBack(connection)
        } else {
            await connection.close()
            await giveBack(nil)
        }
    }

    private func isReusable(_ connection: PostgresConnection) -> Bool {
        connection.isReusable && !configuration.isTooOld(openedAt: connection.openedAt, at: .now)
    }

    private func giveBack(_ connection: PostgresConnection?) async {
        let now = ContinuousClock.now
        let (action, waiter, drained, expired) = shared.withLock { shared in
            let action = shared.pool.release(connection, at: now)
            var waiter: CheckedContinuation<Result<State.Grant, PostgresError>, Never>?
            if case .handOver(let id, let grant) = action {
                waiter = shared.continuations.removeValue(forKey: id)
                if waiter == nil { shared.early[id] = .success(grant) }
            }
            let isDrained = shared.pool.isClosed && shared.pool.leased == 0
            let drained = isDrained ? shared.whenDrained : []
            if isDrained { shared.whenDrained = [] }
            return (action, waiter, drained, takeSurplus(&shared, at: now))
        }
        if case .handOver(_, let grant) = action { waiter?.resume(returning: .success(grant)) }
        if case .surplus = action { await connection?.close() }
        for connection in expired { await connection.close() }
        for continuation in drained { continuation.resume() }
    }

    /// Closes the connections beyond the minimum that have been idle for longer than the limit. The pool itself does so
    /// only when it is used: what runs beside it calls this, so that an idle program holds no sessions of the server.
    public func closeIdle() async {
        let expired = shared.withLock { takeSurplus(&$0, at: .now) }
        for connection in expired { await connection.close() }
    }

    private func takeSurplus(_ shared: inout Shared, at now: ContinuousClock.Instant) -> [PostgresConnection] {
        shared.pool.takeSurplus(
            idleSince: now - configuration.idleLimit, minimum: configuration.minimumConnections)
    }

    // MARK: Permits

    private func permit(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> State.Grant {
        switch shared.withLock({ $0.pool.acquire { $0.isHere } }) {
        case .granted(let grant): return grant
        case .refused(let error): throw error
        case .wait(let waiter): return try await wait(waiter, until: deadline)
        }
    }

    private func wait(
        _ waiter: State.WaiterID, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> State.Grant {
        async let _ = expire(waiter, at: deadline)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let early = shared.withLock { shared in
                    let early = shared.early.removeValue(forKey: waiter)
                    if early == nil { shared.continuations[waiter] = continuation }
                    return early
                }
                if let early { continuation.resume(returning: early) }
            }
        } onCancel: {
            abandon(waiter, because: .cancelled)
        }
        return try result.get()
    }

    private func expire(_ waiter: State.WaiterID, at deadline: ContinuousClock.Instant) async {
        do {
            try await Task.sleep(until: deadline)
        } catch {
            return
        }
        abandon(waiter, because: .acquireDeadlineExceeded)
    }

    /// Ends the wait, unless a permit was granted in the same moment: then the waiter has it and gives it back later.
    private func abandon(_ waiter: State.WaiterID, because error: PostgresError) {
        let continuation: CheckedContinuation<Result<State.Grant, PostgresError>, Never>? = shared.withLock { shared in
            guard shared.pool.abandon(waiter) else { return nil }
            let continuation = shared.continuations.removeValue(forKey: waiter)
            if continuation == nil { shared.early[waiter] = .failure(error) }
            return continuation
        }
        continuation?.resume(returning: .failure(error))
    }

    // MARK: Connections

    private func connection(
        for grant: State.Grant, until deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PostgresConnection {
        var grant = grant
        while case .use(let idle) = grant {
            if await isUsable(idle) { return idle.connection }
            await idle.connection.close()
            grant = shared.withLock { $0.pool.replacement() }
        }
        return try await open(until: deadline)
    }

    private func isUsable(_ idle: State.Idle) async -> Bool {
        guard isReusable(idle.connection) else { return false }
        guard ContinuousClock.now - idle.since > configuration.idleBeforeCheck else { return true }
        do throws(PostgresError) {
            try await idle.connection.ping()
            return true
        } catch {
            return false
        }
    }

    /// Connects; while the server is away, again and again until the deadline.
    private func open(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> PostgresConnection {
        var backoff = Backoff()
        while true {
            do throws(PostgresError) {
                return try await connect(until: deadline)
            } catch {
                let remaining = deadline - .now
                guard error.isTransient, remaining > Backoff.initial else { throw error }
                guard !shared.withLock({ $0.pool.isClosed }) else { throw .closed }
                try await backoff.wait(atMost: remaining)
            }
        }
    }

    private func connect(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> PostgresConnection {
        var limits = limits
        limits.connectDeadline = max(.milliseconds(1), min(limits.connectDeadline, deadline - .now))
        return try await PostgresConnection.connect(parameters, limits: limits, sockets: sockets)
    }
}

import BackupModel
import DeflateKit
import PostgresKit
import ProjectModel

/// Copies the log of one cluster. It keeps nothing: what it needs to know is in the slot and in the store.
struct WALReceiver {
    let archive: ReplicationArchive
    let request: WALRequest
    let report: @Sendable (WALEvent) async -> Void

    private var limits: ArchiveLimits { archive.limits }
    private var slot: String { request.slot }

    func run(_ connection: PostgresPhysicalReplication) async throws(BackupError) {
        let identity = try await reading { () async throws(PostgresError) in try await connection.identify() }
        try await archive.claim(request.access, for: identity)
        let timeline = TimelineID(identity.timeline)
        let contents = try await archive.contents(of: request.access)
        let begins = try await branch(to: timeline, of: identity, in: contents, over: connection)
        try await awaitFreeSlot(connection)
        let restart = try await reserve(connection)
        let own = try await sound(contents.chunks.filter { $0.timeline == timeline }, after: restart)
        let start = try ReceiverStart(
            timeline: timeline, restart: restart, durable: own.map(\.to).max(), begins: begins,
            flushed: WALPosition(identity.position.value), segmentBytes: identity.segmentBytes)
        let gap = own.isEmpty ? start.gap(before: contents.bases.filter { $0.timeline == timeline }) : start.gap
        if let gap { await report(.gap(gap)) }
        let complete = gap == nil ? own.compactMap(\.completeUntil).max() : nil
        let state = ReceiverState(timeline: timeline, durable: start.position, completeUntil: complete)
        await report(.progress(state.progress))
        let slot = slot
        try await reading { () async throws(PostgresError) in
            try await connection.startStreaming(
                slot: slot, from: LogPosition(start.position.value), timeline: timeline.value)
        }
        try await stream(connection, state)
    }

    /// The chunks that can be read back. One that was not confirmed to the server may be a part that a failing store
    /// kept: it is removed, and its log received again.
    private func sound(
        _ chunks: [WALChunk], after restart: WALPosition
    ) async throws(BackupError) -> [WALChunk] {
        var sound: [WALChunk] = []
        for chunk in chunks {
            do throws(BackupError) {
                if chunk.to > restart { _ = try await archive.bytes(of: chunk, request.access) }
                sound.append(chunk)
            } catch {
                guard case .damaged = error else { throw error }
                try await archive.store.remove(ObjectNames(request.access.location).chunk(chunk))
            }
        }
        return sound
    }

    /// Waits until no other connection reads the slot: the server notices the end of the one before a moment later.
    private func awaitFreeSlot(_ connection: PostgresPhysicalReplication) async throws(BackupError) {
        let (slot, clock) = (slot, ContinuousClock())
        let end = clock.now + limits.slotWait
        while try await reading({ () async throws(PostgresError) in try await connection.slot(slot)?.isActive ?? false }
        ) {
            guard clock.now < end else {
                throw .source(
                    "the slot \(slot) is read by another connection, and was not let go in \(limits.slotWait)")
            }
            do { try await Task.sleep(for: limits.slotPoll) } catch { throw .cancelled }
        }
    }

    /// Makes the slot where it is missing or lost; from where on the server keeps its log.
    func reserve(_ connection: PostgresPhysicalReplication) async throws(BackupError) -> WALPosition {
        if request.requiresBound {
            let isBounded = try await reading { () async throws(PostgresError) in try await connection.boundsSlots() }
            guard isBounded else {
                throw .invalid(
                    "max_slot_wal_keep_size of the database is -1: without a manager its log would fill the disk. Set a "
                        + "limit, such as 1GB")
            }
        }
        let slot = slot
        return try await reading { () async throws(PostgresError) in
            let found = try await connection.slot(slot)
            if let found, !found.isLost, let restart = found.restart { return WALPosition(restart.value) }
            if found != nil { try await connection.dropSlot(slot) }
            try await connection.createSlot(slot)
            guard let restart = try await connection.slot(slot)?.restart else {
                throw .protocolViolation(reason: "a new slot keeps nothing")
            }
            return WALPosition(restart.value)
        }
    }

    /// Stores the history of a time line that the archive does not know; where the time line begins.
    private func branch(
        to timeline: TimelineID, of identity: ClusterIdentity, in contents: ArchiveContents,
        over connection: PostgresPhysicalReplication
    ) async throws(BackupError) -> WALPosition? {
        let (branch, isNew) = try await archive.noteBranch(
            of: identity, known: contents.branches, request.access, over: connection)
        if let branch, isNew { await report(.branch(branch)) }
        return branch?.from
    }

    private func stream(
        _ connection: PostgresPhysicalReplication, _ initial: ReceiverState
    ) async throws(BackupError) {
        var state = initial
        let clock = ContinuousClock()
        var (lastStatus, lastReport, flushUntil) = (clock.now, clock.now, clock.now)
        try await confirm(state.durable, connection)
        while true {
            let wait = min(limits.receiveWait, limits.statusEvery, request.uploadEvery)
            let frames = try await reading { () async throws(PostgresError) in try await connection.next(within: wait) }
            var wantsReply = false
            for frame in frames { wantsReply = try state.take(frame, at: clock.now) || wantsReply }
            let isFlush = request.flush.take()
            // A server that asks while something is pending is shutting down, and waits until all of it is confirmed.
            if isFlush || wantsReply && !state.pending.isEmpty { flushUntil = clock.now + limits.flushWindow }
            if state.isDue(
                at: clock.now, every: request.uploadEvery, bytesMax: limits.chunkBytes,
                isWanted: clock.now < flushUntil)
            {
                try await upload(state, connection)
                state.didStore()
                try await confirm(state.durable, connection)
                await report(.progress(state.progress))
                (lastStatus, lastReport) = (clock.now, clock.now)
                continue
            }
            if wantsReply || clock.now - lastStatus >= limits.statusEvery {
                try await confirm(state.durable, connection)
                lastStatus = clock.now
            }
            if isFlush || clock.now - lastReport >= limits.reportEvery {
                await report(.progress(state.progress))
                lastReport = clock.now
            }
        }
    }

    private func confirm(
        _ position: WALPosition, _ connection: PostgresPhysicalReplication
    ) async throws(BackupError) {
        // The protocol has room for the client's time; nothing depends on it.
        let now = WallClock.now * 1_000
        try await reading { () async throws(PostgresError) in
            try await connection.confirm(LogPosition(position.value), microsecondsSinceEpoch: now, wantsReply: true)
        }
    }

    /// Stores the pending chunk. Meanwhile the server hears that this end is alive.
    private func upload(
        _ state: ReceiverState, _ connection: PostgresPhysicalReplication
    ) async throws(BackupError) {
        let every = limits.statusEvery
        let result = await withTaskGroup(of: Result<Void, BackupError>?.self) { group in
            group.addTask { await self.store(state) }
            group.addTask {
                while !Task.isCancelled {
                    // A lost connection shows at the next read, and cancellation ends the loop.
                    try? await Task.sleep(for: every)
                    try? await self.confirm(state.durable, connection)
                }
                return nil
            }
            for await result in group {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            return Result.failure(BackupError.cancelled)
        }
        try result.get()
    }

    private func store(_ state: ReceiverState) async -> Result<Void, BackupError> {
        let chunk = state.chunk
        let name = ObjectNames(request.access.location).chunk(chunk)
        var pause = limits.uploadPause
        for attempt in 1... {
            do throws(BackupError) {
                let packed = try ReplicationArchive.packing { () throws(DeflateError) in
                    try Gzip.compress(state.pending)
                }
                let part = try await archive.seal(packed, as: name, key: request.access.key)
                return .success(try await archive.confirm(part, name))
            } catch {
                guard error != .cancelled, !Task.isCancelled else { return .failure(.cancelled) }
                guard attempt < limits.uploadAttemptsMax else { return .failure(error) }
                await report(.delayed(error))
            }
            do { try await Task.sleep(for: pause) } catch { return .failure(.cancelled) }
            pause = min(pause * 2, limits.uploadPauseMax)
        }
        return .failure(.cancelled)
    }
}

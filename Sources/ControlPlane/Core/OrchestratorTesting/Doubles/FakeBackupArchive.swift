public import BackupModel
public import Orchestrator
public import ProjectModel
import Synchronization

/// An archive in memory whose copies have no content. It takes what it is given, and fails when a test says so.
public final class FakeBackupArchive: BackupArchive {
    private struct State {
        var bases: [BaseBackup] = []
        var failures: [BackupError] = []
        var problems: [String] = []
        var contents = ArchiveContents(bases: [], chunks: [], branches: [])
        var requests: [WALRequest] = []
        var released = 0
        var reserved = 0
        var reservationFailure: BackupError?
        var removedLog: [TimelineID: WALPosition] = [:]
        var bytes: Int64 = 1
        var listeners: [AsyncStream<WALEvent?>.Continuation] = []
    }

    private let state = Mutex(State())
    private let time: any TimeSource

    public init(time: any TimeSource = SystemTime()) { self.time = time }

    /// The next calls that take a copy fail, one after the other.
    public func fail(with failures: [BackupError]) { state.withLock { $0.failures += failures } }

    /// No slot can be made from now on; nil ends that.
    public func setReservationFailure(_ failure: BackupError?) { state.withLock { $0.reservationFailure = failure } }

    /// What every check finds from now on.
    public func setProblems(_ problems: [String]) { state.withLock { $0.problems = problems } }

    /// The log and the branches that the archive has from now on.
    public func setLog(_ chunks: [WALChunk], branches: [TimelineBranch] = []) {
        state.withLock { ($0.contents.chunks, $0.contents.branches) = (chunks, branches) }
    }

    /// Bytes that every plan makes.
    public func setBytes(_ bytes: Int64) { state.withLock { $0.bytes = bytes } }

    /// What the receivers that run report now; nil ends them as a lost connection does.
    public func send(_ event: WALEvent?) { for one in state.withLock(\.listeners) { one.yield(event) } }

    /// The receivers that were begun.
    public var receivers: [WALRequest] { state.withLock(\.requests) }

    /// Slots that were dropped, and made before a copy.
    public var slots: (released: Int, reserved: Int) { state.withLock { ($0.released, $0.reserved) } }

    /// What was removed of the log.
    public var removedLog: [TimelineID: WALPosition] { state.withLock(\.removedLog) }

    /// Names of the copies.
    public var names: [BackupID] { state.withLock { $0.bases.map(\.id) } }

    public func takeBase(
        _ request: BaseBackupRequest, progress: @escaping @Sendable (Int64) async -> Void
    ) async throws(BackupError) -> BaseBackup {
        await progress(1)
        let now = time.now()
        let (base, failure) = state.withLock { state -> (BaseBackup, BackupError?) in
            let place = UInt64(state.bases.count + 1) << 24
            let base = BaseBackup(
                id: request.id, timeline: TimelineID(1), start: WALPosition(place), end: WALPosition(place + 256),
                begun: now, finished: now, storedBytes: 4_096, systemIdentifier: 7, serverVersion: "15.1",
                includesWAL: request.includesWAL)
            if !state.failures.isEmpty { return (base, state.failures.removeFirst()) }
            state.bases.append(base)
            return (base, nil)
        }
        if let failure { throw failure }
        return base
    }

    public func reserveWAL(_ request: WALRequest) async throws(BackupError) {
        let failure = state.withLock { state in
            if state.reservationFailure == nil { state.reserved += 1 }
            return state.reservationFailure
        }
        if let failure { throw failure }
    }

    public func releaseWAL(_ request: WALRequest) async throws(BackupError) { state.withLock { $0.released += 1 } }

    public func receiveWAL(
        _ request: WALRequest, report: @escaping @Sendable (WALEvent) async -> Void
    ) async throws(BackupError) {
        let (events, listener) = AsyncStream.makeStream(of: WALEvent?.self)
        state.withLock { state in
            state.requests.append(request)
            state.listeners.append(listener)
        }
        for await event in events {
            guard let event else { throw .source("the connection is lost") }
            await report(event)
        }
        throw .cancelled
    }

    public func bytes(of plan: RestorePlan, in access: ArchiveAccess) async throws(BackupError) -> Int64 {
        state.withLock(\.bytes)
    }

    public func contents(of access: ArchiveAccess) async throws(BackupError) -> ArchiveContents {
        state.withLock { state in
            var contents = state.contents
            contents.bases = state.bases
            return contents
        }
    }

    public func restorePlan(
        for target: RestoreTarget, in access: ArchiveAccess, known: WALProgress?
    ) async throws(BackupError) -> RestorePlan {
        let bases = state.withLock(\.bases)
        guard case .backup(let id) = target else {
            return try RestorePlanner.plan(for: target, in: try await contents(of: access), known: known)
        }
        guard let base = bases.first(where: { $0.id == id }) else { throw .noBackup(id) }
        return RestorePlan(target: target, base: base, timeline: base.timeline, log: [], branches: [])
    }

    public func restorableSpans(
        of access: ArchiveAccess, known: WALProgress?
    ) async throws(BackupError) -> [RestorableSpan] { [] }

    public func baseTar(of plan: RestorePlan, in access: ArchiveAccess) -> ArchiveBytes { Self.bytes(plan, "base") }

    public func walTar(of plan: RestorePlan, in access: ArchiveAccess, owner: TarOwner) -> ArchiveBytes {
        Self.bytes(plan, "log of \(owner.user):\(owner.group)")
    }

    private static func bytes(_ plan: RestorePlan, _ what: String) -> ArchiveBytes {
        ArchiveBytes { () async throws(BackupError) -> ArchiveBytes.Source in
            let pieces = Mutex<[[UInt8]]>([Array("\(what) of \(plan.base.id)".utf8)])
            return { () async throws(BackupError) -> [UInt8]? in pieces.withLock { $0.popLast() } }
        }
    }

    public func verify(_ id: BackupID, in access: ArchiveAccess) async throws(BackupError) -> BackupVerification {
        BackupVerification(id: id, files: 1, bytes: 1, problems: state.withLock(\.problems))
    }

    public func remove(_ id: BackupID, in access: ArchiveAccess) async throws(BackupError) {
        state.withLock { $0.bases.removeAll { $0.id == id } }
    }

    public func removeUnfinished(before time: Timestamp, in access: ArchiveAccess) async throws(BackupError) -> Int {
        0
    }

    public func removeWAL(
        before position: WALPosition, on timeline: TimelineID, in access: ArchiveAccess
    ) async throws(BackupError) -> Int {
        state.withLock { $0.removedLog[timeline] = position }
        return 1
    }
}

/// What was unpacked where. A test may make the engine forget to unpack anything.
public final class FakeContainerFiles: ContainerFiles {
    private struct State {
        var unpacked: [String: [String]] = [:]
        var isForgetful = false
        var failure: EngineError?
    }

    private let state = Mutex(State())

    public init() {}

    /// Whether archives are accepted and nothing is unpacked.
    public func setForgetful(_ isForgetful: Bool) { state.withLock { $0.isForgetful = isForgetful } }

    /// Every unpacking fails from now on; nil ends that.
    public func setFailure(_ failure: EngineError?) { state.withLock { $0.failure = failure } }

    /// Texts of the archives that were unpacked into a container, in their order.
    public func unpacked(into name: String) -> [String] { state.withLock { $0.unpacked[name] ?? [] } }

    public func unpack(
        into folder: String, ofContainer name: String, from source: @escaping ContainerFiles.Source
    ) async throws {
        if let failure = state.withLock(\.failure) { throw failure }
        let bytes = Mutex<[UInt8]>([])
        try await source { piece in bytes.withLock { $0 += piece } }
        let text = String(decoding: bytes.withLock { $0 }, as: UTF8.self)
        state.withLock { if !$0.isForgetful { $0.unpacked[name, default: []].append(text) } }
    }

    public func hasFile(at path: String, inContainer name: String) async throws(EngineError) -> Bool {
        state.withLock { $0.unpacked[name] != nil }
    }
}

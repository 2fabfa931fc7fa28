public import ProjectModel

/// The archive of clusters in one store. One per store; it has no state besides the store.
///
/// All times are those of the database server, in milliseconds since 1970; all sizes are bytes. Every method throws
/// ``BackupError/store(_:)`` when the store fails for longer than the adapter's limits allow, and
/// ``BackupError/damaged(object:reason:)`` when the store returns something else than was stored.
public protocol BackupArchive: Sendable {
    /// Copies a cluster. The backup counts as taken when this returns; before that, no other method shows it.
    ///
    /// The slot of ``receiveWAL(_:report:)`` must exist before, or ``BaseBackupRequest/includesWAL`` be set: else the
    /// log between can be lost, and the copy with it.
    ///
    /// - Parameter progress: bytes that were read from the server so far, after each part.
    /// - Throws: ``BackupError/source(_:)``, ``BackupError/otherCluster(expected:found:)``, ``BackupError/cancelled``.
    func takeBase(
        _ request: BaseBackupRequest, progress: @escaping @Sendable (Int64) async -> Void
    ) async throws(BackupError) -> BaseBackup

    /// Makes the slot of a cluster where it is missing, so that the server keeps its log from now on.
    func reserveWAL(_ request: WALRequest) async throws(BackupError)

    /// Drops the slot. It is no error when there is none.
    func releaseWAL(_ request: WALRequest) async throws(BackupError)

    /// Copies the log of a cluster until the task is cancelled, and reports how far it is. The server learns of a
    /// position after it is durable in the store. After cancellation, a crash or a lost connection the next call
    /// continues at the first byte that is not durable.
    ///
    /// While the store fails, it tries again with growing pauses and reports ``WALEvent/delayed(_:)``; the server keeps
    /// what was not confirmed, up to `max_slot_wal_keep_size`.
    ///
    /// - Throws: ``BackupError/cancelled``; ``BackupError/source(_:)`` when the connection is lost.
    func receiveWAL(
        _ request: WALRequest, report: @escaping @Sendable (WALEvent) async -> Void
    ) async throws(BackupError)

    /// Everything that is complete in the archive.
    func contents(of access: ArchiveAccess) async throws(BackupError) -> ArchiveContents

    /// The plan for a target by what the store has now.
    ///
    /// - Parameter known: the last progress that a receiver reported, if it is known.
    /// - Throws: what ``RestorePlanner/plan(for:in:known:)`` throws.
    func restorePlan(
        for target: RestoreTarget, in access: ArchiveAccess, known: WALProgress?
    ) async throws(BackupError) -> RestorePlan

    /// What can be restored, newest time line last; empty when no base is complete.
    func restorableSpans(
        of access: ArchiveAccess, known: WALProgress?
    ) async throws(BackupError) -> [RestorableSpan]

    /// Bytes of the files that a plan makes: those of the base, by the server's manifest, and the segments of the log.
    func bytes(of plan: RestorePlan, in access: ArchiveAccess) async throws(BackupError) -> Int64

    /// The base as a gzip-compressed tar of the cluster's folder (`PG_VERSION`, `base/…`), without an entry for the
    /// folder itself. A reader that reaches the end without an error has all of it.
    func baseTar(of plan: RestorePlan, in access: ArchiveAccess) -> ArchiveBytes

    /// An uncompressed tar to be unpacked over the base in the same folder: `pg_wal/<segment>` of the plan's log, the
    /// histories of all time lines, and `recovery.signal`. Owner and modes are those of the request.
    func walTar(of plan: RestorePlan, in access: ArchiveAccess, owner: TarOwner) -> ArchiveBytes

    /// Reads a backup from beginning to end: sizes, authenticity of every frame, and every file against the SHA-256 of
    /// the server's manifest; and that the log from its start to its end is there.
    ///
    /// - Returns: what was found; a damaged backup is an answer, not an error.
    func verify(_ id: BackupID, in access: ArchiveAccess) async throws(BackupError) -> BackupVerification

    /// Removes a backup; its record first, so that a half-removed one is never offered. No error when there is none.
    func remove(_ id: BackupID, in access: ArchiveAccess) async throws(BackupError)

    /// Removes what is left of backups that were begun before a time and never completed; returns the count of objects.
    func removeUnfinished(before time: Timestamp, in access: ArchiveAccess) async throws(BackupError) -> Int

    /// Removes the log of a time line that ends at or before a position; returns the count of chunks.
    func removeWAL(
        before position: WALPosition, on timeline: TimelineID, in access: ArchiveAccess
    ) async throws(BackupError) -> Int
}

/// Opens archives in stores.
public protocol BackupArchives: Sendable {
    /// The archive in a store.
    ///
    /// - Throws: ``BackupError/invalid(_:)`` for settings that no store can have.
    func archive(in store: BackupStoreSettings) throws(BackupError) -> any BackupArchive
}

/// What a base backup is made of, and where it goes.
public struct BaseBackupRequest: Sendable {
    public var id: BackupID
    public var source: ReplicationSource
    public var access: ArchiveAccess
    /// Whether the log of the copy's own time is put into it, so that it can be restored alone.
    public var includesWAL: Bool
    /// Kilobytes a second that the server reads at most, from 32 to 1,048,576; nil for as fast as it can.
    public var kilobytesPerSecond: Int?

    public init(
        id: BackupID, source: ReplicationSource, access: ArchiveAccess, includesWAL: Bool = false,
        kilobytesPerSecond: Int? = nil
    ) {
        self.id = id
        self.source = source
        self.access = access
        self.includesWAL = includesWAL
        self.kilobytesPerSecond = kilobytesPerSecond
    }
}

/// Which log is copied, and how soon.
public struct WALRequest: Sendable {
    /// The slot's name unless another is asked for.
    public static let defaultSlot = "supamanager"

    public var source: ReplicationSource
    public var access: ArchiveAccess
    /// The physical slot: small letters, digits and underscores, at most 63.
    public var slot: String
    /// How long a byte waits until its chunk is uploaded: what is lost at worst. At least one second.
    public var uploadEvery: Duration
    /// Asks for an upload at once.
    public var flush: WALFlush
    /// Whether a server is refused that would keep its log without a limit for a reader that is away.
    public var requiresBound: Bool

    public init(
        source: ReplicationSource, access: ArchiveAccess, slot: String = Self.defaultSlot,
        uploadEvery: Duration = .seconds(60), flush: WALFlush = WALFlush(), requiresBound: Bool = false
    ) {
        self.requiresBound = requiresBound
        self.source = source
        self.access = access
        self.slot = slot
        self.uploadEvery = uploadEvery
        self.flush = flush
    }
}

/// What a receiver has to say.
public enum WALEvent: Sendable, Equatable {
    /// At the start, after each chunk, and while the database is idle at least once a minute.
    case progress(WALProgress)
    /// The server no longer had the log: the slot was made again. A base backup is due at once, because none before the
    /// gap reaches beyond it.
    case gap(WALGap)
    /// The cluster is on a time line that the archive did not know. A base backup is due.
    case branch(TimelineBranch)
    /// The store failed and is tried again; nothing is confirmed meanwhile.
    case delayed(BackupError)
}

/// Who owns the files of a tar, by number.
public struct TarOwner: Sendable, Hashable {
    public var user: UInt32
    public var group: UInt32

    public init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}

/// What a check of a backup found.
public struct BackupVerification: Sendable, Equatable {
    public var id: BackupID
    /// Files whose contents equal the manifest.
    public var files: Int
    /// Their bytes.
    public var bytes: Int64
    /// What is wrong, one sentence each, at most ``problemsMax``; empty when all is right.
    public var problems: [String]

    public static let problemsMax = 20

    public init(id: BackupID, files: Int, bytes: Int64, problems: [String]) {
        self.id = id
        self.files = files
        self.bytes = bytes
        self.problems = problems
    }

    /// Whether nothing is wrong.
    public var isSound: Bool { problems.isEmpty }
}

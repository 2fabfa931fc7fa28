public import ProjectModel

/// A copy of a cluster's files, complete in the archive.
public struct BaseBackup: Sendable, Hashable {
    public var id: BackupID
    public var timeline: TimelineID
    /// Where recovery begins.
    public var start: WALPosition
    /// Where the copy is consistent: recovery reaches at least this.
    public var end: WALPosition
    /// Before the copy, by the clock of the server.
    public var begun: Timestamp
    /// After ``end`` was written, by the clock of the server. A moment before it needs an older backup.
    public var finished: Timestamp
    /// Bytes of its objects in the store: compressed and encrypted.
    public var storedBytes: Int64
    /// The number that `initdb` gave the cluster.
    public var systemIdentifier: UInt64
    /// As `server_version` says it, such as `15.20 (Debian 15.20-0+deb12u1)`.
    public var serverVersion: String
    /// Bytes of a segment of the log, 16 MiB unless `initdb` was asked for another.
    public var segmentBytes: UInt64
    /// Whether the log from ``start`` to ``end`` is in the copy: then it can be restored alone.
    public var includesWAL: Bool

    public init(
        id: BackupID, timeline: TimelineID, start: WALPosition, end: WALPosition, begun: Timestamp,
        finished: Timestamp, storedBytes: Int64, systemIdentifier: UInt64, serverVersion: String,
        segmentBytes: UInt64 = 16 << 20, includesWAL: Bool = false
    ) {
        self.id = id
        self.timeline = timeline
        self.start = start
        self.end = end
        self.begun = begun
        self.finished = finished
        self.storedBytes = storedBytes
        self.systemIdentifier = systemIdentifier
        self.serverVersion = serverVersion
        self.segmentBytes = segmentBytes
        self.includesWAL = includesWAL
    }
}

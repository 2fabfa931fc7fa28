/// The named limits of an archive.
public struct ArchiveLimits: Sendable {
    /// How long a server may send nothing of a base backup.
    public var silenceMax: Duration = .seconds(120)
    /// Bytes of a backup's manifest.
    public var manifestBytesMax = 64 << 20
    /// Bytes of log that are uploaded at once, without waiting for ``WALRequest/uploadEvery``.
    public var chunkBytes = 4 << 20
    /// How long a receiver waits for the server before it checks what is due.
    public var receiveWait: Duration = .seconds(1)
    /// How often the server hears how far the archive is, and answers with its clock.
    public var statusEvery: Duration = .seconds(10)
    /// How often an idle receiver reports its progress.
    public var reportEvery: Duration = .seconds(30)
    /// How long after a wish for an upload everything that comes is uploaded at once.
    public var flushWindow: Duration = .seconds(2)
    /// Attempts to upload one chunk, before the receiver ends with the store's error.
    public var uploadAttemptsMax = 20
    /// The pause after the first failed attempt; it doubles up to ``uploadPauseMax``.
    public var uploadPause: Duration = .seconds(1)
    public var uploadPauseMax: Duration = .seconds(30)
    /// How long a receiver waits for the server to let go of the slot, which the connection before may still hold.
    public var slotWait: Duration = .seconds(15)
    /// The time between two looks at it.
    public var slotPoll: Duration = .milliseconds(100)
    /// Bytes of a segment that a restore keeps in memory.
    public var segmentBytesMax: UInt64 = 64 << 20

    /// The defaults.
    public init() {}
}

import Synchronization

/// Bytes of an archive, piece by piece (at most 1 MiB each). The next piece is read when it is asked for.
public struct ArchiveBytes: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = BackupError

    /// Gives pieces until nil.
    public typealias Source = @Sendable () async throws(BackupError) -> [UInt8]?

    private let open: @Sendable () async throws(BackupError) -> Source

    /// - Parameter open: called once for each iteration.
    public init(_ open: @escaping @Sendable () async throws(BackupError) -> Source) { self.open = open }

    /// An iteration from the beginning.
    public func makeAsyncIterator() -> Iterator { Iterator(open: open) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let open: @Sendable () async throws(BackupError) -> Source
        private var source: Source?

        fileprivate init(open: @escaping @Sendable () async throws(BackupError) -> Source) { self.open = open }

        public mutating func next() async throws(BackupError) -> [UInt8]? {
            if source == nil { source = try await open() }
            return try await source?()
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(BackupError) -> [UInt8]? {
            if source == nil { source = try await open() }
            return try await source?()
        }
    }
}

/// A wish for an upload before its time: before a restore, a stop or a deletion.
public final class WALFlush: Sendable {
    private let wanted = Mutex(false)

    public init() {}

    /// Everything that the receiver has, and what comes within its next wait, is uploaded at once.
    public func request() { wanted.withLock { $0 = true } }

    /// Whether there was a wish since the last call.
    public func take() -> Bool {
        wanted.withLock { wanted in
            defer { wanted = false }
            return wanted
        }
    }
}

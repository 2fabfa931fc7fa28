public import FileKit
import Synchronization

/// Files that have no more than a number of bytes together, those of open uploads included.
public struct BoundedFiles: ObjectFiles {
    private let files: any ObjectFiles
    private let usage: FileUsage

    /// Counts what is there. From then on nothing else may write there.
    public init(_ files: any ObjectFiles, bytesMax: Int) async throws(FileError) {
        self.files = files
        var sizes = try await files.incoming(unchangedSince: .infinity)
        for shard in 0..<files.shardCount {
            sizes += try await files.published(inShard: shard, unchangedSince: .infinity)
        }
        usage = FileUsage(bytesMax: bytesMax, used: sizes.reduce(0) { $0 + $1.bytes })
    }

    /// Bytes below the bound.
    public var room: Int { usage.room }

    /// The shards of the files behind it.
    public var shardCount: Int { files.shardCount }

    /// A file that is counted as it grows.
    public func create() async throws(FileError) -> any IncomingFile {
        BoundedFile(file: try await files.create(), files: files, usage: usage, counted: 0)
    }

    /// A file that is counted as it grows.
    public func resume(_ version: ObjectVersion) async throws(FileError) -> any IncomingFile {
        let file = try await files.resume(version)
        return BoundedFile(file: file, files: files, usage: usage, counted: try await file.size())
    }

    /// The file behind it.
    public func open(_ version: ObjectVersion) async throws(FileError) -> any PublishedFile {
        try await files.open(version)
    }

    /// A copy counts as much as its source, however it is kept.
    public func duplicate(_ version: ObjectVersion) async throws(FileError) -> ObjectVersion {
        let bytes = try await files.open(version).size
        try usage.take(bytes)
        do throws(FileError) { return try await files.duplicate(version) } catch {
            usage.give(bytes)
            throw error
        }
    }

    /// Its bytes are room again.
    @discardableResult
    public func remove(_ version: ObjectVersion) async throws(FileError) -> Int? {
        let bytes = try await files.remove(version)
        usage.give(bytes ?? 0)
        return bytes
    }

    /// Its bytes are room again.
    @discardableResult
    public func discard(_ version: ObjectVersion) async throws(FileError) -> Int? {
        let bytes = try await files.discard(version)
        usage.give(bytes ?? 0)
        return bytes
    }

    /// Those of the files behind it.
    public func published(inShard shard: Int, unchangedSince time: Double) async throws(FileError) -> [StoredSize] {
        try await files.published(inShard: shard, unchangedSince: time)
    }

    /// Those of the files behind it.
    public func incoming(unchangedSince time: Double) async throws(FileError) -> [StoredSize] {
        try await files.incoming(unchangedSince: time)
    }
}

/// Bytes of all files.
private final class FileUsage: Sendable {
    private let bytesMax: Int
    private let used: Mutex<Int>

    init(bytesMax: Int, used: Int) {
        self.bytesMax = bytesMax
        self.used = Mutex(used)
    }

    var room: Int { max(0, bytesMax - used.withLock { $0 }) }

    func take(_ bytes: Int) throws(FileError) {
        let isTaken = used.withLock { used in
            guard bytes <= max(0, bytesMax - used) else { return false }
            used += bytes
            return true
        }
        guard isTaken else { throw .overQuota }
    }

    func give(_ bytes: Int) { used.withLock { $0 -= bytes } }
}

private final class BoundedFile: IncomingFile {
    private let file: any IncomingFile
    private let files: any ObjectFiles
    private let usage: FileUsage
    /// Bytes of it that are counted: also those of a write that failed.
    private let counted: Mutex<Int>

    init(file: any IncomingFile, files: any ObjectFiles, usage: FileUsage, counted: Int) {
        self.file = file
        self.files = files
        self.usage = usage
        self.counted = Mutex(counted)
    }

    private func grow(to end: Int) throws(FileError) {
        try counted.withLock { counted throws(FileError) in
            guard end > counted else { return }
            try usage.take(end - counted)
            counted = end
        }
    }

    private func shrink(to end: Int) {
        counted.withLock { counted in
            usage.give(max(0, counted - end))
            counted = min(counted, end)
        }
    }

    var version: ObjectVersion { file.version }

    func size() async throws(FileError) -> Int { try await file.size() }

    func write(_ bytes: [UInt8], at offset: Int) async throws(FileError) {
        try grow(to: offset + bytes.count)
        try await file.write(bytes, at: offset)
    }

    func append(_ version: ObjectVersion, at offset: Int) async throws(FileError) -> Int {
        try grow(to: offset + (try await files.open(version).size))
        return try await file.append(version, at: offset)
    }

    func truncate(to length: Int) async throws(FileError) {
        try await file.truncate(to: length)
        shrink(to: length)
    }

    func sync() async throws(FileError) { try await file.sync() }

    func publish() async throws(FileError) { try await file.publish() }

    func discard() async throws(FileError) -> Int? {
        let bytes = try await file.discard()
        // What is published is counted until it is removed.
        if bytes != nil { shrink(to: 0) }
        return bytes
    }
}

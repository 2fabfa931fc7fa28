public import BackupModel
public import ProjectModel

/// A store of named objects. A name has parts of small letters, digits, dots and hyphens, separated by `/`.
public protocol ObjectStore: Sendable {
    /// Begins an object. It is there under its name, whole and durable, once ``ObjectWriter/finish()`` has returned,
    /// and not before; an object of the same name is replaced then.
    func write(_ name: String) async throws(BackupError) -> any ObjectWriter
    /// Reads an object; nil where there is none.
    func read(_ name: String) async throws(BackupError) -> (any ObjectReader)?
    /// Bytes of an object; nil where there is none.
    func size(of name: String) async throws(BackupError) -> Int64?
    /// The complete objects whose names begin with a prefix, which ends with `/`; by name.
    func list(_ prefix: String) async throws(BackupError) -> [StoredObject]
    /// Removes an object; no error where there is none.
    func remove(_ name: String) async throws(BackupError)
    /// Removes what is left of objects below a prefix that were begun before a time and never finished.
    func removeUnfinished(_ prefix: String, before time: Timestamp) async throws(BackupError)
}

/// An object that is being written, by one writer.
public protocol ObjectWriter: Sendable {
    func append(_ bytes: [UInt8]) async throws(BackupError)
    func finish() async throws(BackupError)
    /// Gives it up. Best effort: what is left is removed by ``ObjectStore/removeUnfinished(_:before:)``.
    func abandon() async
}

/// An object that is being read, by one reader.
public protocol ObjectReader: Sendable {
    /// The next bytes, at most 1 MiB; nil at the end.
    func next() async throws(BackupError) -> [UInt8]?
}

/// An object of a list.
public struct StoredObject: Sendable, Hashable {
    public var name: String
    public var bytes: Int64
    /// When it was written, by the clock of the store.
    public var modified: Timestamp

    public init(name: String, bytes: Int64, modified: Timestamp) {
        self.name = name
        self.bytes = bytes
        self.modified = modified
    }
}

extension ObjectStore {
    /// Writes a small object at once.
    func put(_ name: String, _ bytes: [UInt8]) async throws(BackupError) {
        let writer = try await write(name)
        do throws(BackupError) {
            try await writer.append(bytes)
            try await writer.finish()
        } catch {
            await writer.abandon()
            throw error
        }
    }

    /// Reads a small object; nil where there is none.
    func get(_ name: String, bytesMax: Int) async throws(BackupError) -> [UInt8]? {
        guard let reader = try await read(name) else { return nil }
        var bytes: [UInt8] = []
        while let piece = try await reader.next() {
            guard bytes.count + piece.count <= bytesMax else {
                throw .damaged(object: name, reason: "it is larger than \(bytesMax) bytes")
            }
            bytes += piece
        }
        return bytes
    }
}

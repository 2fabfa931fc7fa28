public import FileKit

/// Names one state of an object's bytes: a lower-case uuid. Files lie under it, never under a key.
public struct ObjectVersion: Sendable, Hashable {
    /// 36 characters.
    public let text: String

    /// Nil for a text that is no lower-case uuid.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let isDash = [8, 13, 18, 23].contains(index)
            let isHex =
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            guard isDash ? byte == UInt8(ascii: "-") : isHex else { return nil }
        }
        self.text = text
    }

    /// A new one, of 122 random bits.
    public static func random() -> ObjectVersion {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return ObjectVersion(checked: text)
    }

    private init(checked text: String) { self.text = text }
}

/// Where the bytes of objects are kept. A file never changes after it was published.
public protocol ObjectFiles: Sendable {
    /// Begins a file that is not visible yet.
    func create() async throws(FileError) -> any IncomingFile

    /// Takes up a file again that was begun and not published, also after a restart.
    func resume(_ version: ObjectVersion) async throws(FileError) -> any IncomingFile

    /// Opens a published file. It can be read to its end even if it is removed meanwhile.
    func open(_ version: ObjectVersion) async throws(FileError) -> any PublishedFile

    /// Makes a second published file with the same bytes.
    func duplicate(_ version: ObjectVersion) async throws(FileError) -> ObjectVersion

    /// Removes a published file. Its bytes; nil where it was not there.
    @discardableResult
    func remove(_ version: ObjectVersion) async throws(FileError) -> Int?

    /// Removes a file that was begun and not published. Its bytes; nil where it was not there.
    @discardableResult
    func discard(_ version: ObjectVersion) async throws(FileError) -> Int?

    /// Bytes that are allowed beside those that are there.
    var room: Int { get }

    /// Shards, each of which holds a part of the published files; one more holds those that are not published.
    var shardCount: Int { get }

    /// The published files of a shard that have not changed since a time, in seconds since the epoch.
    func published(inShard shard: Int, unchangedSince time: Double) async throws(FileError) -> [StoredSize]

    /// The files that are not published and have not changed since a time.
    func incoming(unchangedSince time: Double) async throws(FileError) -> [StoredSize]
}

/// A file and its bytes.
public struct StoredSize: Sendable, Equatable {
    /// Its name.
    public var version: ObjectVersion
    /// Its bytes.
    public var bytes: Int
}

/// A file that is being written, by one writer at a time.
public protocol IncomingFile: Sendable {
    /// Its name, before and after it is published.
    var version: ObjectVersion { get }

    /// Bytes of it.
    func size() async throws(FileError) -> Int

    /// Writes bytes at an offset.
    func write(_ bytes: [UInt8], at offset: Int) async throws(FileError)

    /// Writes the whole of a published file at an offset. Returns its bytes.
    func append(_ version: ObjectVersion, at offset: Int) async throws(FileError) -> Int

    /// Cuts it to a length.
    func truncate(to length: Int) async throws(FileError)

    /// Returns when its bytes are safe.
    func sync() async throws(FileError)

    /// Makes it visible, with all its bytes safe.
    func publish() async throws(FileError)

    /// Removes it, unless it is published. Its bytes; nil where it was not there.
    @discardableResult
    func discard() async throws(FileError) -> Int?
}

/// A file that is read.
public protocol PublishedFile: Sendable {
    /// Its bytes.
    var size: Int { get }

    /// Up to `count` bytes from an offset.
    func read(at offset: Int, upTo count: Int) async throws(FileError) -> [UInt8]
}

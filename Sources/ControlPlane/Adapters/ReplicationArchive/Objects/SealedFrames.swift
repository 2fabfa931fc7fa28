import BackupModel
import TokenKit

/// How an object is encrypted: a header with its own key, wrapped by the project's; then frames of ``frameBytes`` plain
/// bytes, of which only the last may be shorter. What a frame authenticates besides its bytes are its number and
/// whether it is the last one, and the wrapped key authenticates the object's name: so nothing can be cut, swapped or
/// moved.
enum SealedFrames {
    static let frameBytes = 1 << 20
    static let sealedFrameBytes = frameBytes + SealedBox.overheadByteCount
    static let magic = Array("SMB1".utf8)
    static let headerBytes = magic.count + BackupKey.byteCount + SealedBox.overheadByteCount

    static func header(of name: String, objectKey: KeyBytes, key: BackupKey) throws(TokenError) -> [UInt8] {
        magic
            + (try SealedBox.seal(objectKey.reveal(), key: KeyBytes(key.bytes), context: context(name)))
    }

    static func objectKey(_ header: [UInt8], of name: String, key: BackupKey) throws(TokenError) -> KeyBytes {
        guard header.count == headerBytes, Array(header.prefix(magic.count)) == magic else { throw .unknownFormat }
        let wrapped = Array(header.dropFirst(magic.count))
        return KeyBytes(try SealedBox.open(wrapped, key: KeyBytes(key.bytes), context: context(name)))
    }

    private static func context(_ name: String) -> [UInt8] { Array("backup object \(name)".utf8) }

    static func frameContext(_ number: UInt64, isLast: Bool) -> [UInt8] {
        Array("frame \(number) \(isLast ? "last" : "more")".utf8)
    }
}

/// Encrypts an object while it is written. Belongs to one writer.
actor SealedWriter {
    private let writer: any ObjectWriter
    private let objectKey: KeyBytes
    private let digest: RunningDigest
    private var buffer: [UInt8] = []
    private var frame: UInt64 = 0
    private(set) var storedBytes: Int64 = 0

    static func begin(
        _ name: String, in store: any ObjectStore, key: BackupKey
    ) async throws(BackupError) -> SealedWriter {
        let (objectKey, header) = try translating { () throws(TokenError) in
            let objectKey = try KeyBytes.random(count: BackupKey.byteCount)
            return (objectKey, try SealedFrames.header(of: name, objectKey: objectKey, key: key))
        }
        let sealed = try SealedWriter(await store.write(name), objectKey)
        do throws(BackupError) { try await sealed.pass(header) } catch {
            await sealed.abandon()
            throw error
        }
        return sealed
    }

    private init(_ writer: any ObjectWriter, _ objectKey: KeyBytes) throws(BackupError) {
        self.writer = writer
        self.objectKey = objectKey
        digest = try translating { () throws(TokenError) in try RunningDigest(.sha256) }
    }

    func append(_ bytes: [UInt8]) async throws(BackupError) {
        buffer += bytes
        // One byte more than a frame shows that the frame is not the last one.
        while buffer.count > SealedFrames.frameBytes {
            let plain = Array(buffer.prefix(SealedFrames.frameBytes))
            buffer.removeFirst(SealedFrames.frameBytes)
            try await pass(try seal(plain, isLast: false))
        }
    }

    /// Ends the object; its size in the store and the SHA-256 of what is stored.
    func finish() async throws(BackupError) -> StoredPart {
        try await pass(try seal(buffer, isLast: true))
        buffer = []
        try await writer.finish()
        let sum = try translating { () throws(TokenError) in try digest.finish() }
        return StoredPart(bytes: storedBytes, sha256: Hex.encode(sum))
    }

    func abandon() async { await writer.abandon() }

    private func seal(_ plain: [UInt8], isLast: Bool) throws(BackupError) -> [UInt8] {
        defer { frame += 1 }
        return try translating { () throws(TokenError) in
            try SealedBox.seal(
                plain, key: objectKey, context: SealedFrames.frameContext(frame, isLast: isLast))
        }
    }

    private func pass(_ bytes: [UInt8]) async throws(BackupError) {
        try translating { () throws(TokenError) in try digest.update(bytes) }
        try await writer.append(bytes)
        storedBytes += Int64(bytes.count)
    }
}

/// Decrypts an object while it is read. Belongs to one reader.
actor SealedReader {
    private let name: String
    private let key: BackupKey
    private let reader: any ObjectReader
    private let digest: RunningDigest
    private var objectKey: KeyBytes?
    private var buffer: [UInt8] = []
    private var frame: UInt64 = 0
    private var isSourceAtEnd = false
    private var isAtEnd = false
    private var storedBytes: Int64 = 0

    /// Opens an object; one that is missing is a damage.
    static func open(
        _ name: String, in store: any ObjectStore, key: BackupKey
    ) async throws(BackupError) -> SealedReader {
        guard let reader = try await store.read(name) else { throw .damaged(object: name, reason: "it is missing") }
        return try SealedReader(name, key, reader: reader)
    }

    private init(_ name: String, _ key: BackupKey, reader: any ObjectReader) throws(BackupError) {
        (self.name, self.key, self.reader) = (name, key, reader)
        digest = try translating { () throws(TokenError) in try RunningDigest(.sha256) }
    }

    /// The next frame's bytes, which are authentic; nil after the last one.
    func next() async throws(BackupError) -> [UInt8]? {
        guard !isAtEnd else { return nil }
        if objectKey == nil { objectKey = try await readHeader() }
        // One byte more than a frame shows that it is not the last one.
        try await fill(SealedFrames.sealedFrameBytes + 1)
        let isLast = isSourceAtEnd && buffer.count <= SealedFrames.sealedFrameBytes
        let sealed = Array(buffer.prefix(SealedFrames.sealedFrameBytes))
        buffer.removeFirst(sealed.count)
        isAtEnd = isLast
        defer { frame += 1 }
        let plain = try open(sealed, isLast: isLast)
        return plain.isEmpty ? nil : plain
    }

    /// What was read of the object so far.
    func stored() throws(BackupError) -> StoredPart {
        let sum = try translating { () throws(TokenError) in try digest.finish() }
        return StoredPart(bytes: storedBytes, sha256: Hex.encode(sum))
    }

    private func readHeader() async throws(BackupError) -> KeyBytes {
        try await fill(SealedFrames.headerBytes)
        let header = Array(buffer.prefix(SealedFrames.headerBytes))
        buffer.removeFirst(header.count)
        do throws(TokenError) { return try SealedFrames.objectKey(header, of: name, key: key) } catch {
            throw damage("its header was changed, or it was sealed with another key")
        }
    }

    private func open(_ sealed: [UInt8], isLast: Bool) throws(BackupError) -> [UInt8] {
        guard let objectKey else { throw damage("it has no key") }
        do throws(TokenError) {
            return try SealedBox.open(
                sealed, key: objectKey, context: SealedFrames.frameContext(frame, isLast: isLast))
        } catch {
            throw damage("its part \(frame) was changed, cut or moved")
        }
    }

    private func damage(_ reason: String) -> BackupError { .damaged(object: name, reason: reason) }

    private func fill(_ count: Int) async throws(BackupError) {
        while buffer.count < count, !isSourceAtEnd {
            guard let bytes = try await reader.next() else {
                isSourceAtEnd = true
                return
            }
            try translating { () throws(TokenError) in try digest.update(bytes) }
            storedBytes += Int64(bytes.count)
            buffer += bytes
        }
    }
}

/// An object as it is stored.
struct StoredPart: Codable, Equatable, Sendable {
    var bytes: Int64
    /// In hexadecimal.
    var sha256: String
}

/// Failures of libcrypto are failures of this machine.
func translating<Value>(_ work: () throws(TokenError) -> Value) throws(BackupError) -> Value {
    do throws(TokenError) { return try work() } catch { throw .store("libcrypto failed: \(error)") }
}

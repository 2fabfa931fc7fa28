public import FileKit

/// Writes a backup: a header, then entries in the order in which they come, in pieces that are protected one by one.
///
/// Not `Sendable`: it belongs to the one who writes. A file without ``finish()`` is refused by every reader.
public final class ArchiveWriter {
    /// Bytes of a piece, before it is protected.
    static let pieceBytes = 1 << 20
    /// Bytes that are read of a file at a time.
    private static let readBytes = 1 << 18

    private let file: DiskFile
    private let seal: ArchiveSeal
    private var offset = 0
    private var index: UInt64 = 0
    private var pending: [UInt8] = []

    /// Begins a backup in an empty file.
    ///
    /// - Parameter passphrase: nil leaves the backup readable for everybody who has the file.
    public init(_ file: DiskFile, header: ArchiveHeader, passphrase: [UInt8]?) throws(ArchiveError) {
        var header = header
        if passphrase != nil { header.encryption = try ArchiveSeal.encryption() }
        let bytes = try header.encoded()
        self.file = file
        seal = try ArchiveSeal(header.encryption, header: bytes, passphrase: passphrase)
        try write(bytes)
    }

    /// Adds an entry with these bytes.
    public func add(_ name: ArchiveName, bytes: [UInt8]) throws(ArchiveError) {
        try append(ArchiveEntry(name: name, size: UInt64(bytes.count)).encoded() + bytes)
    }

    /// Adds an entry with the contents of a file, which must not change meanwhile.
    public func add(_ name: ArchiveName, contentsOf source: DiskFile) throws(ArchiveError) {
        let size = try Self.files { () throws(FileError) in try source.size() }
        try append(ArchiveEntry(name: name, size: UInt64(size)).encoded())
        var done = 0
        while done < size {
            let piece = try Self.files { () throws(FileError) in
                try source.read(at: done, upTo: min(Self.readBytes, size - done))
            }
            guard !piece.isEmpty else { throw .damaged("\(name.text) became shorter while it was read") }
            try append(piece)
            done += piece.count
        }
    }

    /// Ends the backup. Returns when all of it is on the disk.
    public func finish() throws(ArchiveError) {
        try writePiece(pending, isLast: true)
        pending = []
        try Self.files { () throws(FileError) in try file.sync() }
    }

    private func append(_ bytes: [UInt8]) throws(ArchiveError) {
        pending += bytes
        while pending.count > Self.pieceBytes {
            try writePiece(Array(pending.prefix(Self.pieceBytes)), isLast: false)
            pending.removeFirst(Self.pieceBytes)
        }
    }

    private func writePiece(_ piece: [UInt8], isLast: Bool) throws(ArchiveError) {
        let closed = try seal.close(piece, at: index, isLast: isLast)
        try write([isLast ? 1 : 0] + BigEndian.bytes(UInt32(closed.count)) + closed)
        index += 1
    }

    private func write(_ bytes: [UInt8]) throws(ArchiveError) {
        try Self.files { () throws(FileError) in try file.write(bytes, at: offset) }
        offset += bytes.count
    }

    static func files<Value>(_ body: () throws(FileError) -> Value) throws(ArchiveError) -> Value {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }
}

public import FileKit
import FoundationEssentials

/// Reads a backup from its beginning to its end.
///
/// Not `Sendable`: it belongs to the one who reads.
public final class ArchiveReader {
    private let file: DiskFile
    private let seal: ArchiveSeal
    private let fileBytes: Int
    private var offset: Int
    private var index: UInt64 = 0
    private var isLast = false
    private var pending: [UInt8] = []
    private var taken = 0

    /// The header.
    public let header: ArchiveHeader

    /// Opens a backup and reads its header.
    ///
    /// - Parameter passphrase: needed where the header says that the file is encrypted; ignored where it does not.
    public init(_ file: DiskFile, passphrase: [UInt8]?) throws(ArchiveError) {
        let (header, bytes) = try Self.readHeader(file)
        self.file = file
        self.header = header
        fileBytes = try ArchiveWriter.files { () throws(FileError) in try file.size() }
        seal = try ArchiveSeal(header.encryption, header: bytes, passphrase: passphrase)
        offset = bytes.count
    }

    /// The header alone: says whether a passphrase is needed.
    public static func header(of file: DiskFile) throws(ArchiveError) -> ArchiveHeader { try readHeader(file).0 }

    /// Reads everything and keeps nothing: whether the backup is whole.
    public func verify() throws(ArchiveError) {
        try forEach { _, _ throws(ArchiveError) in }
    }

    /// Calls `body` with the bytes of every entry, piece by piece; an empty entry is one empty piece.
    public func forEach(
        _ body: (ArchiveName, ArraySlice<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        while try !isAtEnd() {
            let entry = try nextEntry()
            var rest = entry.size
            if rest == 0 { try body(entry.name, []) }
            while rest > 0 {
                guard try !isAtEnd() else { throw .damaged("\(entry.name.text) ends early") }
                let count = Int(min(UInt64(pending.count - taken), rest))
                try body(entry.name, pending[taken..<taken + count])
                taken += count
                rest -= UInt64(count)
            }
        }
        guard offset == fileBytes else { throw .damaged("something stands behind its end") }
    }

    private static func readHeader(_ file: DiskFile) throws(ArchiveError) -> (ArchiveHeader, [UInt8]) {
        func read(_ offset: Int, _ count: Int) throws(ArchiveError) -> [UInt8] {
            let bytes = try ArchiveWriter.files { () throws(FileError) in try file.read(at: offset, upTo: count) }
            guard bytes.count == count else { throw offset == 0 ? .notABackup : .damaged("it ends in its header") }
            return bytes
        }
        let magic = ArchiveHeader.magic
        let start = try read(0, magic.count)
        guard start == magic else {
            throw start.starts(with: ArchiveHeader.magicPrefix) ? .unknownFormat : .notABackup
        }
        let length = try read(magic.count, 4)
        let count: UInt32 = BigEndian.number(length)
        guard count <= ArchiveHeader.bytesMax else { throw .damaged("its header is too long") }
        let json = try read(magic.count + 4, Int(count))
        do {
            return (try JSONDecoder().decode(ArchiveHeader.self, from: Data(json)), magic + length + json)
        } catch { throw .damaged("its header cannot be read") }
    }

    private func nextEntry() throws(ArchiveError) -> ArchiveEntry {
        let fixed = try take(ArchiveEntry.fixedBytes)
        let count: UInt16 = BigEndian.number(fixed.prefix(2))
        let name = String(validating: try take(Int(count)), as: UTF8.self).flatMap { ArchiveName($0) }
        guard let name else { throw .damaged("an entry has no name that could be one") }
        return ArchiveEntry(name: name, size: BigEndian.number(fixed.dropFirst(2)))
    }

    private func take(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard try !isAtEnd() else { throw .damaged("it ends between its entries") }
            let piece = pending[taken..<min(pending.count, taken + count - bytes.count)]
            bytes += piece
            taken += piece.count
        }
        return bytes
    }

    /// Whether nothing is left; reads the next piece where the present one is used up.
    private func isAtEnd() throws(ArchiveError) -> Bool {
        while taken == pending.count {
            if isLast { return true }
            try readPiece()
        }
        return false
    }

    private func readPiece() throws(ArchiveError) {
        let frame = try read(5)
        guard frame[0] <= 1 else { throw .damaged("piece \(index + 1) is of no kind") }
        let count: UInt32 = BigEndian.number(frame.dropFirst())
        guard Int(count) <= ArchiveWriter.pieceBytes + ArchiveSeal.overheadMax else {
            throw .damaged("piece \(index + 1) is too long")
        }
        isLast = frame[0] == 1
        pending = try seal.open(try read(Int(count)), at: index, isLast: isLast)
        taken = 0
        index += 1
    }

    private func read(_ count: Int) throws(ArchiveError) -> [UInt8] {
        let bytes = try ArchiveWriter.files { () throws(FileError) in try file.read(at: offset, upTo: count) }
        guard bytes.count == count else { throw .damaged("it ends early") }
        offset += count
        return bytes
    }
}

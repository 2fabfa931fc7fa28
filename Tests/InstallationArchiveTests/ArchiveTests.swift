import FileKit
import Foundation
import Testing

@testable import InstallationArchive

@Suite("The file of a backup of the manager") struct ArchiveTests {
    private static let passphrase = Array("correct horse".utf8)

    /// Longer than two pieces, so that one lies between the first and the last.
    private static let long = (0..<ArchiveWriter.pieceBytes * 2 + 12_345).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func write(
        _ path: String, passphrase: [UInt8]?,
        entries: [(ArchiveName, [UInt8])] = [(.masterKey, [1, 2, 3]), (.database, long)]
    ) throws {
        let header = ArchiveHeader(
            installation: "0123456789ab", version: "1.2.3", createdAt: "2026-01-02T03:04:05Z")
        let writer = try ArchiveWriter(try DiskFile.create(path), header: header, passphrase: passphrase)
        for (name, bytes) in entries { try writer.add(name, bytes: bytes) }
        try writer.finish()
    }

    private func read(_ path: String, passphrase: [UInt8]?) throws -> [(ArchiveName, [UInt8])] {
        var entries: [(ArchiveName, [UInt8])] = []
        try ArchiveReader(try DiskFile.reading(path), passphrase: passphrase).forEach {
            name, bytes throws(ArchiveError) in
            if entries.last?.0 == name {
                entries[entries.count - 1].1 += bytes
            } else {
                entries.append((name, Array(bytes)))
            }
        }
        return entries
    }

    private func error(of path: String, passphrase: [UInt8]? = nil) -> ArchiveError? {
        do {
            _ = try read(path, passphrase: passphrase)
            return nil
        } catch { return error as? ArchiveError }
    }

    @Test("what was written is read again, encrypted or not", arguments: [nil, passphrase])
    func roundTrip(passphrase: [UInt8]?) throws {
        try withFolder { folder in
            let path = folder + "/backup"
            let nested = try #require(ArchiveName("projects/abc/volumes/a file"))
            try write(
                path, passphrase: passphrase,
                entries: [(.masterKey, [1, 2, 3]), (.adminToken, []), (.database, Self.long), (nested, [7])])
            let entries = try read(path, passphrase: passphrase)
            #expect(entries.map(\.0) == [.masterKey, .adminToken, .database, nested])
            #expect(entries.map(\.1) == [[1, 2, 3], [], Self.long, [7]])
            let header = try ArchiveReader.header(of: try DiskFile.reading(path))
            #expect(header.installation == "0123456789ab")
            #expect((header.encryption != nil) == (passphrase != nil))
            let isPlain = try Data(contentsOf: URL(filePath: path)).range(of: Data(Self.long.prefix(64))) != nil
            #expect(isPlain == (passphrase == nil))
        }
    }

    @Test("of a file is read what it has")
    func contents() throws {
        try withFolder { folder in
            try Data(Self.long).write(to: URL(filePath: folder + "/dump"))
            let writer = try ArchiveWriter(
                try DiskFile.create(folder + "/backup"),
                header: ArchiveHeader(installation: "0123456789ab", version: "1", createdAt: "now"), passphrase: nil)
            try writer.add(.database, contentsOf: try DiskFile.reading(folder + "/dump"))
            try writer.finish()
            #expect(try read(folder + "/backup", passphrase: nil).map(\.1) == [Self.long])
        }
    }

    @Test("cut short anywhere it is refused", arguments: [nil, passphrase])
    func truncated(passphrase: [UInt8]?) throws {
        try withFolder { folder in
            let path = folder + "/backup"
            try write(path, passphrase: passphrase)
            let whole = try Data(contentsOf: URL(filePath: path))
            let cuts = [0, 5, 20, 24, 40, 200, 300, ArchiveWriter.pieceBytes + 300, whole.count - 40, whole.count - 1]
            for cut in cuts {
                try whole.prefix(cut).write(to: URL(filePath: path))
                #expect(error(of: path, passphrase: passphrase) != nil, "\(cut) of \(whole.count) bytes")
            }
            // Without its last piece the file still ends between two pieces.
            try write(path + "2", passphrase: passphrase)
            let isLastAt = try lastPiece(whole)
            try whole.prefix(isLastAt).write(to: URL(filePath: path))
            #expect(error(of: path, passphrase: passphrase) == .damaged("it ends early"))
        }
    }

    @Test("with a bit flipped anywhere it is refused", arguments: [nil, passphrase])
    func flipped(passphrase: [UInt8]?) throws {
        try withFolder { folder in
            let path = folder + "/backup"
            try write(path, passphrase: passphrase)
            let whole = try Data(contentsOf: URL(filePath: path))
            let last = try lastPiece(whole)
            // Magic, length of the header, each part of it, frames, pieces, and what protects them.
            let places =
                Array(stride(from: 0, to: 400, by: passphrase == nil ? 3 : 17)) + [
                    ArchiveWriter.pieceBytes, last, last + 1, last + 4, last + 20, whole.count - 33, whole.count - 1,
                ]
            for place in places {
                var changed = whole
                changed[place] ^= 0x04
                try changed.write(to: URL(filePath: path))
                #expect(error(of: path, passphrase: passphrase) != nil, "byte \(place) of \(whole.count)")
            }
        }
    }

    @Test("with something behind its end, or with two pieces exchanged, it is refused")
    func rearranged() throws {
        try withFolder { folder in
            let path = folder + "/backup"
            try write(path, passphrase: nil)
            var whole = try Data(contentsOf: URL(filePath: path))
            try (whole + [0]).write(to: URL(filePath: path))
            #expect(error(of: path) == .damaged("something stands behind its end"))
            let first = try firstPiece(whole)
            let size = ArchiveWriter.pieceBytes + ArchiveSeal.digestBytes + 5
            let pieces = (whole[first..<first + size], whole[first + size..<first + 2 * size])
            whole.replaceSubrange(first..<first + 2 * size, with: pieces.1 + pieces.0)
            try whole.write(to: URL(filePath: path))
            #expect(error(of: path) == .damaged("the digest of piece 1 is another"))
        }
    }

    @Test("without the passphrase, or with another, it is refused")
    func passphrases() throws {
        try withFolder { folder in
            let path = folder + "/backup"
            try write(path, passphrase: Self.passphrase)
            #expect(error(of: path) == .passphraseMissing)
            #expect(error(of: path, passphrase: Array("wrong".utf8)) == .notAuthentic)
        }
    }

    @Test("another file is no backup, and one of a later format is named as such")
    func formats() throws {
        try withFolder { folder in
            let path = folder + "/backup"
            for (text, expected) in [
                ("", ArchiveError.notABackup), ("PK", .notABackup), (String(repeating: "x", count: 100), .notABackup),
                ("SUPAMANAGER-BACKUP 2\n" + String(repeating: "x", count: 100), .unknownFormat),
            ] {
                try Data(text.utf8).write(to: URL(filePath: path))
                #expect(error(of: path) == expected, "\(text)")
            }
        }
    }

    @Test("a header that asks for a costly key is refused before it is made")
    func cost() throws {
        for change in [
            { $0.memoryKiB = 1 << 30 }, { $0.passes = 1_000 }, { $0.lanes = 100 }, { $0.salt = "xy" },
        ] as [(inout ArchiveHeader.Encryption) -> Void] {
            var encryption = try ArchiveSeal.encryption()
            change(&encryption)
            #expect(throws: ArchiveError.damaged("its header asks for a key that no backup has")) {
                try ArchiveSeal(encryption, header: [], passphrase: Self.passphrase)
            }
        }
    }

    @Test(
        "no name leads out of the data folder",
        arguments: ["", "/etc/passwd", "..", "projects/../../x", "projects//x", "projects/./x", "projects/x/", "a\0b"])
    func names(text: String) { #expect(ArchiveName(text) == nil) }

    private func firstPiece(_ file: Data) throws -> Int {
        let magic = ArchiveHeader.magic.count
        let length: UInt32 = BigEndian.number(file[magic..<magic + 4])
        return magic + 4 + Int(length)
    }

    /// Where the frame of the last piece begins.
    private func lastPiece(_ file: Data) throws -> Int {
        var place = try firstPiece(file)
        while file[place] == 0 {
            let length: UInt32 = BigEndian.number(file[place + 1..<place + 5])
            place += 5 + Int(length)
        }
        return place
    }
}

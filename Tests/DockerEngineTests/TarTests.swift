import DockerEngine
import Testing

@Suite("Tar archives")
struct TarTests {
    @Test("what is written is read back unchanged", arguments: [0, 1, 511, 512, 513, 100_000])
    func roundTrip(_ size: Int) throws {
        let entries = [
            TarEntry(path: "d", kind: .directory, mode: 0o755, userID: 1, groupID: 2, modifiedSeconds: 3),
            TarEntry(
                path: "d/f", kind: .file((0..<size).map { UInt8(truncatingIfNeeded: $0) }), mode: 0o4640,
                userID: 0o7_777_777, groupID: 65_534, modifiedSeconds: 1_700_000_000),
            TarEntry(path: "d/ü", kind: .symbolicLink(target: "../f"), mode: 0o777),
        ]
        let archive = try TarArchive.write(entries)
        #expect(archive.count % 512 == 0)
        #expect(try TarArchive.read(archive, limitEntries: 3) == entries)
        #expect(throws: TarError.self) { try TarArchive.read(archive, limitEntries: 2) }
    }

    @Test(
        "paths of up to 255 bytes fit if they can be split",
        arguments: [
            (String(repeating: "a", count: 100), true), (String(repeating: "a", count: 101), false),
            (String(repeating: "a", count: 155) + "/" + String(repeating: "b", count: 100), true),
            (String(repeating: "a", count: 156) + "/" + String(repeating: "b", count: 10), false),
            (String(repeating: "a", count: 10) + "/" + String(repeating: "b", count: 101), false),
            (Array(repeating: "abcde", count: 40).joined(separator: "/"), true),
        ])
    func longPaths(_ path: String, _ fits: Bool) throws {
        let entry = TarEntry(path: path, kind: .file([1]), mode: 0o644)
        if fits {
            #expect(try TarArchive.read(TarArchive.write([entry]), limitEntries: 1) == [entry])
        } else {
            #expect(throws: TarError.self) { try TarArchive.write([entry]) }
        }
    }

    @Test("paths that lead out of the directory, and numbers that do not fit, are refused")
    func refused() {
        for path in ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\u{0}b"] {
            #expect(throws: TarError.self) { try TarArchive.write([TarEntry(path: path, kind: .file([]), mode: 0)]) }
        }
        let entries = [
            TarEntry(path: "a", kind: .file([]), mode: 0, userID: 0o10_000_000),
            TarEntry(path: "a", kind: .file([]), mode: 0, modifiedSeconds: 1 << 40),
            TarEntry(path: "a", kind: .other, mode: 0), TarEntry(path: "a", kind: .symbolicLink(target: ""), mode: 0),
            TarEntry(path: "a", kind: .symbolicLink(target: String(repeating: "x", count: 101)), mode: 0),
        ]
        for entry in entries {
            #expect(throws: TarError.self) { try TarArchive.write([entry]) }
        }
    }

    @Test("an archive that is cut anywhere is an error, never a crash and never half an answer")
    func cutAnywhere() throws {
        let archive = try TarArchive.write([TarEntry(path: "f", kind: .file([1, 2, 3]), mode: 0o644)])
        // The last block is the second half of the end mark, which readers may do without.
        for length in 0..<(archive.count - 512) {
            #expect(throws: TarError.self, "cut at \(length)") {
                try TarArchive.read(Array(archive[..<length]), limitEntries: 10)
            }
        }
    }

    @Test("a changed header is noticed", arguments: [0, 100, 110, 124, 136, 156, 257, 345, 511])
    func damaged(_ offset: Int) throws {
        var archive = try TarArchive.write([TarEntry(path: "f", kind: .file([1, 2, 3]), mode: 0o644)])
        archive[offset] ^= 1
        #expect(throws: TarError.self) { try TarArchive.read(archive, limitEntries: 10) }
    }

    @Test("bytes at random are an error or an answer, never a crash", arguments: 1...20 as ClosedRange<UInt64>)
    func random(seed: UInt64) throws {
        var state = seed
        var archive = try TarArchive.write([
            TarEntry(path: "f", kind: .file(Array("30 path=abc\n".utf8)), mode: 0o644),
            TarEntry(path: "g", kind: .directory, mode: 0o755),
        ])
        for _ in 0..<200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            archive[Int(state >> 33) % archive.count] = UInt8(truncatingIfNeeded: state >> 20)
            Self.repairChecksum(&archive)
            do { _ = try TarArchive.read(archive, limitEntries: 10) } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    /// Makes the first header's checksum right, so that the reader gets past it.
    private static func repairChecksum(_ archive: inout [UInt8]) {
        archive.replaceSubrange(148..<156, with: Array("        ".utf8))
        let sum = archive[..<512].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        archive.replaceSubrange(148..<154, with: Array((String(repeating: "0", count: 6 - digits.count) + digits).utf8))
        archive[154] = 0
    }

    @Test("long names of both extensions are read")
    func extensions() throws {
        let long = String(repeating: "x", count: 300)
        let record = "path=\(long)\n"
        let pax = "\(record.utf8.count + 4) \(record)"
        for (type, text) in [("x", pax), ("L", long + "\u{0}")] {
            var archive = try TarArchive.write([
                TarEntry(path: "ext", kind: .file(Array(text.utf8)), mode: 0),
                TarEntry(path: "short", kind: .file([9]), mode: 0o600),
            ])
            archive[156] = try #require(type.utf8.first)
            Self.repairChecksum(&archive)
            #expect(
                try TarArchive.read(archive, limitEntries: 1) == [TarEntry(path: long, kind: .file([9]), mode: 0o600)])
        }
    }
}

import FoundationEssentials
import Testing
import TokenKit

@Suite("Key files")
struct KeyFileTests {
    /// Runs `body` with the path of a file that does not exist yet, in a folder of its own.
    private func withPath(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/smtest-key-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: folder) } }
        try body(folder + "/master.key")
    }

    private func problem(_ body: () throws -> Void) -> KeyFileProblem? {
        do {
            try body()
            return nil
        } catch TokenError.keyFile(_, let problem) {
            return problem
        } catch {
            return nil
        }
    }

    @Test("a new file has mode 600, holds the key, and is the only file")
    func create() throws {
        try withPath { path in
            let key = try KeyBytes.random(count: 32)
            try KeyFile.create(path, holding: key)
            #expect(try KeyFile.read(path, byteCount: 32) == key)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? UInt16) == 0o600)
            let folder = String(path.dropLast("/master.key".count))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["master.key"])
        }
    }

    @Test("an existing file is never replaced")
    func exists() throws {
        try withPath { path in
            let key = try KeyBytes.random(count: 32)
            try KeyFile.create(path, holding: key)
            #expect(problem { try KeyFile.create(path, holding: KeyBytes.random(count: 32)) } == .exists)
            #expect(try KeyFile.read(path, byteCount: 32) == key)
        }
    }

    @Test("an attempt that was cut short does not block the next one")
    func leftover() throws {
        try withPath { path in
            try Data([1, 2, 3]).write(to: URL(filePath: path + ".new"))
            #expect(problem { _ = try KeyFile.read(path, byteCount: 32) } == .missing)
            let key = try KeyBytes.random(count: 32)
            try KeyFile.create(path, holding: key)
            #expect(try KeyFile.read(path, byteCount: 32) == key)
        }
    }

    @Test(
        "a file that others may read or write is refused",
        arguments: [0o640, 0o604, 0o620, 0o602, 0o644, 0o610] as [UInt16])
    func permissions(mode: UInt16) throws {
        try withPath { path in
            try KeyFile.create(path, holding: KeyBytes.random(count: 32))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect(problem { _ = try KeyFile.read(path, byteCount: 32) } == .permissions(UInt32(mode)))
        }
    }

    @Test("a file of another length is refused", arguments: [0, 31, 33, 5_000])
    func length(count: Int) throws {
        try withPath { path in
            try Data(repeating: 7, count: count).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(problem { _ = try KeyFile.read(path, byteCount: 32) } == .length(min(count, 33)))
        }
    }

    @Test("a folder in the place of the file is refused")
    func folder() throws {
        try withPath { path in
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            #expect(problem { _ = try KeyFile.read(path, byteCount: 32) } == .notRegular)
        }
    }
}

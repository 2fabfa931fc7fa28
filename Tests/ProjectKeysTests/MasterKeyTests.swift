import FoundationEssentials
import ProjectKeys
import Testing
import TokenKit

@Suite("Master key")
struct MasterKeyTests {
    private func withPath(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/smtest-master-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: folder) } }
        try body(folder + "/master.key")
    }

    @Test("the first start makes the key, every later one finds the same")
    func firstStart() throws {
        try withPath { path in
            let check = try MasterKey.load(path: path, sealedDataExists: false).keyCheck(installation: "i1")
            try MasterKey.load(path: path, sealedDataExists: true).verify(keyCheck: check, installation: "i1")
            try MasterKey.load(path: path, sealedDataExists: false).verify(keyCheck: check, installation: "i1")
        }
    }

    @Test("a missing key is refused while sealed data exists, and no new one is made")
    func missing() throws {
        try withPath { path in
            #expect(throws: MasterKeyError.missing(path: path)) {
                try MasterKey.load(path: path, sealedDataExists: true)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test("a key file of a wrong length is refused and left as it is, sealed data or not", arguments: [true, false])
    func wrongLength(sealedDataExists: Bool) throws {
        try withPath { path in
            try Data([1, 2, 3]).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(throws: MasterKeyError.unusable(path: path, problem: .length(3))) {
                try MasterKey.load(path: path, sealedDataExists: sealedDataExists)
            }
            #expect(FileManager.default.contents(atPath: path) == Data([1, 2, 3]))
        }
    }

    @Test("a key file that others may read is refused")
    func permissions() throws {
        try withPath { path in
            _ = try MasterKey.load(path: path, sealedDataExists: false)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            #expect(throws: MasterKeyError.unusable(path: path, problem: .permissions(0o644))) {
                try MasterKey.load(path: path, sealedDataExists: true)
            }
        }
    }

    @Test("another key, another installation or a changed check is not taken for the right one")
    func keyCheck() throws {
        let master = try MasterKey(KeyBytes.random(count: 32))
        let check = try master.keyCheck(installation: "i1")
        try master.verify(keyCheck: check, installation: "i1")
        #expect(throws: MasterKeyError.wrongKey) { try master.verify(keyCheck: check, installation: "i2") }
        #expect(throws: MasterKeyError.wrongKey) {
            try MasterKey(KeyBytes.random(count: 32)).verify(keyCheck: check, installation: "i1")
        }
        for index in check.indices {
            var changed = check
            changed[index] ^= 1
            #expect(throws: MasterKeyError.wrongKey) { try master.verify(keyCheck: changed, installation: "i1") }
        }
        #expect(throws: MasterKeyError.wrongKey) { try master.verify(keyCheck: [], installation: "i1") }
    }

    @Test("a key of another length is no master key", arguments: [0, 16, 31, 33])
    func keyLength(count: Int) {
        #expect(throws: MasterKeyError.self) { try MasterKey(KeyBytes([UInt8](repeating: 1, count: count))) }
    }

    @Test("a refusal names the file and says what to do")
    func descriptions() {
        let text = MasterKeyError.missing(path: "/data/master.key").description
        #expect(text.contains("/data/master.key") && text.contains("SUPAMANAGER_MASTER_KEY_FILE"))
        #expect(MasterKeyError.unusable(path: "/k", problem: .permissions(0o644)).description.contains("644"))
    }
}

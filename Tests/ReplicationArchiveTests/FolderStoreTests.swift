import BackupModel
import PostgresTestSupport
import Testing

@testable import ReplicationArchive

@Suite("Objects in a folder")
struct FolderStoreTests {
    @Test("a backup is stopped before it fills the disk, in the middle of an object, too")
    func room() async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        let full = FolderStore(path: folder.path) { _ in FolderStore.freeBytesMin - 1 }
        let refused = try await full.write("a/object")
        let error = await #expect(throws: BackupError.self) { try await refused.append([1]) }
        #expect(error.map { "\($0)".contains("less than 2 GiB are free") } == true)
        await refused.abandon()
        let roomy = FolderStore(path: folder.path) { _ in FolderStore.freeBytesMin }
        let writer = try await roomy.write("a/object")
        try await writer.append([1])
        try await writer.finish()
        #expect(try await roomy.list("a/").map(\.name) == ["a/object"])
    }

    @Test("the room of a folder is known, and that of a missing one is not")
    func space() {
        #expect(FolderSpace.freeBytes("/tmp").map { $0 > 0 } == true)
        #expect(FolderSpace.freeBytes("/tmp/no-such-folder-here") == nil)
    }
}

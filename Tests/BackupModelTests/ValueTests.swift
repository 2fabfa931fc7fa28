import BackupModel
import ProjectModel
import Testing

@Suite("Values of backups")
struct ValueTests {
    @Test(arguments: ["0/0", "0/1A2B", "16/B374D848", "FFFFFFFF/FFFFFFFF"])
    func aPositionIsReadAsPostgresWritesIt(_ text: String) throws {
        #expect(try #require(WALPosition(text: text)).description == text)
    }

    @Test(arguments: ["", "0", "/", "0/", "/0", "0/0/0", "G/0", "0/123456789", "+1/0", "0/ 1", "-0/1"])
    func noOtherTextIsAPosition(_ text: String) {
        #expect(WALPosition(text: text) == nil)
    }

    @Test func namesOfObjectsHaveNoSeparators() {
        #expect(BackupID("a-1") != nil)
        for text in ["", "A", "a/b", "..", "a b", String(repeating: "a", count: 65)] { #expect(BackupID(text) == nil) }
        #expect(ArchiveLocation(installation: "../x", incarnation: "a") == nil)
    }

    @Test func secretsAreNotPrinted() throws {
        let key = try #require(BackupKey([UInt8](repeating: 0x41, count: 32)))
        #expect("\(key) \(String(reflecting: key)) \(Mirror(reflecting: key).children.count)".contains("65") == false)
        let source = ReplicationSource(host: "db", port: 1, user: "u", password: "hidden", database: "d")
        var dumped = ""
        dump(source, to: &dumped)
        #expect("\(source) \(String(reflecting: source)) \(dumped)".contains("hidden") == false)
        let s3 = S3StoreSettings(endpoint: "e", region: "r", bucket: "b", accessKeyID: "i", secretAccessKey: "hidden")
        dumped = ""
        dump(s3, to: &dumped)
        #expect("\(s3) \(BackupStoreSettings.s3(s3)) \(dumped)".contains("hidden") == false)
    }
}

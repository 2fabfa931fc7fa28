import FoundationEssentials
import Glibc
import PostgresKit
import PostgresTestSupport
import Testing

@testable import EmbeddedPostgres

@Suite(
    "Embedded cluster of a manager that is root",
    .enabled("needs root and PostgreSQL's server programs") {
        await TestCluster.isAvailable() && SystemAccount.isRoot
    })
struct EmbeddedClusterAsRootTests {
    private func withFolder(_ body: (TestFolder) async throws -> Void) async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        try await body(folder)
    }

    private func mode(_ path: String) throws -> UInt16? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? UInt16
    }

    private func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    @Test("through a data folder private to root the server's group may pass, but not read")
    func privateParent() async throws {
        try await withFolder { folder async throws in
            let data = folder.path + "/data"
            try makeFolder(data)
            var configuration = EmbeddedClusterConfiguration(folder: data + "/postgres")
            configuration.settings = ["fsync": "off"]
            let cluster = try await EmbeddedCluster.start(configuration)
            #expect(try mode(data) == 0o710)
            try await cluster.stop()
        }
    }

    /// What the server's user can have put in the place of each file that root opens, writes or removes: in a folder as
    /// older versions left it, where everything was that user's.
    @Test(
        "links of the server's user are not followed by root",
        arguments: [
            "postgres.log", "postgres.log.1", "hba.conf", "ident.conf", "hba.conf.new", "manager.lock", "data.new",
            "data/postmaster.pid", "run/.s.PGSQL.5432",
        ])
    func plantedLinks(name: String) async throws {
        try await withFolder { folder async throws in
            let account = try #require(SystemAccount(named: "postgres"))
            var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
            configuration.settings = ["fsync": "off"]
            configuration.maximumLogBytes = 100
            if name != "data.new" {
                let cluster = try await EmbeddedCluster.start(configuration)
                try await cluster.stop()
            } else {
                try makeFolder(configuration.folder)
            }
            let target = folder.path + "/target"
            try Data("precious".utf8).write(to: URL(filePath: target))
            let attributes = try FileManager.default.attributesOfItem(atPath: target)
            #expect(chown(configuration.folder, account.userID, account.groupID) == 0)
            let link = configuration.folder + "/" + name
            unlink(link)
            #expect(symlink(target, link) == 0)
            #expect(lchown(link, account.userID, account.groupID) == 0)
            // A lock that is a link is refused; everything else is replaced, and the cluster starts.
            do throws(EmbeddedClusterError) {
                let cluster = try await EmbeddedCluster.start(configuration)
                try await cluster.stop()
                #expect(name != "manager.lock")
            } catch {
                #expect(name == "manager.lock", "\(error)")
            }
            #expect(try Data(contentsOf: URL(filePath: target)) == Data("precious".utf8))
            let after = try FileManager.default.attributesOfItem(atPath: target)
            #expect(after[.posixPermissions] as? UInt16 == attributes[.posixPermissions] as? UInt16)
            #expect(after[.ownerAccountID] as? UInt == attributes[.ownerAccountID] as? UInt)
        }
    }

    @Test("the server's user can put nothing in place of the log while the server runs")
    func foldersOwner() async throws {
        try await withFolder { folder async throws in
            var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
            configuration.settings = ["fsync": "off"]
            let cluster = try await EmbeddedCluster.start(configuration)
            let moved = try await ChildProcess.run(
                "/usr/bin/setpriv",
                arguments: [
                    "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", "/bin/mv",
                    configuration.folder + "/postgres.log", configuration.folder + "/x",
                ], environment: [:], within: .seconds(10))
            #expect(!moved.isSuccess)
            try await cluster.stop()
        }
    }

    @Test("a folder further up that the server's user may not pass is named")
    func unreachable() async throws {
        try await withFolder { folder async throws in
            try makeFolder(folder.path + "/private")
            try makeFolder(folder.path + "/private/data")
            let configuration = EmbeddedClusterConfiguration(folder: folder.path + "/private/data/postgres")
            do throws(EmbeddedClusterError) {
                _ = try await EmbeddedCluster.start(configuration)
                Issue.record("it started")
            } catch {
                #expect("\(error)".contains(folder.path + "/private;"), "\(error)")
            }
            #expect(try mode(folder.path + "/private") == 0o700)
        }
    }

    @Test("without a user to run the server as, the refusal names it", arguments: ["no-such-user", "root"])
    func noAccount(name: String) async throws {
        try await withFolder { folder async throws in
            var configuration = EmbeddedClusterConfiguration(folder: folder.path + "/postgres")
            configuration.serverAccount = name
            do throws(EmbeddedClusterError) {
                _ = try await EmbeddedCluster.start(configuration)
                Issue.record("it started")
            } catch {
                #expect("\(error)".contains(name), "\(error)")
            }
        }
    }

    @Test("a folder that a third user has put there, or a symbolic link, is refused")
    func foreignFolder() async throws {
        try await withFolder { folder async throws in
            let account = try #require(SystemAccount(named: "postgres"))
            let path = folder.path + "/foreign"
            try makeFolder(path)
            try FileManager.default.setAttributes([.ownerAccountID: 65_534], ofItemAtPath: path)
            #expect(throws: FileSystemError.self) { try PrivateFolder.prepare(path, owner: account) }
            let link = folder.path + "/link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
            #expect(throws: FileSystemError.self) { try PrivateFolder.prepare(link, owner: account) }
        }
    }
}

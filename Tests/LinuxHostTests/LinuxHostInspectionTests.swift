import ConsistencyModel
import Foundation
import Orchestrator
import Testing

@testable import LinuxHost

@Suite("What a check asks of the host")
struct LinuxHostInspectionTests {
    private func withFolder(_ test: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/smtest-inspection-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try test(folder)
    }

    private func write(_ text: String, to path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    @Test("the disk of a path is that of the closest folder above that exists")
    func disk() throws {
        try withFolder { folder in
            let host = LinuxHostInspection()
            let own = try host.diskSpace(under: folder)
            #expect(own.totalBytes > 0 && own.freeBytes <= own.totalBytes)
            #expect(try host.diskSpace(under: folder + "/not/there/yet").totalBytes == own.totalBytes)
            let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder)
            #expect((attributes[.systemSize] as? NSNumber)?.uint64Value == own.totalBytes)
            #expect(throws: HostError.self) { try host.diskSpace(under: "/proc/self/exe/x") }
        }
    }

    @Test("values of the kernel are read as it writes them; what it does not have is nil")
    func kernel() throws {
        try withFolder { folder in
            let host = LinuxHostInspection(procFolder: folder)
            #expect(try host.kernelValues().forwardsIPv4 == nil)
            try write("0\n", to: folder + "/sys/net/ipv4/ip_forward")
            try write("256\n", to: folder + "/sys/fs/inotify/max_user_instances")
            let values = try host.kernelValues()
            #expect(values.forwardsIPv4 == false && values.inotifyInstances == 256)
            #expect((values.openFilesMax ?? 0) > 0)
            try write("1\n", to: folder + "/sys/net/ipv4/ip_forward")
            #expect(try host.kernelValues().forwardsIPv4 == true)
            try write("many\n", to: folder + "/sys/net/ipv4/ip_forward")
            #expect(throws: HostError.self) { try host.kernelValues() }
        }
        #expect(try LinuxHostInspection().kernelValues().inotifyInstances != nil)
    }

    @Test("only folders are named, no more than asked for, and none of a folder that is not there")
    func folders() throws {
        try withFolder { folder in
            for name in ["a", "b", "c"] { try write("", to: "\(folder)/\(name)/file") }
            try write("", to: folder + "/file")
            let host = LinuxHostInspection()
            #expect(try host.folderNames(in: folder, limit: 10).sorted() == ["a", "b", "c"])
            #expect(try host.folderNames(in: folder, limit: 2).count == 2)
            #expect(try host.folderNames(in: folder + "/missing", limit: 10) == [])
            #expect(throws: HostError.self) { try host.folderNames(in: folder + "/file", limit: 10) }
        }
    }
}

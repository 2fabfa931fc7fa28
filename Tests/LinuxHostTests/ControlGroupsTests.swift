import Foundation
import Orchestrator
import Testing

@testable import LinuxHost

@Suite("Control groups")
struct ControlGroupsTests {
    private let id = String(repeating: "a1", count: 32)

    private func withFolder(_ files: [String: String], _ body: (ControlGroups) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "cgroups-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (name, text) in files {
            let file = root.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(ControlGroups(root: root.path))
    }

    @Test("figures are read in both versions and with both of Docker's drivers", arguments: [true, false])
    func versions(isSystemd: Bool) throws {
        let place = isSystemd ? "system.slice/docker-\(id).scope" : "docker/\(id)"
        try withFolder([
            "cpuacct/\(place)/cpuacct.usage": "7000000\n", "memory/\(place)/memory.usage_in_bytes": "1000\n",
            "memory/\(place)/memory.stat": "cache 5\ninactive_file 1\ntotal_inactive_file 400\n",
        ]) { groups in
            let figures = try groups.figures(ofContainer: id)
            #expect(figures == ControlGroups.Figures(cpuNanoseconds: 7_000_000, memoryBytes: 600))
        }
        try withFolder([
            "\(place)/cpu.stat": "usage_usec 7000\nuser_usec 1\n", "\(place)/memory.current": "1000\n",
            "\(place)/memory.stat": "anon 5\ninactive_file 400\n",
        ]) { groups in
            let figures = try groups.figures(ofContainer: id)
            #expect(figures == ControlGroups.Figures(cpuNanoseconds: 7_000_000, memoryBytes: 600))
        }
    }

    @Test("limits, kills and processes are read on demand; no limit is none", arguments: [true, false])
    func whole(hasLimit: Bool) throws {
        let place = "docker/\(id)"
        let limit: UInt64? = hasLimit ? 5_000 : nil
        try withFolder([
            "cpuacct/\(place)/cpuacct.usage": "7\n", "memory/\(place)/memory.usage_in_bytes": "1000\n",
            "memory/\(place)/memory.stat": "total_inactive_file 400\n",
            "memory/\(place)/memory.limit_in_bytes": hasLimit ? "5000\n" : "9223372036854771712\n",
            "memory/\(place)/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
            "pids/\(place)/pids.current": "9\n",
        ]) { groups in
            let figures = try #require(try groups.figures(ofContainer: id, whole: true))
            #expect(figures.memoryLimitBytes == limit && figures.outOfMemoryKills == 2 && figures.processes == 9)
            #expect(try groups.figures(ofContainer: id)?.processes == nil)
        }
        try withFolder([
            "\(place)/cpu.stat": "usage_usec 7\n", "\(place)/memory.current": "1000\n",
            "\(place)/memory.stat": "inactive_file 400\n", "\(place)/memory.max": hasLimit ? "5000\n" : "max\n",
            "\(place)/memory.events": "oom 3\noom_kill 2\n", "\(place)/pids.current": "9\n",
        ]) { groups in
            let figures = try #require(try groups.figures(ofContainer: id, whole: true))
            #expect(figures.memoryLimitBytes == limit && figures.outOfMemoryKills == 2 && figures.processes == 9)
        }
    }

    @Test("a container that is not here has no figures, and no identifier leads elsewhere")
    func absent() throws {
        try withFolder(["docker/../x/cpu.stat": "usage_usec 1\n", "docker/\(id)/cpu.stat": "usage_usec 1\n"]) {
            groups in
            for name in [
                id, "", "../x", String(repeating: ".", count: 64), id + "/", String(repeating: "b", count: 64),
            ] {
                let found = try groups.figures(ofContainer: name)
                #expect(found == nil, "\(name)")
            }
        }
    }
}

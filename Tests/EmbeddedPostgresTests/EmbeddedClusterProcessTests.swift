import Glibc
import PostgresKit
import PostgresTestSupport
import Testing

@Suite("Child processes")
struct EmbeddedClusterProcessTests {
    @Test("the output and the end of a program are known", arguments: [(0, ChildExit.code(0)), (7, .code(7))])
    func exitCode(code: Int, exit: ChildExit) async throws {
        let completed = try await ChildProcess.run(
            "/bin/sh", arguments: ["-c", "echo out; echo err >&2; exit \(code)"], environment: [:],
            within: .seconds(60))
        #expect(completed.exit == exit)
        #expect(completed.isSuccess == (code == 0))
        #expect(completed.output == "out\nerr\n")
    }

    @Test("a program that a signal ended is recognised")
    func signal() async throws {
        let completed = try await ChildProcess.run(
            "/bin/sh", arguments: ["-c", "kill -9 $$"], environment: [:], within: .seconds(60))
        #expect(completed.exit == .signal(9))
    }

    @Test("a program that takes too long is killed")
    func deadline() async throws {
        let completed = try await ChildProcess.run(
            "/bin/sh", arguments: ["-c", "echo begun; exec sleep 3600"], environment: ["PATH": "/usr/bin:/bin"],
            within: .seconds(1))
        #expect(completed.exit == nil)
        #expect(completed.output == "begun\n")
    }

    @Test("more output than a pipe holds does not block the program, and its end is kept")
    func muchOutput() async throws {
        let completed = try await ChildProcess.run(
            "/bin/sh",
            arguments: ["-c", "i=0; while [ $i -lt 30000 ]; do echo 0123456789; i=$((i+1)); done; echo end"],
            environment: [:], within: .seconds(120))
        #expect(completed.isSuccess)
        #expect(completed.output.utf8.count == ChildProcess.maximumOutputBytes)
        #expect(completed.output.hasSuffix("0123456789\nend\n"))
    }

    @Test("it inherits no environment, no descriptor and no ignored signal, and leads a session of its own")
    func isolation() async throws {
        let descriptor = open("/dev/null", O_RDONLY)
        defer { close(descriptor) }
        let completed = try await ChildProcess.run(
            "/bin/sh",
            arguments: [
                "-c",
                "ls /proc/self/fd | wc -l; tr '\\0' '\\n' < /proc/self/environ; cut -d' ' -f6 /proc/$$/stat; "
                    + "echo $$; pwd; grep SigIgn /proc/self/status",
            ],
            environment: ["PATH": "/usr/bin:/bin", "ONLY": "this"], within: .seconds(60))
        let lines = completed.output.split(separator: "\n").map(String.init)
        // Three standard descriptors and the one with which ls reads the folder.
        #expect(lines.first == "4")
        #expect(lines.contains("ONLY=this") && !lines.contains { $0.hasPrefix("HOME=") })
        let session = try #require(lines.firstIndex(of: "/"))
        #expect(lines[session - 1] == lines[session - 2])
        // Signals 1 to 31; the two after them belong to the C library.
        let ignored = try #require(lines.last?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
        #expect(ignored & 0x7fff_ffff == 0)
    }

    @Test("a program that is not there cannot be started, and the error names it")
    func missing() async {
        do throws(ChildProcessError) {
            _ = try await ChildProcess.run("/nonexistent", arguments: [], environment: [:], within: .seconds(1))
            Issue.record("it started")
        } catch {
            #expect(error.description.contains("/nonexistent") && error.description.contains("No such file"))
        }
    }

    @Test("a lock is held by one at a time and free again after it")
    func lock() throws {
        let folder = TestFolder()
        defer { folder.remove() }
        var first = try FileLock(folder.path + "/lock")
        #expect(first != nil)
        #expect(try FileLock(folder.path + "/lock") == nil)
        first = nil
        #expect(try FileLock(folder.path + "/lock") != nil)
    }
}

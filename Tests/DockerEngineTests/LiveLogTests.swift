import DockerEngine
import Orchestrator
import Testing

@Suite("Logs on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason))
struct LiveLogTests {
    @Test("a log is followed to the end of its run, and read again after any of its lines")
    func follows() async throws {
        try await LiveEngine.with { live async throws in
            let host = try DockerHost(parsing: nil)
            let engine = DockerContainerEngine(host: host, http: live.http, installation: "logs\(live.run)")
            let id = try await live.start(
                live.spec(
                    "log",
                    "echo one; echo two >&2; while [ ! -e /go ]; do sleep 0.05; done; echo three; echo end; sleep 0.3"))
            var lines: [LogLine] = []
            for try await batch in try await engine.follow(container: id, from: .last(lines: 10)) {
                lines += batch
                if lines.count == 2 {
                    _ = try await live.client.runExec(in: id, ExecSpec(["/bin/busybox", "touch", "/go"]))
                }
            }
            #expect(Set(lines.prefix(2).map(\.text)) == ["one", "two"])
            #expect(lines.dropFirst(2).map(\.text) == ["three", "end"])
            let moments = lines.compactMap(\.at)
            #expect(moments.count == 4 && moments == moments.sorted())
            for index in moments.indices {
                var later: [LogLine] = []
                for try await batch in try await engine.follow(container: id, from: .after(moments[index])) {
                    later += batch
                }
                #expect(later.map(\.text) == lines.dropFirst(index + 1).map(\.text), "after \(moments[index].text)")
            }
            var last: [LogLine] = []
            for try await batch in try await engine.follow(container: id, from: .last(lines: 1)) { last += batch }
            #expect(last.map(\.text) == ["end"])
        }
    }
}

import Foundation
import NIOCore
import ProjectModel
import Reconciler
import Testing

@testable import NetworkProbes

/// Runs in a process of its own: other tests open and close descriptors too.
@Suite struct DescriptorTests {
    @Test func aThousandProbesAtOnceLeaveNoDescriptorOpen() async {
        await #expect(processExitsWith: .success) {
            let silent = StubScript()
            let healthy = StubScript.answering("HTTP/1.1 200 OK\r\n\r\n", then: .close)
            let asking = StubScript(answer: PostgresMessages.authenticationRequest, ending: .close)
            // Event loops open what they need when they are used first.
            try await StubServer.with(healthy) { stub in #expect(await run(.get(stub.port)) == .ready) }
            let before = try descriptorCount()
            try await StubServer.with(silent) { silent in
                try await StubServer.with(healthy) { healthy in
                    try await StubServer.with(asking) { asking in
                        let ports = (silent: silent.port, healthy: healthy.port, asking: asking.port)
                        let results = await probeAll(ports, count: 250)
                        #expect(results.count == 1_000)
                        #expect(results.filter { $0 == .ready }.count == 500)
                        #expect(results.filter { $0.reason.hasSuffix("within 2 s") }.count == 250)
                        #expect(results.filter { $0 == .notReady("connection refused") }.count == 250)
                        await silent.closed(250)
                        await healthy.closed(250)
                        await asking.closed(250)
                    }
                }
            }
            #expect(try descriptorCount() == before)
        }
    }
}

private func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

/// Four kinds of probes, `count` of each, all at the same time. Nothing listens on port 1.
private func probeAll(
    _ ports: (silent: UInt16, healthy: UInt16, asking: UInt16), count: Int
) async -> [ProbeResult] {
    await withTaskGroup(of: ProbeResult.self) { group in
        for _ in 0..<count {
            group.addTask { await run(.get(ports.silent), within: .seconds(2)) }
            group.addTask { await run(.get(ports.healthy)) }
            group.addTask { await run(.database(ports.asking)) }
            group.addTask { await run(.tcp(port: 1)) }
        }
        return await group.reduce(into: []) { $0.append($1) }
    }
}

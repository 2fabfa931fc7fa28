import NIOCore
import NIOPosix
import ProjectModel
import Reconciler
import Testing

@testable import NetworkProbes

@Suite struct ConnectionTests {
    @Test func aPortOnWhichNothingListensRefuses() async throws {
        let closed = try ReservedPort(backlog: nil)
        for probe in [Probe.get(closed.port), .tcp(port: closed.port), .database(closed.port)] {
            #expect(await run(probe) == .notReady("connection refused"))
        }
    }

    @Test func aConnectionIsAllThatATCPProbeWants() async throws {
        for script in [StubScript(), StubScript(greeting: Array("220 hello\r\n".utf8))] {
            try await StubServer.with(script) { stub in
                #expect(await run(.tcp(port: stub.port)) == .ready)
                await stub.closed(1)
                #expect(stub.received.isEmpty)
            }
        }
    }

    @Test func aServiceThatAcceptsAndStaysSilentHasUntilTheDeadline() async throws {
        try await StubServer.with(StubScript()) { stub in
            for probe in [Probe.get(stub.port), .database(stub.port)] {
                #expect(await runLate(probe) == "no answer in time")
            }
            await stub.closed(2)
        }
    }

    @Test func aConnectionThatIsNeverTakenHasUntilTheDeadline() async throws {
        let full = try ReservedPort(backlog: 0)
        // The first ones fill the queue; the kernel drops what comes after them.
        var results: [ProbeResult] = []
        try await withThrowingTaskGroup(of: ProbeResult.self) { group in
            let port = full.port
            for _ in 0..<6 { group.addTask { await run(.get(port), within: haste) } }
            for try await result in group { results.append(result) }
        }
        #expect(results.contains(.notReady("no connection within 300 ms")))
        #expect(results.allSatisfy { $0.reason.hasSuffix("within 300 ms") })
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func aDeadlineThatHasPassedIsAnAnswerToo(deadline: Duration) async throws {
        try await StubServer.with(StubScript()) { stub in
            #expect(await run(.get(stub.port), within: deadline).reason.hasSuffix("within 0 ms"))
        }
    }

    @Test func aDeadlineBeyondAllBoundsIsAccepted() async throws {
        try await StubServer.with(.answering("HTTP/1.1 200 OK\r\n\r\n")) { stub in
            #expect(await run(.get(stub.port), within: .seconds(Int64.max)) == .ready)
        }
    }

    @Test func aCancelledProbeClosesItsConnection() async throws {
        try await StubServer.with(StubScript()) { stub in
            let port = stub.port
            let result = await withTaskGroup(of: ProbeResult.self) { group in
                group.addTask { await run(.get(port)) }
                await stub.accepted(1)
                group.cancelAll()
                return await group.next()
            }
            #expect(result == .notMade("the probe was cancelled"))
            await stub.closed(1)
        }
    }

    @Test func aProbeThatIsCancelledFromTheStartEndsAtOnce() async throws {
        try await StubServer.with(StubScript()) { stub in
            let port = stub.port
            let result = await withTaskGroup(of: ProbeResult.self) { group in
                group.cancelAll()
                group.addTask { await run(.get(port)) }
                return await group.next()
            }
            #expect(result == .notMade("the probe was cancelled"))
        }
    }

    @Test func commandsAndPortZeroAreNotForThisProber() async {
        let exec = await run(.exec(command: ["true"]))
        #expect(exec == .notReady("a command inside the container is not a probe over the network"))
        let zero = await run(.tcp(port: 0))
        #expect(zero == .notReady("the probe names port 0, on which nothing can listen"))
    }

    @Test func anEventLoopGroupOfTheCallersIsUsed() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let result = try await StubServer.with(StubScript()) { stub in
            await NIOServiceProber(eventLoopGroup: group)
                .run(.tcp(port: stub.port), at: loopback, deadline: patience)
        }
        #expect(result == .ready)
        try await group.shutdownGracefully()
    }

    @Test(
        arguments: [
            (0, "0 ms"), (300, "300 ms"), (999, "999 ms"), (1_000, "1 s"), (1_500, "1.5 s"), (1_050, "1.05 s"),
            (61_001, "61.001 s"),
        ] as [(Int64, String)])
    func durationsAreShort(milliseconds: Int64, text: String) {
        #expect(durationText(.milliseconds(milliseconds)) == text)
    }
}

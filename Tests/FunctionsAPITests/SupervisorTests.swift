import DataPlaneCore
import Synchronization
import Testing

@testable import FunctionsAPI

/// A process that listens at once, and ends when its test says so.
private final class ProcessDouble: FunctionProcess {
    struct State {
        var isKilled = false
        var exit: ProcessExit?
        /// How often its exit was asked for since it was killed.
        var asked = 0
    }

    let state = Mutex(State())

    var use: ProcessUse? { ProcessUse(processorSeconds: 0, memoryBytes: 0) }

    var exit: ProcessExit? {
        state.withLock { state in
            if state.isKilled { state.asked += 1 }
            return state.exit
        }
    }

    func listens() async -> Bool { true }

    func kill() { state.withLock { $0.isKilled = true } }

    func open(_ request: ServiceRequest) async throws(ExchangeFailure) -> any HTTPExchange {
        throw ExchangeFailure("nothing is served")
    }
}

private struct RuntimeDouble: FunctionRuntime {
    let process: ProcessDouble

    func prepare() {}

    func start(_ launch: FunctionLaunch) -> any FunctionProcess { process }
}

private final class Time: Sendable {
    let seconds = Mutex(0.0)
}

@Suite("Supervisor of processes")
struct SupervisorTests {
    @Test("a process that was ended is asked for its exit until it has gone, and no longer")
    func reaping() async throws {
        let (process, time) = (ProcessDouble(), Time())
        let configuration = FunctionConfiguration(program: "/deno", workFolder: "/temp")
        let supervisor = FunctionSupervisor(
            configuration, runtime: RuntimeDouble(process: process), drawID: { "id" },
            clock: { time.seconds.withLock { $0 } }, report: { _, _, _ in })
        let version = FunctionVersion(slug: "a", folder: "/f/a", stamp: "s", entrypoint: "index.ts", importMap: nil)
        let lease = try await supervisor.lease(version)
        await supervisor.leave(lease.id, answered: true)
        await supervisor.look()
        #expect(!process.state.withLock { $0.isKilled })

        time.seconds.withLock { $0 = configuration.limits.idleSecondsMax }
        await supervisor.look()
        #expect(process.state.withLock { $0.isKilled })
        for count in 1...3 {
            await supervisor.look()
            #expect(process.state.withLock { $0.asked } == count)
        }
        process.state.withLock { $0.exit = .signal(9) }
        for _ in 0..<2 {
            await supervisor.look()
            #expect(process.state.withLock { $0.asked } == 4)
        }
    }
}

import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("A clock that is set")
struct ClockTests {
    private static let jumps: [Duration] = [.seconds(7_200), .seconds(-7_200), .seconds(30 * 86_400), .seconds(-600)]

    @Test("a start continues", arguments: jumps)
    func start(jump: Duration) async throws {
        try await SimulatedHost.run(seed: 1) { host in
            host.engine.behave(.auth, as: ServiceBehaviour(bootTime: .seconds(20)))
            try await host.manage { manager in
                let ref = try await manager.create()
                try await host.time.sleep(for: .seconds(10))
                host.time.setClock(by: jump)
                let record = try await host.wait(for: .active, of: ref, upTo: .seconds(60))
                #expect(record?.status == .active && record?.failure == nil)
                let starts = host.engine.calls.filter { $0.operation.isStart(of: .auth) }
                #expect(starts.count == 1, "nothing was started again because of the clock")
            }
        }
    }

    @Test("a wait before a restart lasts no longer than it may", arguments: jumps)
    func backoff(jump: Duration) async throws {
        try await SimulatedHost.run(seed: 2) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                _ = try await host.wait(for: .active, of: ref)
                for _ in 1...3 {
                    host.engine.setState(.exited, of: .auth, in: ref)
                    try await host.time.sleep(for: .seconds(2))
                }
                host.engine.setState(.exited, of: .auth, in: ref)
                host.time.setClock(by: jump)
                let isHealed = try await host.wait(upTo: RestartBackoff.longest * 2) {
                    try await host.store.project(ref)?.status == .active
                        && host.engine.container(.auth, of: ref)?.state == .running
                }
                #expect(isHealed)
            }
        }
    }

    @Test("a requested restart restarts everything, and once", arguments: jumps, [true, false])
    func restart(jump: Duration, isSetBefore: Bool) async throws {
        try await SimulatedHost.run(seed: 3) { host in
            try await host.manage { manager in
                let ref = try await manager.create()
                _ = try await host.wait(for: .active, of: ref)
                try await host.time.sleep(for: .seconds(5))
                let callsBefore = host.engine.calls.count
                if isSetBefore { host.time.setClock(by: jump) }
                _ = try await manager.catalog.request(.restartRequested, of: ref)
                if !isSetBefore { host.time.setClock(by: jump) }
                let record = try await host.wait(for: .active, of: ref, upTo: .seconds(120))
                #expect(record?.status == .active)
                try await host.time.sleep(for: .seconds(60))
                let calls = host.engine.calls.dropFirst(callsBefore).map(\.operation)
                for service in [ServiceName.db, .auth, .rest, .gateway] {
                    #expect(calls.count { $0.isStart(of: service) } == 1, "\(service)")
                }
            }
        }
    }
}

extension EngineOperation {
    fileprivate func isStart(of service: ServiceName) -> Bool {
        switch self {
        case .startContainer(_, service), .restartContainer(_, service, _): true
        default: false
        }
    }
}

import Foundation
import Reconciler
import Testing

@testable import NetworkProbes

@Suite(.enabled(if: PostgresCluster.isAvailable, "needs PostgreSQL's server programs"))
struct RealPostgresTests {
    @Test func aServerIsReadyWhileItRunsAndItsLogStaysQuiet() async throws {
        let cluster = try await PostgresCluster()
        let probes = [
            Probe.postgres(port: cluster.port, user: PostgresCluster.trusted, database: "postgres"),
            Probe.postgres(port: cluster.port, user: "nobody-there", database: "nowhere"),
            Probe.tcp(port: cluster.port),
        ]
        for probe in probes { #expect(await run(probe) == .notReady("connection refused")) }

        try await cluster.start()
        let quietLog = try cluster.log()
        for probe in probes { #expect(await run(probe) == .ready) }
        let results = await withTaskGroup(of: ProbeResult.self) { group in
            for number in 0..<60 { group.addTask { await run(probes[number % probes.count]) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.allSatisfy { $0 == .ready })
        #expect(results.count == 60)

        cluster.stop()
        for probe in probes { #expect(await run(probe) == .notReady("connection refused")) }
        let log = try cluster.log()
        #expect(log.starts(with: quietLog))
        let added = log.dropFirst(quietLog.count)
        let beforeShutdown = added.prefix { !$0.contains("received fast shutdown request") }
        #expect(beforeShutdown.isEmpty)
        #expect(added.count > beforeShutdown.count)
    }
}

import LinuxHost
import Orchestrator
import ProjectModel
import Synchronization
import Testing

@Suite("What the host said a moment ago")
struct RecentHostNetworkTests {
    /// A host whose answers count how often it was asked.
    private final class CountingHost: HostNetwork {
        let asked = Mutex(UInt16(0))
        let isBroken = Mutex(false)

        private func ask() throws(HostError) -> UInt16 {
            if isBroken.withLock({ $0 }) { throw HostError("not readable") }
            return asked.withLock { asked in
                asked += 1
                return asked
            }
        }

        func listeningPorts(on address: String) throws(HostError) -> Set<UInt16> { [try ask()] }
        func routes() throws(HostError) -> [IPv4Network] {
            _ = try ask()
            return []
        }
        func ephemeralPorts() throws(HostError) -> PortRange? { nil }
    }

    private final class Clock: Sendable {
        private let elapsed = Mutex(Duration.zero)
        private let start = ContinuousClock.now
        var now: ContinuousClock.Instant { elapsed.withLock { start + $0 } }
        func advance(by duration: Duration) { elapsed.withLock { $0 += duration } }
    }

    @Test("an answer is used for a moment, then the host is asked again")
    func lifetime() throws {
        let (host, clock) = (CountingHost(), Clock())
        let recent = RecentHostNetwork(host) { clock.now }
        #expect(try recent.listeningPorts(on: "127.0.0.1") == [1])
        clock.advance(by: RecentHostNetwork.lifetime - .milliseconds(1))
        #expect(try recent.listeningPorts(on: "127.0.0.1") == [1])
        clock.advance(by: .milliseconds(1))
        #expect(try recent.listeningPorts(on: "127.0.0.1") == [2])
        #expect(try recent.listeningPorts(on: "0.0.0.0") == [3])
        _ = try recent.routes()
        _ = try recent.routes()
        #expect(host.asked.withLock { $0 } == 4)
    }

    @Test("a failure is not remembered, and no older answer stands in for it")
    func failures() throws {
        let (host, clock) = (CountingHost(), Clock())
        let recent = RecentHostNetwork(host) { clock.now }
        _ = try recent.listeningPorts(on: "127.0.0.1")
        clock.advance(by: RecentHostNetwork.lifetime)
        host.isBroken.withLock { $0 = true }
        #expect(throws: HostError.self) { try recent.listeningPorts(on: "127.0.0.1") }
        #expect(throws: HostError.self) { try recent.routes() }
        host.isBroken.withLock { $0 = false }
        #expect(try recent.listeningPorts(on: "127.0.0.1") == [2])
    }

    @Test("those who ask at the same time share one reading")
    func sharing() async throws {
        let host = CountingHost()
        let start = ContinuousClock.now
        let recent = RecentHostNetwork(host) { start }
        await withTaskGroup(of: Set<UInt16>?.self) { group in
            for _ in 1...16 { group.addTask { try? recent.listeningPorts(on: "127.0.0.1") } }
            for await ports in group { #expect(ports == [1]) }
        }
    }
}

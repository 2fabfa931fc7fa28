import Clients
import HTTPBounds
import NIOCore
import OrchestratorTesting
import Testing

@testable import APIKit
@testable import ManagementAPI

@Suite("Connections that wait for a body")
struct BodyPlaceTests {
    private static let start = ContinuousClock.now
    private static let pace = BodyPace(
        deadline: .seconds(15), smallBodyDeadline: .seconds(5), bytesPerSecondMin: 1_000, patience: .seconds(1))

    private func table(total: Int = 4, perNetwork: Int = 3, perBlock: Int = 3) -> ConnectionTable<Int> {
        ConnectionTable(
            limits: ConnectionLimits(total: total, perNetwork: perNetwork, perBlock: perBlock, reserved: 0),
            pace: Self.pace)
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant {
        Self.start + .nanoseconds(Int64((seconds * 1e9).rounded()))
    }

    private func network(_ block: Int, _ number: Int = 1) -> ClientNetwork { .remote("10.0.\(block).\(number)") }

    /// Opens a connection that waits for a body from now on.
    private func send(
        _ id: Int, from network: ClientNetwork, in table: inout ConnectionTable<Int>, at seconds: Double
    ) -> ConnectionTable<Int>.Decision {
        let decision = table.open(id, from: network, at: at(seconds))
        table.beginRequest(id)
        table.beginBody(id, at: at(seconds))
        return decision
    }

    @Test("a body that makes no progress keeps no place; one that does, and a request that is worked on, do")
    func progress() {
        var table = table(total: 3)
        for id in 1...3 { #expect(send(id, from: network(id), in: &table, at: 0) == .accepted(evicting: nil)) }
        table.endBody(1)
        // Within its patience nothing has to come.
        #expect(table.open(4, from: network(4), at: at(0.9)) == .refused)
        table.receive(2_000, on: 2, at: at(0.9))
        #expect(table.open(4, from: network(4), at: at(1.5)) == .accepted(evicting: 3))
        table.beginRequest(4)
        #expect(table.open(5, from: network(5), at: at(1.8)) == .refused)
        #expect(table.open(5, from: network(5), at: at(2)) == .accepted(evicting: 2))
    }

    @Test("one byte now and then is no progress, and many at once are no credit")
    func trickle() {
        let due = at(1)
        #expect(Self.pace.extend(due, by: 1, at: at(0.5)) == at(1.001))
        #expect(Self.pace.extend(due, by: 1, at: at(10)) == at(10.001))
        #expect(Self.pace.extend(due, by: 1_000_000, at: at(0.5)) == at(1.5))
        #expect(Self.pace.extend(due, by: 0, at: at(0.5)) == due)
        #expect(Self.pace.extend(due, by: -1, at: at(0.5)) == due)
    }

    @Test(
        "what is declared decides how long is waited",
        arguments: [
            (nil, Duration.seconds(15)), (0, .seconds(5)), (-1, .seconds(5)), (200, .milliseconds(5_200)),
            (9_999, .milliseconds(14_999)), (10_001, .seconds(15)), (.max, .seconds(15)),
        ] as [(Int?, Duration)])
    func deadlines(declared: Int?, deadline: Duration) { #expect(Self.pace.deadline(of: declared) == deadline) }

    @Test("the network with the most connections gives places first, before older ones of others")
    func fairness() {
        var table = table(total: 4)
        _ = table.open(1, from: network(1), at: at(0))
        for id in 2...3 { _ = send(id, from: network(2), in: &table, at: 0) }
        _ = table.open(4, from: network(3), at: at(0))
        #expect(table.open(5, from: network(4), at: at(2)) == .accepted(evicting: 2))
        // All have one: the one that waits longest.
        #expect(table.open(6, from: network(5), at: at(2)) == .accepted(evicting: 1))
    }

    @Test("no connection goes for a network that has more of them")
    func larger() {
        var table = table(total: 4)
        _ = table.open(1, from: network(1), at: at(0))
        for id in 2...4 {
            _ = table.open(id, from: network(2, id), at: at(0))
            table.beginRequest(id)
        }
        #expect(table.open(5, from: network(3), at: at(1)) == .accepted(evicting: 1))
        #expect(table.open(6, from: network(2, 6), at: at(1)) == .refused)
        table.close(2)
        #expect(table.open(6, from: network(2, 6), at: at(1)) == .accepted(evicting: nil))
        #expect(table.open(7, from: network(3, 7), at: at(1)) == .accepted(evicting: 6))
    }

    @Test("where all bodies move, the network with more connections gives one to the network with fewer")
    func moving() {
        var table = table(total: 4)
        for id in 1...3 { _ = send(id, from: network(1), in: &table, at: 0) }
        _ = send(4, from: network(2), in: &table, at: 0)
        #expect(send(5, from: network(3), in: &table, at: 0) == .accepted(evicting: 1))
        #expect(send(6, from: network(3), in: &table, at: 0) == .refused)
        #expect(table.open(7, from: .local, at: at(0)) == .accepted(evicting: 2))
    }

    @Test(
        "a block of networks has its share",
        arguments: [
            ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"],
            ["2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"],
        ])
    func blocks(addresses: [String]) {
        var table = table(total: 100)
        for (id, address) in addresses.enumerated() {
            let decision = table.open(id, from: ClientNetwork(address), at: at(0))
            #expect(decision == .accepted(evicting: id == 3 ? 0 : nil))
        }
        for id in 1...3 { table.beginRequest(id) }
        #expect(table.open(9, from: ClientNetwork(addresses[0]), at: at(0)) == .refused)
        for address in ["10.0.1.1", "2001:db8:2::1", "127.0.0.1"] {
            let decision = table.open(address.count * 100, from: ClientNetwork(address), at: at(0))
            #expect(decision == .accepted(evicting: nil))
            table.close(address.count * 100)
        }
    }

    /// A flood as values: in each tenth of a second the attackers open what was closed, and send a head and a byte.
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let networks: [ClientNetwork]
        var bytesPerTick = 0
    }

    @Test(
        "a flood of slow bodies locks nobody out: neither a newcomer, nor one that waits, nor one that sends",
        arguments: [
            Attack(testDescription: "twelve addresses", networks: (1...12).map { .remote("10.0.\($0).1") }),
            Attack(
                testDescription: "one byte each tick", networks: (1...12).map { .remote("10.0.\($0).1") },
                bytesPerTick: 1),
            Attack(testDescription: "one block", networks: (1...48).map { .remote("10.0.1.\($0)") }),
            Attack(
                testDescription: "whole blocks", networks: (0..<150).map { .remote("10.0.\($0 / 30).\($0 % 30)") },
                bytesPerTick: 1),
            Attack(
                testDescription: "fast enough", networks: (1...12).map { .remote("10.0.\($0).1") },
                bytesPerTick: 1_000),
        ])
    func flood(attack: Attack) {
        var table = ConnectionTable<Int>(
            limits: ConnectionLimits(total: 132, perNetwork: 16, perBlock: 32, reserved: 4), pace: Self.pace)
        let (idle, sender, newcomer) = (-1, -2, -3)
        var evicted: Set<Int> = []
        func open(_ id: Int, from network: ClientNetwork, at now: Double) -> Bool {
            guard case .accepted(let victim) = table.open(id, from: network, at: at(now)) else { return false }
            if let victim { evicted.insert(victim) }
            return true
        }
        #expect(open(idle, from: network(200), at: 0) && open(sender, from: network(201), at: 0))
        table.beginRequest(sender)
        table.beginBody(sender, at: at(0))
        var attackers: [Int: Double] = [:]
        for tick in 0..<100 {
            let now = Double(tick) / 10
            table.receive(400, on: sender, at: at(now))
            for id in attackers.keys where evicted.remove(id) != nil { attackers[id] = nil }
            for (id, opened) in attackers where now - opened > 5 {
                table.close(id)
                attackers[id] = nil
            }
            for id in attackers.keys { table.receive(attack.bytesPerTick, on: id, at: at(now)) }
            for id in 0..<150 where attackers[id] == nil {
                guard open(id, from: attack.networks[id % attack.networks.count], at: now) else { continue }
                table.beginRequest(id)
                table.beginBody(id, at: at(now))
                table.receive(1, on: id, at: at(now))
                attackers[id] = now
                evicted.remove(id)
            }
            #expect(open(newcomer, from: network(202), at: now), "at \(now) s")
            #expect(table.endRequest(newcomer) == nil)
            table.close(newcomer)
            #expect(table.count <= 132 && evicted.isDisjoint(with: [idle, sender, newcomer]), "at \(now) s")
        }
    }
}

@Suite("Slow bodies on the wire", .timeLimit(.minutes(1)))
struct SlowBodyTests {
    private static let held =
        "POST /auth/v1/token?grant_type=password HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n{"

    @Test("more held bodies than there are places: the API still answers")
    func flood() async throws {
        var limits = ServerLimits()
        limits.connectionsMax = 16
        limits.bodyPatience = .milliseconds(100)
        try await APIHost.run(limits: limits) { host in
            let port = host.port
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await RawConnection.run(port: port) { connection, answer in
                            try? await connection.write(Self.held)
                            _ = try? await answer.rest()
                        }
                    }
                }
                try await Task.sleep(for: .milliseconds(500))
                for _ in 0..<5 {
                    let answer = try await host.send("GET", "/health", headers: [("Connection", "close")])
                    #expect(answer.status == 200)
                }
                group.cancelAll()
            }
        }
    }

    @Test("a small body gets a short time, and so does what is left of a request that the rate limit refuses")
    func short() async throws {
        var limits = ServerLimits()
        (limits.bodyDeadline, limits.smallBodyDeadline) = (.seconds(45), .milliseconds(200))
        var configuration = APIHost.configuration
        configuration.requestsPerMinute = 1
        try await APIHost.run(limits: limits, configuration: configuration) { host in
            // The head counts, though the body never comes.
            for status in [408, 429] {
                try await RawConnection.run(port: host.port) { connection, answer in
                    try await connection.write(Self.held)
                    #expect(try await answer.rest().hasPrefix("HTTP/1.1 \(status) "))
                }
            }
            let declared = Self.held.replacing("200", with: "60000")
            try await RawConnection.run(port: host.port) { connection, answer in
                try await connection.write(declared)
                let text = try await answer.rest()
                #expect(text.hasPrefix("HTTP/1.1 429 ") && text.lowercased().contains("connection: close"))
            }
        }
    }
}

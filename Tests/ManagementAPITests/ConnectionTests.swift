import Clients
import HTTPBounds
import NIOCore
import OrchestratorTesting
import Testing

@testable import APIKit
@testable import ManagementAPI

@Suite("Who may keep a connection")
struct ConnectionTableTests {
    private static let limits = ConnectionLimits(total: 6, perNetwork: 2, perBlock: 4, reserved: 2)
    private static let pace = ServerLimits().bodyPace
    private static let local = ClientNetwork.local

    private func remote(_ number: Int) -> ClientNetwork { .remote("192.0.2.\(number)") }

    @Test("one network gets its share: beyond it, its own connection that waited longest goes")
    func share() {
        var table = ConnectionTable<Int>(limits: Self.limits, pace: Self.pace)
        #expect(table.open(1, from: remote(1)) == .accepted(evicting: nil))
        #expect(table.open(2, from: remote(1)) == .accepted(evicting: nil))
        #expect(table.open(3, from: remote(2)) == .accepted(evicting: nil))
        #expect(table.open(4, from: remote(1)) == .accepted(evicting: 1))
        table.beginRequest(2)
        #expect(table.open(5, from: remote(1)) == .accepted(evicting: 4))
        table.beginRequest(5)
        #expect(table.open(6, from: remote(1)) == .refused)
        #expect(table.count == 3)
        // An answered request makes a waiting connection of it, the youngest one.
        #expect(table.endRequest(2) != nil)
        #expect(table.open(7, from: remote(1)) == .accepted(evicting: 2))
    }

    @Test("when all places are taken, waiting ones go, and this host's own still gets in")
    func total() {
        var table = ConnectionTable<Int>(limits: Self.limits, pace: Self.pace)
        for number in 1...4 {
            #expect(table.open(number, from: remote(number)) == .accepted(evicting: nil))
            table.beginRequest(number)
        }
        // Four of six: the other two are reserved.
        #expect(table.open(5, from: remote(5)) == .refused)
        #expect(table.open(10, from: Self.local) == .accepted(evicting: nil))
        #expect(table.open(11, from: Self.local) == .accepted(evicting: nil))
        #expect(table.open(12, from: Self.local) == .accepted(evicting: 10))
        #expect(table.endRequest(3) != nil)
        #expect(table.open(13, from: Self.local) == .accepted(evicting: 3))
        table.close(4)
        #expect(table.count == 5)
    }

    @Test("a turn ends with the next request; what is closed waits for nothing")
    func turns() {
        var table = ConnectionTable<Int>(limits: Self.limits, pace: Self.pace)
        _ = table.open(1, from: remote(1))
        #expect(table.isWaiting(1, in: 0))
        table.beginRequest(1)
        #expect(!table.isWaiting(1, in: 0) && !table.isWaiting(1, in: 1))
        #expect(table.endRequest(1) == 2)
        #expect(table.endRequest(1) == nil)
        #expect(table.isWaiting(1, in: 2) && !table.isWaiting(1, in: 0))
        table.close(1)
        #expect(!table.isWaiting(1, in: 2) && table.endRequest(1) == nil)
        table.close(1)
        #expect(table.count == 0)
    }

    @Test("never more than the limits, whatever comes and goes", arguments: 0..<50)
    func bounds(seed: Int) {
        var random = SystemRandomNumberGenerator()
        var table = ConnectionTable<Int>(limits: Self.limits, pace: Self.pace)
        var open: [Int: ClientNetwork] = [:]
        for id in 0..<300 {
            let network = id.isMultiple(of: 7) ? Self.local : remote(Int.random(in: 0...3, using: &random))
            switch table.open(id, from: network) {
            case .accepted(let evicted):
                if let evicted { #expect(open.removeValue(forKey: evicted) != nil) }
                open[id] = network
            case .refused: break
            }
            for id in open.keys where Bool.random(using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: table.beginRequest(id)
                case 1: _ = table.endRequest(id)
                default:
                    table.close(id)
                    open[id] = nil
                }
            }
            #expect(table.count == open.count && open.count <= Self.limits.total)
            let shares = Dictionary(grouping: open.values.filter { !$0.isLocal }) { $0 }
            #expect(shares.values.allSatisfy { $0.count <= Self.limits.perNetwork })
        }
    }

    @Test(
        "IPv6 counts by /64, IPv4 by address in either form",
        arguments: [
            ("192.0.2.1", ClientNetwork.remote("192.0.2.1")), ("::ffff:192.0.2.1", .remote("192.0.2.1")),
            ("::FFFF:192.0.2.1", .remote("192.0.2.1")), ("2001:db8:1:2:3:4:5:6", .remote("2001:db8:1:2:0:0:0:0/64")),
            ("2001:db8:1:2::9", .remote("2001:db8:1:2:0:0:0:0/64")),
            ("2001:db8::9", .remote("2001:db8:0:0:0:0:0:0/64")),
            ("fe80::1%eth0", .remote("fe80:0:0:0:0:0:0:0/64")), ("127.0.0.1", .local), ("::1", .local),
            ("local", .local),
            ("::ffff:127.0.0.1", .local), ("127.9.9.9", .local),
        ])
    func networks(address: String, network: ClientNetwork) { #expect(ClientNetwork(address) == network) }
}

@Suite("Connections on the wire", .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("more silent connections than there are places: the API still answers, and the oldest are closed")
    func flood() async throws {
        var limits = ServerLimits()
        limits.connectionsMax = 16
        try await APIHost.run(limits: limits) { host in
            let port = host.port
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await RawConnection.run(port: port) { _, answer in _ = try? await answer.rest() }
                    }
                }
                try await Task.sleep(for: .milliseconds(500))
                for _ in 0..<5 {
                    // A connection of its own each time: one that waits may be the one that goes.
                    let answer = try await host.send("GET", "/health", headers: [("Connection", "close")])
                    #expect(answer.status == 200)
                }
                group.cancelAll()
            }
        }
    }

    @Test("a head that does not come in time ends the connection, bytes or not; a served one may wait longer")
    func head() async throws {
        var limits = ServerLimits()
        limits.headDeadline = .milliseconds(300)
        try await APIHost.run(limits: limits) { host in
            try await RawConnection.run(port: host.port) { connection, answer in
                try await connection.write("GET /health HTTP/1.1\r\nX-A: aaa")
                #expect(try await answer.rest().isEmpty)
            }
            try await RawConnection.run(port: host.port) { connection, answer in
                for _ in 0..<2 {
                    try await connection.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await answer.read(until: "\"ok\"}").hasPrefix("HTTP/1.1 200"))
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
        }
    }

    @Test("a client that asks and takes nothing in loses its place, a slow one does not")
    func stalled() async throws {
        var limits = ServerLimits()
        limits.roomDeadline = .milliseconds(300)
        try await APIHost.run(limits: limits) { host in
            let whole = try await host.send("GET", "/openapi.json", token: nil).body.count
            let many = 40
            try await RawConnection.run(port: host.port) { connection, answer in
                for _ in 0..<many { try await connection.write("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n") }
                try await Task.sleep(for: .seconds(1))
                let text = (try? await answer.rest()) ?? ""
                #expect(text.utf8.count < whole * many)
            }
            try await RawConnection.run(port: host.port) { connection, answer in
                try await connection.write("GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                var bytes = 0
                while let piece = try await answer.next() {
                    bytes += piece.readableBytes
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(bytes > whole)
            }
        }
    }

    @Test("answers that wait to be taken in have a budget")
    func budget() async throws {
        var limits = ServerLimits()
        (limits.answerBytesFree, limits.answerBytesInFlightMax) = (1_000, 1_500_000)
        try await APIHost.run(limits: limits) { host in
            try await RawConnection.run(port: host.port) { connection, _ in
                // As many as no socket takes in.
                for _ in 0..<40 { try await connection.write("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n") }
                try await Task.sleep(for: .seconds(1))
                let second = try await host.send("GET", "/openapi.json", token: nil)
                #expect(second.status == 503)
                #expect(try await host.send("GET", "/health", token: nil).status == 200)
            }
        }
    }
}

@Suite("Bytes of bodies in hand")
struct ByteBudgetTests {
    @Test("what is not left is refused, and comes back when a body is done, also by an error")
    func budget() async throws {
        let budget = ByteBudget(bytesMax: 10)
        let outcome = await budget.withShare(beyond: 2) { first in
            #expect(first.grow(to: 2) && budget.bytesTaken == 0)
            #expect(first.grow(to: 5) && first.grow(to: 8) && first.grow(to: 8) && budget.bytesTaken == 6)
            await budget.withShare(beyond: 0) { second in
                #expect(second.grow(to: 4) && !second.grow(to: 5) && budget.bytesTaken == 10)
                #expect(first.grow(to: 3) && !first.grow(to: 9))
                second.release()
                #expect(budget.bytesTaken == 6 && first.grow(to: 9))
            }
            return budget.bytesTaken
        }
        #expect(outcome == 7 && budget.bytesTaken == 0)
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await budget.withShare(beyond: 0) { share in
                #expect(share.grow(to: 3))
                throw Failure()
            }
        }
        #expect(budget.bytesTaken == 0)
        // Larger than all of it: alone.
        await budget.withShare(beyond: 0) { share in #expect(share.grow(to: 99) && budget.bytesTaken == 10) }
    }
}

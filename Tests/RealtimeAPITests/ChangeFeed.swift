import DataPlaneCore
import PostgresKit
import PostgresTestSupport
import Synchronization
import Testing

@testable import RealtimeAPI

/// A hub on a database of its own, and what it has said.
final class ChangeFeed: Sendable {
    typealias Delivery = (to: Set<String>, data: JSONText)

    private static let roles = ["anon", "authenticated", "service_role BYPASSRLS"].map {
        "DO $$ BEGIN CREATE ROLE \($0); EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
    }.joined(separator: "\n")

    let pool: PostgresPool
    let hub: ChangeHub
    let delivered = Mutex<[Delivery]>([])
    let answers = Mutex<[String: (isError: Bool, text: String)]>([:])

    private init(_ parameters: PostgresConnectionParameters) {
        pool = PostgresPool(parameters)
        hub = ChangeHub(
            database: parameters, pool: pool, bytesMax: 1 << 20, reviewInterval: .milliseconds(200),
            clock: { ChannelFixture.now })
    }

    static func run(_ body: (ChangeFeed) async throws -> Void) async throws {
        let feed = ChangeFeed(try await TestCluster.running.emptyDatabase())
        try await feed.sql(roles + "GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;")
        try await RealtimeSchema.migrate(feed.pool)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await feed.hub.run(feed.listener) }
            try await body(feed)
            group.cancelAll()
        }
        await feed.pool.close()
    }

    private var listener: ChangeHub.Listener {
        ChangeHub.Listener(
            answer: { request, isError, text in
                self.answers.withLock { $0[request.channel.topic] = (isError, text) }
            },
            deliver: { message in
                let receivers = Set(message.channels.map(\.topic))
                self.delivered.withLock { $0.append((receivers, message.payload["data"] ?? .null)) }
            },
            report: { _ in })
    }

    func subscribe(_ name: String, to binding: String, as claims: ChannelClaims) throws {
        hub.subscribe(
            ChangeHub.Request(
                channel: ChannelID(socket: SocketID(number: 1), topic: name), ticket: 1,
                bindings: [ChangeBinding(try json(binding))], claims: claims))
    }

    func sql(_ script: String) async throws {
        try await pool.withConnection { try await $0.executeScript(script) }
    }

    /// Waits until so many channels have an answer.
    func subscribed(_ count: Int) async throws {
        try await eventually { answers.withLock { $0.count } == count }
    }

    /// Waits until so many messages were delivered.
    func deliveries(_ count: Int) async throws -> [Delivery] {
        try await eventually { delivered.withLock { $0.count } >= count }
        return delivered.withLock { $0 }
    }

    /// The text of a channel's last answer, if it is an error.
    func problem(of name: String) -> String? {
        answers.withLock { $0[name].flatMap { $0.isError ? $0.text : nil } }
    }

    /// Kinds of what a channel got.
    func kinds(to name: String) -> [String] {
        delivered.withLock {
            $0.filter { $0.to.contains(name) }.compactMap { $0.data["type"]?.stringValue }
        }
    }
}

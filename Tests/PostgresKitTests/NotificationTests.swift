import PostgresTestSupport
import Testing

@testable import PostgresKit

@Suite(
    "Notifications on a real server",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster)
struct NotificationTests {
    private func notify(_ connection: PostgresConnection, _ payload: String) async throws {
        try await connection.query("SELECT pg_notify($1, $2)", ["project \"x\"", .text(payload)])
    }

    @Test("notifications arrive in order, once they are listened to")
    func delivery() async throws {
        try await withConnection { connection async throws in
            let parameters = try await parameters(of: connection)
            var events = PostgresNotifications(parameters, channels: ["project \"x\"", "other"]).makeAsyncIterator()
            #expect(try await events.next() == .listening)
            for number in 0..<100 { try await notify(connection, "ä \(number)") }
            for number in 0..<100 {
                let expected = PostgresNotification(channel: "project \"x\"", payload: "ä \(number)")
                #expect(try await events.next() == .notification(expected))
            }
        }
    }

    @Test("a lost connection is made again, and reported as a gap")
    func reconnect() async throws {
        try await withConnection { connection async throws in
            let parameters = try await parameters(of: connection)
            var events = PostgresNotifications(parameters, channels: ["project \"x\""]).makeAsyncIterator()
            #expect(try await events.next() == .listening)
            try await connection.query(
                """
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
            #expect(try await events.next() == .gap)
            try await notify(connection, "after")
            #expect(
                try await events.next()
                    == .notification(PostgresNotification(channel: "project \"x\"", payload: "after")))
        }
    }

    @Test("a silent connection is asked for a sign of life, without disturbing the listener")
    func heartbeat() async throws {
        try await withConnection { connection async throws in
            let parameters = try await parameters(of: connection)
            var events = PostgresNotifications(
                parameters, channels: ["project \"x\""], heartbeat: .milliseconds(5)
            ).makeAsyncIterator()
            #expect(try await events.next() == .listening)
            async let sent: Void = {
                try await Task.sleep(for: .milliseconds(60))
                try await notify(connection, "late")
            }()
            #expect(
                try await events.next()
                    == .notification(PostgresNotification(channel: "project \"x\"", payload: "late")))
            try await sent
        }
    }

    @Test("cancelling the task ends the sequence")
    func cancellation() async throws {
        try await withConnection { connection async throws in
            let parameters = try await parameters(of: connection)
            let seen = try await withThrowingTaskGroup(of: [PostgresNotifications.Element].self) { group in
                group.addTask {
                    var seen: [PostgresNotifications.Element] = []
                    for try await event in PostgresNotifications(parameters, channels: ["project \"x\""]) {
                        seen.append(event)
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                    return seen
                }
                return try await group.next() ?? []
            }
            #expect(seen == [.listening])
        }
    }

    @Test("what no retry can cure is thrown")
    func incurable() async throws {
        let parameters = try TestCluster.running.parameters.with(database: "nowhere")
        var events = PostgresNotifications(parameters, channels: ["a"]).makeAsyncIterator()
        let error = await failure { _ = try await events.next() }
        #expect(error?.sqlState == "3D000")
    }

    private func parameters(of connection: PostgresConnection) async throws -> PostgresConnectionParameters {
        let name = try await connection.single("SELECT current_database() AS name").string("name")
        return try TestCluster.running.parameters.with(database: name)
    }
}

@Suite("Notification buffer")
struct NotificationBufferTests {
    @Test("beyond its capacity it reports a gap and keeps the newest")
    func overflow() {
        var buffer = NotificationBuffer(capacity: 2, capacityBytes: 1_000)
        for number in 0..<3 { buffer.append(PostgresNotification(channel: "c", payload: "\(number)")) }
        guard case .overflow = buffer.next(), case .notification(let kept) = buffer.next() else {
            Issue.record("no gap was reported")
            return
        }
        #expect(kept.payload == "2")
        #expect(buffer.next() == nil)
    }
}

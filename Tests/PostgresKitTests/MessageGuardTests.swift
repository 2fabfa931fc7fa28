import PostgresTestSupport
import Testing

@testable import PostgresKit

@Suite("The size of messages")
struct MessageGuardTests {
    /// A message with this many bytes after its header.
    private static func message(_ bodyBytes: Int) -> [UInt8] {
        let length = bodyBytes + 4
        let header = [UInt8(ascii: "D")] + [24, 16, 8, 0].map { UInt8(length >> $0 & 255) }
        return header + [UInt8](repeating: 7, count: bodyBytes)
    }

    @Test("messages up to the limit pass, however the bytes are cut; the first larger one does not", arguments: 1...12)
    func framing(chunk: Int) {
        let fitting = [0, 10, 3, 10, 0, 1].flatMap(Self.message)
        for (tail, passes) in [(Self.message(10), true), (Self.message(11), false), ([68, 0, 0, 0, 3, 0], false)] {
            var framer = MessageFramer(limitBytes: 10)
            let stream = fitting + tail
            var passed = 0
            var start = 0
            while start < stream.count {
                let piece = Array(stream[start..<min(start + chunk, stream.count)])
                let count = framer.passable(piece)
                passed += count
                guard count == piece.count else { break }
                start += chunk
            }
            // A header that came in two pieces may have passed in part: it makes no message.
            #expect(passes ? passed == stream.count : (fitting.count..<fitting.count + 5).contains(passed))
        }
    }
}

@Suite(
    "The size of messages on a real server",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() }, .postgresCluster)
struct MessageGuardServerTests {
    @Test("a row beyond the limit ends the connection with a reason; everything else is as without a limit")
    func limit() async throws {
        let limits = shortLimits { $0.maximumMessageBytes = 100_000 }
        try await withConnection(limits: limits) { connection async throws in
            let row = try await connection.single("SELECT repeat('x', 99000) AS v")
            #expect(try row.string("v").utf8.count == 99_000)
            let rows = try await connection.query("SELECT repeat('x', 1000) AS v FROM generate_series(1, 5000)")
            #expect(rows.count == 5_000)
            try await connection.query("SELECT $1::text", [.text(String(repeating: "y", count: 90_000))])
            let late = await failure {
                _ = try await connection.query("SELECT pg_sleep(60)", [], deadline: .milliseconds(50))
            }
            #expect(late == .deadlineExceeded)
            try await connection.ping()
            let error = await failure { _ = try await connection.query("SELECT repeat('x', 100001) AS v") }
            #expect(error == .resultTooLarge(limitBytes: 100_000))
            #expect(await failure { try await connection.ping() } == .resultTooLarge(limitBytes: 100_000))
        }
    }
}

import Locks
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

    /// What passes of a stream that comes in pieces of this size.
    private func passed(_ stream: [UInt8], by framer: inout MessageFramer, in chunk: Int) -> [UInt8] {
        var passed: [UInt8] = []
        for start in stride(from: 0, to: stream.count, by: chunk) {
            passed += framer.passable(Array(stream[start..<min(start + chunk, stream.count)]))
        }
        return passed
    }

    @Test("messages up to the limit pass, however the bytes are cut; the first larger one does not", arguments: 1...12)
    func framing(chunk: Int) {
        let fitting = [0, 10, 3, 10, 0, 1].flatMap(Self.message)
        for (tail, passes) in [(Self.message(10), true), (Self.message(11), false), ([68, 0, 0, 0, 3, 0], false)] {
            var framer = MessageFramer(limitBytes: 10, login: nil)
            #expect(passed(fitting + tail, by: &framer, in: chunk) == fitting + (passes ? tail : []))
            #expect((framer.refusal == nil) == passes)
        }
    }

    private static func authentication(_ code: UInt8, _ text: String = "") -> [UInt8] {
        FakeServer.message("R", [0, 0, 0, code] + Array(text.utf8))
    }

    private static let ready = FakeServer.message("Z", [UInt8(ascii: "I")])

    @Test(
        "a login with a proof on both sides passes whole, however the bytes are cut", arguments: [1, 2, 7, 64, 4_096])
    func login(chunk: Int) {
        let stream =
            Self.authentication(10, "SCRAM-SHA-256\0\0") + Self.authentication(11, "r=x,s=eA==,i=4096")
            + FakeServer.message("N", [UInt8](repeating: 1, count: 64 << 10)) + Self.authentication(12, "v=eA==")
            + Self.authentication(0) + FakeServer.message("S", Array("a\0b\0".utf8)) + Self.ready
        let row = Self.message(100_000)
        var framer = MessageFramer(limitBytes: 200_000, login: LoginInspector(requiresScram: true))
        #expect(passed(stream + row, by: &framer, in: chunk) == stream + row)
        #expect(framer.refusal == nil)
    }

    @Test("of a login that asks for more than a proof, nothing passes from there on", arguments: [1, 7, 4_096])
    func refusedLogins(chunk: Int) {
        let opening = Self.authentication(10, "SCRAM-SHA-256\0\0")
        let big = FakeServer.message("N", [UInt8](repeating: 1, count: (64 << 10) + 1))
        let bad: [(opening: [UInt8], stream: [UInt8])] = [
            ([], Self.authentication(3)), ([], Self.authentication(5, "salt")), ([], Self.authentication(0)),
            ([], Self.authentication(7)), ([], Self.authentication(9)), (opening, Self.authentication(0)),
            (opening, Self.authentication(11, "r=x,s=eA==,i=2147483647")),
            (opening, Self.authentication(11, "r=x,s=eA==,i=x")), (opening, Self.authentication(3)), ([], big),
            ([], FakeServer.message("R", [0])), ([], [UInt8(ascii: "E"), 0, 0, 0, 0]),
        ]
        for (opening, stream) in bad {
            var framer = MessageFramer(limitBytes: .max, login: LoginInspector(requiresScram: true))
            #expect(passed(opening + stream + Self.ready, by: &framer, in: chunk) == opening)
            #expect(framer.refusal != nil)
        }
    }

    @Test("many small messages are bounded too: notices of a login, and settings at any time")
    func sums() {
        var framer = MessageFramer(limitBytes: .max, login: LoginInspector(requiresScram: true))
        let notice = FakeServer.message("N", [UInt8](repeating: 1, count: 60_000))
        let passed = (0..<100).reduce(0) { count, _ in count + framer.passable(notice).count }
        #expect(passed <= MessageFramer.loginBytesMax && framer.refusal != nil)
        var open = MessageFramer(limitBytes: .max, login: nil)
        let setting = { (name: Int) in
            FakeServer.message("S", Array("\(name)\0".utf8) + [UInt8](repeating: 1, count: 10_000))
        }
        // A value replaces the one before.
        let same = (0..<1_000).reduce(0) { count, _ in count + open.passable(setting(1)).count }
        #expect(same == 1_000 * setting(1).count && open.refusal == nil)
        let settings = (0..<1_000).reduce(0) { count, name in count + open.passable(setting(name)).count }
        #expect(settings <= MessageFramer.settingBytesMax + 1_000 && open.refusal != nil)
    }
}

extension MessageGuardTests {
    @Test("rows count for the room of all until they are given away; one without room does not pass")
    func room() {
        let room = ResultRoom(bytesMax: 100)
        var framer = MessageFramer(limitBytes: 1_000, login: nil, room: { room.share() })
        let message = FakeServer.message("D", [UInt8](repeating: 7, count: 40))
        #expect(framer.passable(message + message).count == 2 * message.count && room.left.withLock { $0 } == 20)
        let first = framer.takeShare()
        #expect(framer.takeShare() == nil)
        #expect(framer.passable(message).isEmpty && framer.refusal == .noRoom)
        withExtendedLifetime(first) {}
        var next = MessageFramer(limitBytes: 1_000, login: nil, room: { room.share() })
        #expect(next.passable(FakeServer.message("d", [UInt8](repeating: 7, count: 200))).count == 205)
    }
}

/// Room for a number of bytes.
final class ResultRoom: Sendable {
    let left: Lock<Int>

    init(bytesMax: Int) { left = Lock(bytesMax) }

    func share() -> any PostgresResultShare { Share(room: self) }

    private final class Share: PostgresResultShare {
        private let room: ResultRoom
        private let held = Lock(0)

        init(room: ResultRoom) { self.room = room }

        deinit { room.left.withLock { $0 += held.withLock { $0 } } }

        func grow(to count: Int) -> Bool {
            held.withLock { held in
                room.left.withLock { left in
                    guard left >= count - held else { return false }
                    left -= count - held
                    held = count
                    return true
                }
            }
        }
    }
}

@Suite("A server that is not what it should be")
struct FakeServerTests {
    private func connect(to server: FakeServer, requiresScram: Bool = true) async -> PostgresError? {
        var parameters = PostgresConnectionParameters(
            host: "127.0.0.1", port: server.port, user: "postgres", database: "postgres", password: "very-secret-word",
            options: ["sslmode": "disable"])
        parameters.requiresScram = requiresScram
        var limits = PostgresLimits()
        limits.maximumMessageBytes = 1 << 20
        limits.connectDeadline = .seconds(10)
        let (own, bounds) = (parameters, limits)
        return await failure {
            let connection = try await PostgresConnection.connect(own, limits: bounds)
            await connection.close()
        }
    }

    @Test(
        "a foreign listener on the port that asks for the password gets nothing of it",
        arguments: [[0, 0, 0, 3], [0, 0, 0, 5, 1, 2, 3, 4], [0, 0, 0, 0]] as [[UInt8]])
    func password(request: [UInt8]) async throws {
        let server = try FakeServer(says: FakeServer.message("R", request) + FakeServer.message("Z", [73]))
        let error = await connect(to: server)
        guard case .connectFailed(let reason, nil) = error else {
            Issue.record("\(error.map(String.init(describing:)) ?? "it connected")")
            return
        }
        #expect(reason.contains("SCRAM"))
        let heard = String(decoding: server.heard(), as: UTF8.self)
        #expect(heard.contains("postgres") && !heard.contains("very-secret-word") && !heard.contains("md5"))
    }

    @Test("a gigabyte of notice before the login is refused at its header", arguments: [true, false])
    func hugeNotice(requiresScram: Bool) async throws {
        let header: [UInt8] = [UInt8(ascii: "N"), 0x3F, 0xFF, 0xFF, 0xFF]
        let server = try FakeServer(says: header + [UInt8](repeating: 65, count: 1 << 20))
        let error = await connect(to: server, requiresScram: requiresScram)
        guard case .connectFailed(let reason, nil) = error else {
            Issue.record("\(error.map(String.init(describing:)) ?? "it connected")")
            return
        }
        #expect(reason.contains("\(MessageFramer.loginMessageBytesMax)"))
    }

    @Test("a proof needs a connection whose messages can be looked at")
    func tls() async {
        var parameters = PostgresConnectionParameters(host: "127.0.0.1", user: "a", database: "a")
        parameters.requiresScram = true
        let own = parameters
        let error = await failure { _ = try await PostgresConnection.connect(own) }
        guard case .invalidConfiguration = error else {
            Issue.record("\(error.map(String.init(describing:)) ?? "it connected")")
            return
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

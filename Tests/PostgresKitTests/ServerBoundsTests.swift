import Testing

@testable import PostgresKit

@Suite("Bounds of what a server sends")
struct ServerBoundsTests {
    @Test("the order of results")
    func order() {
        let row = { ResultShape(width: $0, isPartial: true) }
        let end = { ResultShape(width: $0, isPartial: false) }
        let cases: [(shapes: [ResultShape], isScript: Bool, isSingle: Bool)] = [
            ([], true, true), ([end(0)], true, true), ([row(1), row(1), end(1)], true, true),
            ([row(0), end(0)], true, true), ([end(0), end(0)], true, false),
            ([row(1), end(1), row(2), end(2)], true, false),
            ([row(1), row(2)], false, false), ([row(1), end(2)], false, false), ([row(2), end(0)], false, false),
        ]
        for (shapes, isScript, isSingle) in cases {
            for (isOnlyOne, expected) in [(false, isScript), (true, isSingle)] {
                var order = ResultOrder()
                let admitted = shapes.map { order.admit($0, isOnlyOne: isOnlyOne) }
                #expect(admitted.allSatisfy { $0 } == expected && (order.violation == nil) == expected, "\(shapes)")
            }
        }
        var order = ResultOrder()
        order.fail()
        let isAdmitted = order.admit(end(0), isOnlyOne: false)
        #expect(!isAdmitted)
    }

    @Test("only rows may be large, and reports are bounded together until the server is ready again")
    func framing() {
        let most = PostgresProtocolLimit.otherMessageBytes
        let body = { (count: Int) in [UInt8](repeating: 0, count: count) }
        let half = FakeServer.message("E", body(most / 2))
        let cases: [(stream: [UInt8], passes: Bool)] = [
            (FakeServer.message("D", body(3 * most)), true), (FakeServer.message("T", body(most)), true),
            (FakeServer.message("T", body(most + 1)), false), (FakeServer.message("N", body(most + 1)), false),
            (FakeServer.message("A", body(most + 1)), false), (FakeServer.message("E", body(most + 1)), false),
            (half + half, true), (half + half + FakeServer.message("E", [0]), false),
            (half + half + FakeServer.ready + half, true),
        ]
        for (stream, passes) in cases {
            var framer = MessageFramer(limitBytes: 4 * most, login: nil)
            let passed = framer.passable(stream)
            #expect((passed.count == stream.count) == passes && (framer.refusal == nil) == passes)
        }
    }

    @Test("the key for requests to cancel is known at the end of the login, and the request is PostgreSQL's")
    func cancelPacket() {
        var framer = MessageFramer(limitBytes: 10, login: LoginInspector(requiresScram: false))
        _ = framer.passable(FakeServer.greeting)
        #expect(framer.cancelKey == [0, 0, 0, 7, 1, 2, 3, 4])
        let packet = CancelPacket(serverAddress: [], key: framer.cancelKey ?? [])
        #expect(packet.bytes == [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 7, 1, 2, 3, 4])
    }

    @Test("texts are cut between characters, and bytes that are no UTF-8 are replaced")
    func texts() {
        let cases: [(bytes: [UInt8], limit: Int, expected: String)] = [
            (Array("abc".utf8), 3, "abc"), (Array("abcd".utf8), 3, "abc…"), (Array("aéb".utf8), 2, "a…"),
            (Array("é".utf8), 1, "…"), (Array("a😀b".utf8), 4, "a…"), (Array("a😀b".utf8), 5, "a😀…"), ([], 3, ""),
            ([0xFF, 97], 3, "\u{FFFD}a"), ([0x80, 0x80, 0x80, 0x80, 0x80], 4, "\u{FFFD}…"),
        ]
        for (bytes, limit, expected) in cases {
            let text = bytes.map { CChar(bitPattern: $0) } + [0]
            #expect(ServerReport.text(text, limitBytes: limit) == expected)
            let whole = ServerReport.text(text, limitBytes: limit, isCut: false)
            #expect(whole == (bytes.count <= limit ? expected : nil))
        }
    }

    @Test(
        "reasons of refused connections, whatever a server puts into them",
        arguments: [
            ("FATAL:  28P01: no\nLOCATION:  x", "FATAL:  no", "28P01"), ("FATAL:  28P0: no", "FATAL:  28P0: no", nil),
            ("", "no reason given", nil), ("a:  ", "a:  ", nil), ("a:  28P01", "a:  28P01", nil),
            ("a:  28P01: ", "a:  ", "28P01"), ("a:  28P01: \u{301}x", "a:  \u{301}x", "28P01"),
            ("a:  28P01:\u{301} x", "a:  28P01:\u{301} x", nil), ("\n\n", "no reason given", nil),
        ] as [(String, String, String?)])
    func connectFailures(text: String, reason: String, state: String?) {
        #expect(ServerReport.connectFailure(text) == .connectFailed(reason: reason, sqlState: state))
    }

    @Test("a message that is too long to be searched for values is left out")
    func redaction() {
        let secret = String(repeating: "s3cret", count: 2_000)
        let error = PostgresServerError(
            sqlState: "40001", rawMessage: "no \(secret)", rawDetail: secret, constraint: nil, schema: nil, table: nil,
            column: nil, removing: [secret])
        #expect(!error.description.contains("s3cret") && error.detail == nil)
    }

    @Test("notifications are bounded by number and by bytes")
    func notifications() {
        let note = { PostgresNotification(channel: "c", payload: String(repeating: "x", count: $0)) }
        var buffer = NotificationBuffer(capacity: 3, capacityBytes: 100)
        for _ in 0..<3 { buffer.append(note(9)) }
        #expect(isNotification(buffer.next(), note(9)))
        buffer.append(note(80))
        guard case .overflow = buffer.next() else {
            Issue.record("no gap")
            return
        }
        #expect(isNotification(buffer.next(), note(80)) && buffer.next() == nil)
        buffer.append(note(100))
        guard case .overflow = buffer.next(), buffer.next() == nil else {
            Issue.record("no gap")
            return
        }
        var closed = NotificationBuffer(capacity: 0, capacityBytes: 100)
        closed.append(note(1))
        guard case .overflow = closed.next(), closed.next() == nil else {
            Issue.record("kept")
            return
        }
    }

    private func isNotification(_ item: NotificationBuffer.Item?, _ expected: PostgresNotification) -> Bool {
        if case .notification(let found) = item { found == expected } else { false }
    }
}

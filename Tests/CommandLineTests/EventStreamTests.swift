import Foundation
import HTTPStub
import ProjectModel
import Testing

@testable import ManagementClient

@Suite("Streams of events, as the command line reads them")
struct EventStreamTests {
    private static let text = """
        : a comment
        event: log\r\nid: 1\r\ndata: one\r\ndata: more\r\n\r
        data:no blank
        retry: 5

        id: 2

        event: log
        data
        data:  two blanks, one is data


        """

    @Test("lines of a history are read with their facts, and without from a manager that sends none")
    func facts() throws {
        let old = #"{"at": "t", "status": "COMING_UP", "message": "m"}"#
        let event = try JSONDecoder().decode(ProjectEvent.self, from: Data(old.utf8))
        #expect(event == ProjectEvent(at: "t", status: "COMING_UP", message: "m"))
        let new = """
            {"at": "t", "status": "ACTIVE_HEALTHY", "message": "m", "kind": "services_restarted", "more": 1, "facts":
            {"action": "started_again", "services": [{"service": "auth", "exit_code": 137, "out_of_memory": true}]}}
            """
        let restart = try JSONDecoder().decode(ProjectEvent.self, from: Data(new.utf8))
        #expect(restart.kind == "services_restarted" && restart.facts?.action == "started_again")
        #expect(restart.facts?.services?.map(\.service) == ["auth"] && restart.facts?.services?[0].exitCode == 137)
        #expect(restart.facts?.statusBefore == nil)
    }

    private static let events = [
        StreamedEvent(name: "log", id: "1", data: "one\nmore"),
        StreamedEvent(name: "message", id: "1", data: "no blank"),
        StreamedEvent(name: "log", id: "2", data: "\n two blanks, one is data"),
    ]

    @Test("events are the same however the bytes are cut")
    func cuts() throws {
        let bytes = Array(Self.text.utf8)
        for size in 1...bytes.count {
            var decoder = EventStreamDecoder()
            var found: [StreamedEvent] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                found += try decoder.decode(Array(bytes[start..<min(bytes.count, start + size)]))
            }
            #expect(found == Self.events, "pieces of \(size)")
        }
    }

    @Test("an event without an end is not kept in memory for ever")
    func bounds() throws {
        for piece in [
            "data: " + String(repeating: "x", count: 1 << 20), String(repeating: "data: xxxxxxxxxx\n", count: 1 << 17),
        ] {
            var decoder = EventStreamDecoder()
            #expect(throws: ClientError.self) { try decoder.decode(Array(piece.utf8)) }
        }
    }

    @Test("a stream that breaks is opened again after the last line that was seen, and ends when there is no more")
    func reconnects() async throws {
        let counter = Counter()
        let head = StubStep.head(headers: ["Content-Type: text/event-stream", "Connection: close"])
        try await withAPI { _ in
            switch counter.next() {
            case 0: return [head, .text("event: log\nid: a\ndata: one\n\nevent: log\nid: b\ndata: tw"), .close]
            case 1: return [.response(503, #"{"message": "not now"}"#)]
            case 2:
                return [head, .text("event: log\nid: b\ndata: two\n\nevent: end\ndata: stopping\n\n"), .close]
            default: return [head, .text("event: end\ndata: finished\n\n"), .close]
            }
        } test: { client, stub, pauses in
            var lines: [String] = []
            try await client.followLogs(of: try Self.service, in: try Sample.ref(), tail: 5) { line, _ in
                lines.append(line)
            }
            #expect(lines == ["one", "two"])
            #expect(stub.requests.map { $0.headers["last-event-id"] } == [nil, "a", "a", "b"])
            #expect(stub.requests.first?.query("follow") == "true" && stub.requests.first?.query("tail") == "5")
            #expect(pauses.all.count == 3)
        }
    }

    @Test("a refusal that does not pass ends the reading")
    func refused() async throws {
        try await withAPI { _ in
            [.response(404, #"{"message": "no such service"}"#)]
        } test: { client, stub, _ in
            let error = await clientError {
                try await client.followLogs(of: try Self.service, in: try Sample.ref(), tail: 5) { _, _ in }
            }
            #expect(error == .refused(ClientError.Refusal(status: 404, message: "no such service")))
            #expect(stub.requests.count == 1)
        }
    }

    @Test("the past since a moment is asked for once; a refusal at its beginning is one")
    func past() async throws {
        let moment = "2026-01-31T12:00:00.000000000Z"
        let head = StubStep.head(headers: ["Content-Type: text/event-stream", "Connection: close"])
        try await withAPI { _ in
            [head, .text("event: log\nid: b\ndata: one\n\nevent: end\ndata: finished\n\n"), .close]
        } test: { client, stub, _ in
            var lines: [String] = []
            try await client.followLogs(
                of: try Self.service, in: try Sample.ref(), tail: 5, since: moment, isPast: true
            ) { line, at in lines.append("\(at ?? "") \(line)") }
            #expect(lines == ["b one"])
            #expect(stub.requests.map { $0.headers["last-event-id"] } == [moment])
            #expect(stub.requests.first?.query("past") == "true" && stub.requests.first?.query("follow") == nil)
        }
        try await withAPI { _ in
            [.response(404, #"{"message": "gone"}"#)]
        } test: { client, _, _ in
            let error = await clientError {
                try await client.followLogs(
                    of: try Self.service, in: try Sample.ref(), tail: 5, since: moment, isPast: true
                ) { _, _ in }
            }
            #expect(error.map { ExitStatus($0) } == .notFound)
        }
    }

    private static var service: ServiceName { get throws { try #require(ServiceName("db")) } }
}

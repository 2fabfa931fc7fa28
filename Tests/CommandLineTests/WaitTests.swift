import CurlKit
import HTTPStub
import ManagementClient
import Testing

@Suite("Waits")
struct WaitTests {
    /// The API's responses to successive polls; the last one is repeated.
    private static func script(_ looks: [[StubStep]]) -> @Sendable (StubRequest) -> [StubStep] {
        let counter = Counter()
        return { request in
            if request.path.hasSuffix("/events") { return [.response(200, #"{"events": []}"#)] }
            return looks[min(counter.next(), looks.count - 1)]
        }
    }

    private static let once = RetryPolicy(triesMax: 1)

    private static func progress(_ status: String) -> [StubStep] { [.response(200, Sample.progress(status))] }

    @Test("it ends when the project is as wanted, and has told everything on the way")
    func reached() async throws {
        let looks = ["COMING_UP", "COMING_UP", "ACTIVE_UNHEALTHY", "ACTIVE_HEALTHY"].map(Self.progress)
        try await withAPI(answer: Self.script(looks)) { client, _, pauses async throws in
            var seen: [String?] = []
            let outcome = try await client.wait(for: .running, of: try Sample.ref(), timeout: .seconds(60)) {
                sighting, _ in seen.append(sighting.progress?.status)
            }
            #expect(outcome == .reached)
            #expect(seen == ["COMING_UP", "COMING_UP", "ACTIVE_UNHEALTHY", "ACTIVE_HEALTHY"])
            #expect(pauses.all == Array(repeating: .milliseconds(500), count: 3))
        }
    }

    @Test("a failed start ends it, with the reason")
    func missed() async throws {
        let failure = #"{"service": "auth", "message": "exited with 1", "log_tail": "boom"}"#
        let looks: [[StubStep]] = [
            Self.progress("COMING_UP"), [.response(200, Sample.progress("INIT_FAILED", failure: failure))],
        ]
        try await withAPI(answer: Self.script(looks)) { client, _, _ async throws in
            let outcome = try await client.wait(for: .running, of: try Sample.ref(), timeout: .seconds(60)) { _, _ in }
            guard case .missed(let reason, let progress) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(reason == "it failed to start")
            #expect(progress?.failure?.logTail == "boom")
        }
    }

    @Test("a project that is gone is what a deletion waits for, and nothing else does")
    func gone() async throws {
        let looks: [[StubStep]] = [Self.progress("GOING_DOWN"), [.response(404, #"{"message": "gone"}"#)]]
        try await withAPI(answer: Self.script(looks)) { client, _, _ async throws in
            let outcome = try await client.wait(for: .gone, of: try Sample.ref(), timeout: .seconds(60)) { _, _ in }
            #expect(outcome == .reached)
        }
        try await withAPI(answer: Self.script([[.response(404)]])) { client, _, _ async throws in
            let outcome = try await client.wait(for: .running, of: try Sample.ref(), timeout: .seconds(60)) { _, _ in }
            #expect(outcome == .missed("it was deleted meanwhile", nil))
        }
    }

    @Test("a manager that is away for a while does not end it")
    func away() async throws {
        let looks: [[StubStep]] = [
            Self.progress("COMING_UP"), [.close], [.response(503, "{}")],
            [.response(429, "{}", headers: ["Retry-After: 7"])], Self.progress("ACTIVE_HEALTHY"),
        ]
        try await withAPI(policy: Self.once, answer: Self.script(looks)) { client, _, pauses async throws in
            let outcome = try await client.wait(for: .running, of: try Sample.ref(), timeout: .seconds(60)) { _, _ in }
            #expect(outcome == .reached)
            #expect(pauses.all.contains(.seconds(7)))
        }
    }

    @Test("an error that does not pass ends it at once")
    func notAllowed() async throws {
        let looks: [[StubStep]] = [Self.progress("COMING_UP"), [.response(401, #"{"message": "revoked"}"#)]]
        try await withAPI(answer: Self.script(looks)) { client, _, pauses async throws in
            let error = await clientError {
                _ = try await client.wait(for: .running, of: try Sample.ref(), timeout: .seconds(1)) { _, _ in }
            }
            #expect(error.map { ExitStatus($0) } == .notAllowed)
            #expect(pauses.all.count == 1)
        }
    }

    @Test("it ends when the time is up, with what was seen last, or with what was wrong last")
    func timeout() async throws {
        try await withAPI(answer: Self.script([Self.progress("COMING_UP")])) { client, _, _ async throws in
            let outcome = try await client.wait(for: .running, of: try Sample.ref(), timeout: .zero) { _, _ in }
            guard case .timedOut(let progress) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(progress?.status == "COMING_UP")
        }
        try await withAPI(policy: Self.once, answer: Self.script([[.close]])) { client, _, _ async throws in
            let error = await clientError {
                _ = try await client.wait(for: .running, of: try Sample.ref(), timeout: .zero) { _, _ in }
            }
            #expect(error.map { ExitStatus($0) } == .unreachable)
        }
    }

    @Test("only new events are reported, oldest first")
    func events() async throws {
        let newest = (0..<5).map {
            #"{"at": "2026-01-01T00:00:0\#(4 - $0).000Z", "status": "s", "message": "\#(4 - $0)"}"#
        }
        let counter = Counter()
        try await withAPI { request in
            if request.path.hasSuffix("/events") {
                return [.response(200, #"{"events": [\#(newest.joined(separator: ","))]}"#)]
            }
            return Self.progress(counter.next() == 0 ? "RESTARTING" : "ACTIVE_HEALTHY")
        } test: { client, _, _ async throws in
            var told: [[String]] = []
            let known = ProjectEvent(at: "2026-01-01T00:00:02.000Z", status: "s", message: "2")
            _ = try await client.wait(
                for: .running, of: try Sample.ref(), timeout: .seconds(60), eventsAfter: known
            ) { sighting, _ in told.append(sighting.events.map(\.message)) }
            #expect(told == [["3", "4"], []])
        }
    }
}

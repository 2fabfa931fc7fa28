import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

@Suite("What a pass decides that could not observe everything, or found no record")
struct DecideFailureTests {
    /// Kinds of such observations; columns of ``table`` in this order.
    enum Seen: String, CaseIterable {
        case unreadable
        /// The template cannot be used, for a reason that is not recorded yet.
        case unrenderable
        /// The template cannot be used, for the reason that is recorded.
        case stillSo = "still so"
        /// The engine is away and all probes succeed.
        case engineAway = "engine away"
        /// The engine is away and a probe fails.
        case probesFail = "probes fail"
    }

    static let table = """
        status       | unreadable | unrenderable       | still so           | engine away | probes fail
        PROVISIONING | fail       | fail, ROLLING_BACK | fail, ROLLING_BACK | fail        | fail
        STARTING     | fail       | fail, ROLLING_BACK | fail, ROLLING_BACK | fail        | fail
        ACTIVE       | fail       | fail, DEGRADED     | fail, DEGRADED     | fail        | fail, DEGRADED
        DEGRADED     | fail       | fail, DEGRADED     | fail               | fail        | fail
        PAUSING      | fail       | fail               | fail               | fail        | fail
        PAUSED       | fail       | fail               | fail               | fail        | fail
        RESUMING     | fail       | fail, DEGRADED     | fail, DEGRADED     | fail        | fail
        RESTARTING   | fail       | fail, DEGRADED     | fail, DEGRADED     | fail        | fail
        UPGRADING    | fail       | fail, REVERTING    | fail, REVERTING    | fail        | fail
        REVERTING    | fail       | fail, DEGRADED     | fail, DEGRADED     | fail        | fail
        RESTORING    | fail       | fail               | fail               | fail        | fail
        ROLLING_BACK | fail       | fail               | fail               | fail        | fail
        FAILED       | fail       | fail               | fail               | fail        | fail
        DELETING     | fail       | fail               | fail               | fail        | fail
        DELETED      | fail       | fail               | fail               | fail        | fail
        """

    static let rows = table.split(separator: "\n").map { $0.split(separator: "|").map(\.trimmed) }

    @Test("the table has every status, once, and every kind of observation")
    func complete() {
        #expect(Self.rows.dropFirst().map(\.[0]) == ProjectStatus.allCases.map(\.rawValue))
        #expect(Self.rows.first.map { Array($0.dropFirst()) } == Seen.allCases.map(\.rawValue))
        #expect(Self.rows.allSatisfy { $0.count == Seen.allCases.count + 1 })
    }

    @Test("every status decides as the table says", arguments: ProjectStatus.allCases)
    func decides(status: ProjectStatus) throws {
        let row = try #require(Self.rows.first { $0[0] == status.rawValue })
        for (seen, expected) in zip(Seen.allCases, row.dropFirst()) {
            #expect(decide(Self.observation(seen, status), .sample).inShort == expected, "\(seen)")
        }
    }

    private static func observation(_ seen: Seen, _ status: ProjectStatus) -> Observation {
        let reason = "the memory limit is no size"
        var record = RecordedProject(status: status, statusChangedAt: Stacks.longAgo)
        if seen == .stillSo { record.failure = FailureReason(message: reason) }
        let results = seen == .probesFail ? "+--" : "+"
        return switch seen {
        case .unreadable: .unreadable(reason: "the database does not answer")
        case .unrenderable, .stillSo: .unrenderable(record, reason: reason)
        case .engineAway, .probesFail:
            .engineUnavailable(
                record, reason: "the engine does not answer", health: [.db: .sample(results)],
                now: Stacks.longAgo + .seconds(9))
        }
    }

    @Test("a failure is reported with its reason and its meaning for the project")
    func texts() {
        #expect(
            decide(Self.observation(.probesFail, .active), .sample).description == """
                fail: the engine does not answer
                report DEGRADED, services do not answer, and the engine does not answer
                keeps the failure
                """)
        #expect(
            decide(Self.observation(.unrenderable, .provisioning), .sample).description == """
                fail: the memory limit is no size
                report ROLLING_BACK, the memory limit is no size
                records the memory limit is no size
                """)
        #expect(
            decide(Self.observation(.unreadable, .active), .sample).description == "fail: the database does not answer")
    }

    @Test("objects without a record are left alone, and news of them is logged; without any there is nothing to know")
    func unrecorded() {
        let volume = ObservedStack(volumes: [ObservedVolume(name: "lost")])
        for (seen, isNews, expected) in [
            (ObservedStack(), true, "forget the project"), (ObservedStack(), false, "forget the project"),
            (volume, true, "leave alone, and say so"), (volume, false, "leave alone"),
        ] {
            #expect(decide(.unrecorded(seen, isNews: isNews), .sample).description == expected)
        }
    }

    @Test("time without an engine does not count towards deadlines")
    func waits() {
        var state = ReconcileState.sample
        state.note(Self.observation(.unreadable, .starting))
        #expect(state.watchedSince == Stacks.longAgo)
        state.note(Self.observation(.engineAway, .starting))
        #expect(state.watchedSince == Stacks.longAgo + .seconds(9))
    }
}

extension ServiceHealth {
    /// A tally of results, one a second: `+` is ready, anything else is not.
    fileprivate static func sample(_ results: String) -> ServiceHealth {
        let run = Incarnation(containerID: "id-db", startedAt: Stacks.longAgo)
        var tally = ServiceHealth(of: run)
        for (second, letter) in results.enumerated() {
            tally.record(
                letter == "+" ? .ready : .notReady("HTTP 503"), of: run, at: Stacks.longAgo + .seconds(second),
                uptime: .seconds(second))
        }
        return tally
    }
}

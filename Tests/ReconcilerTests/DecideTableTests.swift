import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

@Suite("What a pass decides, by status, judgement and observation")
struct DecideTableTests {
    /// Kinds of observations of a project with a record; columns of ``DecideTable`` in this order.
    enum Seen: String, CaseIterable {
        /// All of it, by a manager on standby.
        case standby
        /// All of it; the pass before has found something else.
        case first
        /// All of it; the pass before has found the same.
        case again
        /// Nothing; the pass before has found the same.
        case empty
        /// Nothing but kept volumes; the pass before has found the same.
        case kept
    }

    /// What a judgement can say. Requests are no judgements: they come to the catalogue.
    static let judgements: [ProjectLifecycle.Event?] =
        [nil]
        + ProjectLifecycle.Event.allCases.filter { event in
            switch event {
            case .pauseRequested, .resumeRequested, .restartRequested, .deleteRequested, .cancelRequested,
                .upgradeRequested, .restoreRequested, .restoreEnded:
                false
            case .containersCreated, .allReady, .serviceNotReady, .startFailed, .allStopped, .nothingLeft: true
            }
        }

    /// One row of the table: what is expected of each kind of observation.
    struct Row: Sendable {
        let key: String
        let cells: [String]
    }

    static let rows: [Row] = DecideTable.text.split(separator: "\n").map { line in
        let columns = line.split(separator: "|").map(\.trimmed)
        return Row(key: columns.prefix(2).joined(separator: " "), cells: Array(columns.dropFirst(2)))
    }

    private static func key(_ status: ProjectStatus, _ judgement: ProjectLifecycle.Event?) -> String {
        "\(status.rawValue) \(judgement.map { "\($0)" } ?? "none")"
    }

    @Test("the table has every status with every judgement, once, and every kind of observation")
    func complete() {
        let wanted = ProjectStatus.allCases.flatMap { status in Self.judgements.map { Self.key(status, $0) } }
        #expect(Self.rows.dropFirst().map(\.key).sorted() == wanted.sorted())
        #expect(Self.rows.first?.cells == Seen.allCases.map(\.rawValue))
        #expect(Self.rows.allSatisfy { $0.cells.count == Seen.allCases.count })
    }

    @Test("every status decides as the table says", arguments: ProjectStatus.allCases)
    func decides(status: ProjectStatus) throws {
        for judgement in Self.judgements {
            let row = try #require(Self.rows.first { $0.key == Self.key(status, judgement) })
            for (seen, expected) in zip(Seen.allCases, row.cells) {
                #expect(try Self.decided(status, judgement: judgement, seen: seen) == expected, "\(row.key), \(seen)")
            }
        }
    }

    /// What is decided, in one word.
    private static func decided(
        _ status: ProjectStatus, judgement: ProjectLifecycle.Event?, seen: Seen
    ) throws -> String {
        let stack = try Stacks.stack([Stacks.service(.db)])
        var assessment = Assessment()
        assessment.event = judgement
        assessment.cause = "because"
        if judgement == .startFailed { assessment.failure = .init(service: .db, message: "it keeps ending") }
        let project = ObservedProject(
            record: RecordedProject(status: status, statusChangedAt: Stacks.longAgo, hasTemplateBefore: true),
            desired: status.goal == .absent ? nil : stack,
            observed: seen == .empty || seen == .kept ? ObservedStack() : Stacks.observed(stack),
            keepsVolumes: seen == .kept, isActing: seen != .standby, now: Stacks.longAgo + .seconds(1))
        var state = ReconcileState.sample
        if seen != .first { state.note(Decision(.confirm(.now), assessment)) }
        return decide(project, assessment: assessment, state: state).inShort
    }
}

extension ReconcileState {
    /// The state of a project that no pass has been over.
    static let sample = ReconcileState(epoch: Epoch(since: Stacks.longAgo, isOfClock: false))
}

extension Decision {
    /// What is done, without its reason.
    var inShort: String {
        switch action {
        case .forget: "forget"
        case .rest: "rest"
        case .leaveAlone: "leave alone"
        case .standBy: "stand by"
        case .confirm: "confirm"
        case .transition(let transition): transition.to.rawValue
        case .carryOut(let decided): decided.plan.isEmpty ? "-" : "plan"
        case .fail(_, let report): report.map { "fail, \($0.status.rawValue)" } ?? "fail"
        }
    }
}

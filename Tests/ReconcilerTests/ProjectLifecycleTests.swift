import ProjectModel
import Reconciler
import Testing

@Suite("The status machine")
struct ProjectLifecycleTests {
    typealias Event = ProjectLifecycle.Event

    /// Columns of ``table``, in this order.
    static let events: [Event] = [
        .pauseRequested, .resumeRequested, .restartRequested, .deleteRequested, .cancelRequested, .upgradeRequested,
        .restoreRequested, .restoreEnded, .containersCreated, .allReady, .serviceNotReady, .startFailed, .allStopped,
        .nothingLeft,
    ]

    /// What every status answers to every event: the status it changes to, `-` for nothing, `!` for a refusal.
    static let table = """
        status       | pause   | resume       | restart    | delete   | cancel       | upgrade   | restore   | restored | created  | ready  | unready  | startFailed  | stopped | nothing
        PROVISIONING | !       | !            | !          | DELETING | ROLLING_BACK | !         | !         | -        | STARTING | ACTIVE | -        | ROLLING_BACK | -       | -
        STARTING     | !       | !            | !          | DELETING | ROLLING_BACK | !         | !         | -        | -        | ACTIVE | -        | ROLLING_BACK | -       | -
        ACTIVE       | PAUSING | !            | RESTARTING | DELETING | !            | UPGRADING | RESTORING | -        | -        | -      | DEGRADED | -            | -       | -
        DEGRADED     | PAUSING | !            | RESTARTING | DELETING | !            | UPGRADING | RESTORING | -        | -        | ACTIVE | -        | -            | -       | -
        PAUSING      | -       | !            | !          | DELETING | RESUMING     | !         | !         | -        | -        | -      | -        | -            | PAUSED  | -
        PAUSED       | -       | RESUMING     | !          | DELETING | !            | !         | !         | -        | -        | -      | -        | -            | -       | -
        RESUMING     | !       | -            | !          | DELETING | PAUSING      | !         | !         | -        | -        | ACTIVE | -        | DEGRADED     | -       | -
        RESTARTING   | !       | !            | -          | DELETING | !            | !         | !         | -        | -        | ACTIVE | -        | DEGRADED     | -       | -
        UPGRADING    | !       | !            | !          | DELETING | REVERTING    | !         | !         | -        | -        | ACTIVE | -        | REVERTING    | -       | -
        REVERTING    | !       | !            | !          | DELETING | !            | !         | !         | -        | -        | ACTIVE | -        | DEGRADED     | -       | -
        RESTORING    | !       | !            | !          | DELETING | RESUMING     | !         | !         | RESUMING | -        | -      | -        | -            | -       | -
        ROLLING_BACK | !       | !            | !          | DELETING | !            | !         | !         | -        | -        | -      | -        | -            | -       | FAILED
        FAILED       | !       | PROVISIONING | !          | DELETING | !            | !         | !         | -        | -        | -      | -        | -            | -       | -
        DELETING     | !       | !            | !          | -        | !            | !         | !         | -        | -        | -      | -        | -            | -       | DELETED
        DELETED      | !       | !            | !          | !        | !            | !         | !         | -        | -        | -      | -        | -            | -       | -
        """

    /// One cell of the table.
    struct Cell: Sendable, CustomTestStringConvertible {
        let status: ProjectStatus
        let event: Event
        let expected: ProjectLifecycle.Answer
        var testDescription: String { "\(event) in \(status.rawValue)" }
    }

    static let cells: [Cell] = table.split(separator: "\n").dropFirst().flatMap { line -> [Cell] in
        let columns = line.split(separator: "|").map { $0.trimmed }
        guard let status = ProjectStatus(rawValue: columns[0]) else { return [] }
        return zip(events, columns.dropFirst()).compactMap { event, text in
            switch text {
            case "-": Cell(status: status, event: event, expected: .stay)
            case "!": Cell(status: status, event: event, expected: .refuse)
            default:
                ProjectStatus(rawValue: text).map { Cell(status: status, event: event, expected: .transition(to: $0)) }
            }
        }
    }

    @Test("every event in every status has the answer of the table", arguments: cells)
    func answer(cell: Cell) {
        #expect(ProjectLifecycle.answer(to: cell.event, in: cell.status) == cell.expected)
    }

    @Test("the table has every status and every event, once")
    func complete() {
        #expect(Self.cells.count == 15 * 14)
        #expect(Set(Self.cells.map(\.testDescription)).count == 15 * 14)
        #expect(Self.events.count == Event.allCases.count)
        #expect(ProjectStatus.allCases.count == 15)
    }

    /// All edges of the machine itself.
    static var edges: [(from: ProjectStatus, to: ProjectStatus)] {
        ProjectStatus.allCases.flatMap { status in
            Event.allCases.compactMap { event in
                if case .transition(let next) = ProjectLifecycle.answer(to: event, in: status) {
                    (status, next)
                } else {
                    nil
                }
            }
        }
    }

    @Test("nothing leads out of DELETED, and no edge leads back to its own status")
    func deletedIsFinal() {
        #expect(!Self.edges.contains { $0.from == .deleted })
        #expect(!Self.edges.contains { $0.from == $0.to })
    }

    @Test("only what is being rolled back becomes FAILED, and only what is being deleted becomes DELETED")
    func entrances() {
        #expect(Self.edges.filter { $0.to == .failed }.map(\.from) == [.rollingBack])
        #expect(Self.edges.filter { $0.to == .deleted }.map(\.from) == [.deleting])
        #expect(Self.edges.filter { $0.to == .paused }.map(\.from) == [.pausing])
    }

    @Test("a project that has been ACTIVE is torn down by a request to delete only")
    func dataIsSafe() {
        let withData: Set<ProjectStatus> = [
            .active, .degraded, .pausing, .paused, .resuming, .restarting, .upgrading, .reverting, .restoring,
        ]
        for edge in Self.edges where withData.contains(edge.from) && edge.to.goal == .absent {
            #expect(edge.to == .deleting)
        }
    }

    @Test("every project that is not deleted can be deleted, and every status can be reached")
    func reachability() {
        for status in ProjectStatus.allCases where status != .deleted && status != .deleting {
            #expect(ProjectLifecycle.answer(to: .deleteRequested, in: status) == .transition(to: .deleting))
        }
        var reached: Set<ProjectStatus> = [.provisioning]
        for _ in ProjectStatus.allCases {
            for edge in Self.edges where reached.contains(edge.from) { reached.insert(edge.to) }
        }
        #expect(reached == Set(ProjectStatus.allCases))
    }

    @Test("what the engine shows is never refused: only people are")
    func observationsAreNeverRefused() {
        let requests: Set = [
            "pauseRequested", "resumeRequested", "restartRequested", "deleteRequested", "cancelRequested",
            "upgradeRequested", "restoreRequested",
        ]
        for cell in Self.cells where ProjectLifecycle.answer(to: cell.event, in: cell.status) == .refuse {
            #expect(requests.contains("\(cell.event)"))
        }
    }
}

extension Substring {
    /// Without spaces at its ends.
    var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

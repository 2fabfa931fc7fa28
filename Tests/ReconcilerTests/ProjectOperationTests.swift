import ProjectModel
import Reconciler
import Testing

@Suite("The rules of operations")
struct ProjectOperationTests {
    /// The end of every kind of operation at every status: `-` while it is in progress.
    private static let table = """
        status       | create     | pause      | resume     | restart    | delete | upgrade | restore | settings
        PROVISIONING | -          | superseded | superseded | superseded | superseded | superseded | superseded | superseded
        STARTING     | -          | superseded | superseded | superseded | superseded | superseded | superseded | superseded
        ACTIVE       | succeeded  | superseded | succeeded  | succeeded  | superseded | succeeded | succeeded | succeeded
        DEGRADED     | superseded | superseded | failed     | failed     | superseded | failed | failed | failed
        PAUSING      | superseded | -          | superseded | superseded | superseded | superseded | superseded | superseded
        PAUSED       | superseded | succeeded  | superseded | superseded | superseded | superseded | superseded | superseded
        RESUMING     | superseded | superseded | -          | superseded | superseded | superseded | - | superseded
        RESTARTING   | superseded | superseded | superseded | -          | superseded | superseded | superseded | -
        UPGRADING    | superseded | superseded | superseded | superseded | superseded | - | superseded | superseded
        REVERTING    | superseded | superseded | superseded | superseded | superseded | - | superseded | superseded
        RESTORING    | superseded | superseded | superseded | superseded | superseded | superseded | - | superseded
        ROLLING_BACK | failed     | superseded | superseded | superseded | superseded | superseded | superseded | superseded
        FAILED       | failed     | superseded | superseded | superseded | superseded | superseded | superseded | superseded
        DELETING     | superseded | superseded | superseded | superseded | -    | superseded | superseded | superseded
        DELETED      | superseded | superseded | superseded | superseded | succeeded | superseded | superseded | superseded
        """

    @Test("every kind at every status has the end of the table")
    func ends() throws {
        var cells = 0
        for line in Self.table.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: "|").map { $0.filter { $0 != " " } }
            let status = try #require(ProjectStatus(rawValue: columns[0]))
            for (kind, text) in zip(ProjectOperationKind.allCases, columns.dropFirst()) {
                let end = ProjectOperationRules.end(of: kind, at: status)
                #expect(end?.rawValue ?? "-" == text, "\(kind) at \(status.rawValue)")
                #expect(end?.isOpen != true)
                cells += 1
            }
        }
        #expect(cells == ProjectStatus.allCases.count * ProjectOperationKind.allCases.count)
    }

    @Test(
        "every request that changes a status begins an operation that is in progress there; a cancelled creation begins none"
    )
    func beginnings() {
        for status in ProjectStatus.allCases {
            for event in ProjectLifecycle.Event.allCases {
                let kind = ProjectOperationKind(beginningWith: event, in: status)
                guard case .transition(let next) = ProjectLifecycle.answer(to: event, in: status) else {
                    #expect(kind == nil)
                    continue
                }
                switch event {
                case .pauseRequested, .resumeRequested, .restartRequested, .deleteRequested, .upgradeRequested,
                    .restoreRequested:
                    #expect(kind != nil)
                case .cancelRequested: #expect((kind == nil) == [.rollingBack, .reverting].contains(next))
                default: #expect(kind == nil)
                }
                if let kind { #expect(ProjectOperationRules.end(of: kind, at: next) == nil, "\(event) in \(status)") }
            }
        }
    }
}

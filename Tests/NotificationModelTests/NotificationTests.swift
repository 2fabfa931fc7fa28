import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import NotificationModel

@Suite("Notifications about projects")
struct NotificationTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func step(
        _ from: ProjectStatus, _ to: ProjectStatus, after kinds: [NotificationKind] = [], failure: String? = nil,
        seconds: Int64 = 0
    ) -> NotificationStep {
        let transition = StatusTransition(
            from: from, to: to, cause: "a cause", failure: failure.map { ProjectFailure(message: $0) },
            at: start + .seconds(seconds))
        return NotificationStep(
            for: transition.event(), of: "demo", after: kinds.map { NotificationMark(kind: $0, at: start) })
    }

    private func kind(_ step: NotificationStep) -> NotificationKind? {
        if case .add(let draft) = step { draft.kind } else { nil }
    }

    @Test("without a history, each status means one thing", arguments: ProjectStatus.allCases)
    func fresh(_ status: ProjectStatus) {
        let from: ProjectStatus = status == .active ? .starting : .active
        switch status {
        case .failed: #expect(kind(step(from, status)) == .startFailed)
        case .degraded: #expect(kind(step(from, status)) == .unhealthy)
        case .deleted: #expect(step(from, status) == .forgetAll)
        case .provisioning, .starting, .active, .pausing, .paused, .resuming, .restarting, .upgrading, .reverting,
            .restoring, .rollingBack, .deleting:
            #expect(step(from, status) == .nothing)
        }
    }

    @Test("the end of a problem is reported once, and only when the problem was reported")
    func recovery() {
        for kind in NotificationKind.allCases {
            for status in [ProjectStatus.active, .paused] {
                #expect(self.kind(step(.degraded, status, after: [kind])) == (kind.isProblem ? .recovered : nil))
            }
        }
    }

    @Test("a lasting problem is reported once; what is stuck is a problem of its own")
    func lasting() {
        #expect(step(.degraded, .degraded, after: [.unhealthy], failure: "x") == .nothing)
        #expect(kind(step(.pausing, .pausing, failure: "x")) == .stuck)
        #expect(kind(step(.deleting, .deleting, after: [.unhealthy], failure: "x")) == .stuck)
        #expect(step(.pausing, .pausing, after: [.stuck], failure: "x") == .nothing)
        #expect(step(.pausing, .pausing) == .nothing)
    }

    @Test("what comes and goes within the quiet period adds nothing; after it, it is news")
    func flapping() {
        let quiet = Int64(15 * 60)
        #expect(step(.active, .degraded, after: [.recovered, .unhealthy], seconds: quiet - 1) == .withdrawLatest)
        #expect(kind(step(.active, .degraded, after: [.recovered, .unhealthy], seconds: quiet)) == .unhealthy)
        #expect(kind(step(.active, .degraded, after: [.recovered, .startFailed])) == .unhealthy)
        #expect(kind(step(.active, .degraded, after: [.recovered])) == .unhealthy)
    }

    @Test("a reason is quoted as text of bounded length, so that it cannot become a link or a picture")
    func quoting() throws {
        let text = "![x](https://example.com/`a`)\nsecond line " + String(repeating: "y", count: 2_000)
        guard case .add(let draft) = step(.rollingBack, .failed, failure: text) else {
            Issue.record("a failed start is reported")
            return
        }
        #expect(draft.message.filter { $0 == "`" }.count == 2)
        #expect(draft.message.contains("`![x](https://example.com/'a') second line"))
        #expect(!draft.message.contains("\n"))
        #expect(draft.message.count < 700)
        #expect(draft.title == "Project demo could not be started")
    }

    @Test("the store in memory does what every store does")
    func contract() async throws {
        try await NotificationStoreContract.run(
            on: InMemoryNotificationStore(), projects: try [("one", "a"), ("two", "a"), ("three", "b")].map(record))
    }

    private func record(_ name: String, _ slug: String) throws -> ProjectRecord {
        ProjectRecord(
            number: 1, ref: .sample(UInt64(name.count) * 7 + UInt64(name.utf8.first ?? 0)),
            name: try ProjectName(name), organizationSlug: slug, region: "local", cloudProvider: "AWS",
            status: .active, services: [.db], leases: nil, insertedAt: start, updatedAt: start, statusChangedAt: start)
    }
}

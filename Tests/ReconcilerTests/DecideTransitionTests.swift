import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

@Suite("What a transition says and brings along")
struct DecideTransitionTests {
    /// Decides about a project of which only the judgement is known; `db` is the service to blame.
    private func decided(
        _ event: ProjectLifecycle.Event, in status: ProjectStatus, cause: String = "because",
        failure: String? = nil, _ change: (inout RecordedProject, inout Assessment) -> Void = { _, _ in }
    ) throws -> String {
        let stack = try Stacks.stack([Stacks.service(.db)])
        var record = RecordedProject(status: status, statusChangedAt: Stacks.longAgo)
        var assessment = Assessment()
        (assessment.event, assessment.cause) = (event, cause)
        assessment.failure = failure.map { .init(service: .db, message: $0) }
        record.template = TemplateDigest(String(repeating: "ab", count: 32))
        change(&record, &assessment)
        let project = ObservedProject(
            record: record, desired: stack, observed: Stacks.observed(stack), now: Stacks.longAgo + .seconds(1))
        return decide(project, assessment: assessment, state: .sample).description
    }

    @Test("what becomes ready clears the failure; its volumes hold data from then on")
    func ready() throws {
        #expect(
            try decided(.allReady, in: .degraded) == """
                DEGRADED -> ACTIVE, because
                clears the failure
                fulfils the restart
                the volumes hold data
                """)
        #expect(
            try decided(.allReady, in: .restarting) { $1.isRestartOutstanding = true } == """
                RESTARTING -> ACTIVE, because
                clears the failure
                the volumes hold data
                """)
        #expect(
            try decided(.allReady, in: .active) == """
                again when woken
                the volumes hold data
                """)
    }

    @Test(
        "a failure names the service, and where its log is; one that only does not answer changes no recorded failure")
    func failures() throws {
        #expect(
            try decided(.startFailed, in: .starting, failure: "it keeps ending") == """
                STARTING -> ROLLING_BACK, because
                records db: it keeps ending [log of id-db]
                """)
        #expect(
            try decided(.serviceNotReady, in: .active) == """
                ACTIVE -> DEGRADED, because
                keeps the failure
                """)
        #expect(
            try decided(.serviceNotReady, in: .active, failure: "its volume is gone") == """
                ACTIVE -> DEGRADED, because
                records db: its volume is gone [log of id-db]
                """)
    }

    @Test("why a degraded project may not run is reported once")
    func refusals() throws {
        #expect(
            try decided(.serviceNotReady, in: .degraded, failure: "its volume is gone") == """
                report DEGRADED, db: its volume is gone
                records db: its volume is gone
                again when woken
                """)
        let again = try decided(.serviceNotReady, in: .degraded, failure: "its volume is gone") { record, _ in
            record.failure = FailureReason(service: .db, message: "its volume is gone")
        }
        #expect(again == "again when woken")
    }

    @Test("an upgrade says how it ended, and gives up ports that its end does not need")
    func upgrade() throws {
        #expect(
            try decided(.allReady, in: .upgrading) == """
                UPGRADING -> ACTIVE, the upgrade to template version abababababab is done
                clears the failure
                fulfils the restart
                releases unused ports
                the volumes hold data
                """)
        #expect(
            try decided(.startFailed, in: .upgrading, failure: "no image") { record, _ in
                record.hasTemplateBefore = true
            } == """
                UPGRADING -> REVERTING, the upgrade failed: db: no image. The version before is brought back
                records db: no image [log of id-db]
                """)
        #expect(
            try decided(.startFailed, in: .upgrading, failure: "no image") == """
                UPGRADING -> DEGRADED, the upgrade failed: db: no image. \
                The template version before is not known: there is no way back
                records db: no image (during an upgrade without a way back) [log of id-db]
                releases unused ports
                """)
    }

    @Test("a way back says what it was a way back from")
    func wayBack() throws {
        let failed = FailureReason(service: .auth, message: "no image")
        #expect(
            try decided(.allReady, in: .reverting) { record, _ in record.failure = failed } == """
                REVERTING -> ACTIVE, the upgrade failed: auth: no image; \
                the project is back at template version abababababab
                clears the failure
                fulfils the restart
                releases unused ports
                the volumes hold data
                """)
        #expect(
            try decided(.allReady, in: .reverting) { record, _ in record.template = nil } == """
                REVERTING -> ACTIVE, the upgrade was cancelled; the project is back at template version \("")
                clears the failure
                fulfils the restart
                the volumes hold data
                """)
        #expect(
            try decided(.startFailed, in: .reverting, failure: "it ends") { record, _ in record.failure = failed }
                == """
                REVERTING -> DEGRADED, the way back to template version abababababab failed after: auth: no image: because
                records db: it ends [log of id-db]
                releases unused ports
                """)
    }

    @Test("settings with which a project does not come up are taken back, and it restarts with those of before")
    func settings() throws {
        #expect(
            try decided(.startFailed, in: .restarting, failure: "it ends") { record, _ in
                record.operation = .settingsChange
            } == """
                RESTARTING -> RESTARTING, the new settings of the database were taken back, \
                the previous settings are in force again: with the new ones the project did not come up (db: it ends)
                records db: it ends [log of id-db]
                restores the settings
                """)
        #expect(
            try decided(.startFailed, in: .restarting, failure: "it ends") { record, _ in record.operation = .restart }
                == """
                RESTARTING -> DEGRADED, because
                records db: it ends [log of id-db]
                """)
    }
}

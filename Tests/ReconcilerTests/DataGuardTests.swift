import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("The guard of data")
struct DataGuardTests {
    private func verdict(
        present: [ObservedVolume], expected: [ExpectedVolume], image: String = "supabase/postgres:17.6.1"
    ) throws -> DataVerdict {
        var stack = try Stacks.four()
        stack.services[.db]?.spec.image = image
        return guardData(stack, ObservedStack(volumes: present), expecting: expected)
    }

    @Test("every combination of what is there and what is expected")
    func everyCombination() throws {
        let marks: [String?] = [nil, "mine", "theirs"]
        for expected in marks {
            for present in marks + ["missing"] {
                let volumes = present == "missing" ? [] : [ObservedVolume(name: "db-data", identity: present)]
                let verdict = try verdict(
                    present: volumes, expected: [ExpectedVolume(name: "db-data", identity: expected)])
                #expect(verdict.irreplaceable == ["db-data"])
                let refusal = verdict.refusals[.db]
                if present == "missing" {
                    #expect(refusal?.contains("db-data") == true && refusal?.contains("missing") == true)
                } else if present == expected {
                    #expect(refusal == nil)
                } else {
                    #expect(refusal?.contains("another of the same name") == true)
                }
                #expect(verdict.refusals.keys.allSatisfy { $0 == .db })
            }
        }
    }

    @Test("a volume of which nothing is expected is ignored")
    func unexpected() throws {
        #expect(try verdict(present: [], expected: []) == DataVerdict())
        #expect(try verdict(present: [ObservedVolume(name: "db-data", identity: "x")], expected: []) == DataVerdict())
    }

    @Test(
        "data of another major version is not opened, whichever is the newer one",
        arguments: [(17, 17, true), (15, 17, false), (17, 15, false), (nil, 17, true)] as [(Int?, Int, Bool)])
    func majors(written: Int?, running: Int, isFine: Bool) throws {
        let verdict = try verdict(
            present: [ObservedVolume(name: "db-data", identity: "mine")],
            expected: [ExpectedVolume(name: "db-data", identity: "mine", postgresMajor: written)],
            image: "registry:5000/supabase/postgres:\(running).6.1.175")
        #expect((verdict.refusals[.db] == nil) == isFine)
        if !isFine { #expect(verdict.refusals[.db]?.contains("PostgreSQL \(running)") == true) }
    }

    @Test(
        "the major version is read from the tag",
        arguments: [
            ("supabase/postgres:17.6.1.175", 17), ("postgres:15", 15), ("r:5000/p:16-alpine@sha256:00", 16),
            ("r:5000/postgres", nil), ("postgres", nil), ("postgres:latest", nil), ("", nil),
        ] as [(String, Int?)])
    func tags(image: String, major: Int?) { #expect(postgresMajor(ofImage: image) == major) }

    private func plan(
        _ observed: ObservedStack, ready: Set<ServiceName> = [], expected: [ExpectedVolume]
    ) throws -> Plan {
        let stack = try Stacks.four()
        return reconcile(
            ReconcileInput(
                goal: .running, desired: stack, observed: observed, ready: ready,
                data: guardData(stack, observed, expecting: expected)))
    }

    private static let mine = [ExpectedVolume(name: "db-data", identity: "mine")]

    @Test("a missing volume is not recreated, and nothing that needs it is created, replaced or started")
    func missing() throws {
        for state in [nil] + ObservedContainer.State.allCases {
            var observed = Stacks.observed(try Stacks.four(), .exited)
            observed.volumes = []
            observed.set(.db) { $0.state = state ?? .exited }
            if state == nil { observed.containers.removeAll { $0.service == .db } }
            let plan = try plan(observed, expected: Self.mine)
            #expect(
                plan.steps.allSatisfy { $0.operation.service != .db }, "\(state.map { "\($0)" } ?? "none"): \(plan)")
            #expect(!plan.description.contains("CreateVolume"))
            #expect(plan.waiting.contains { $0.service == .db && $0.cause.contains("missing") })
            // Dependents of the database keep waiting.
            #expect(!plan.description.contains("auth StartContainer"))
        }
    }

    @Test("another volume of the same name is neither used nor touched")
    func foreign() throws {
        var observed = Stacks.observed(try Stacks.four(), .exited)
        observed.volumes = [ObservedVolume(name: "db-data", identity: "theirs")]
        let plan = try plan(observed, ready: [.db], expected: Self.mine)
        #expect(plan.steps.isEmpty, "\(plan)")
    }

    @Test("running services keep running")
    func neighbours() throws {
        var observed = Stacks.observed(try Stacks.four())
        observed.volumes = []
        let plan = try plan(observed, ready: [.auth, .rest, .gateway], expected: Self.mine)
        #expect(plan.steps.isEmpty, "\(plan)")
    }

    private func assessment(_ status: ProjectStatus, refused: Bool = true) throws -> Assessment {
        let stack = try Stacks.four()
        var observed = Stacks.observed(stack)
        observed.volumes = []
        observed.containers.removeAll { $0.service == .db }
        return assess(
            AssessmentInput(
                status: status, statusSince: Stacks.longAgo, desired: stack, observed: observed,
                refusals: refused ? [.db: "its volume is missing"] : [:], now: Stacks.longAgo + .seconds(1)))
    }

    @Test("a start is refused at once, and an active project becomes DEGRADED; both say why")
    func assessments() throws {
        for status in [ProjectStatus.resuming, .restarting, .provisioning, .starting] {
            let assessment = try assessment(status)
            #expect(assessment.event == .startFailed, "\(status)")
            #expect(assessment.failure?.service == .db && assessment.failure?.message == "its volume is missing")
        }
        for status in [ProjectStatus.active, .degraded] {
            let assessment = try assessment(status)
            #expect(assessment.event == .serviceNotReady, "\(status)")
            #expect(assessment.failure?.service == .db && assessment.failure?.message == "its volume is missing")
            #expect(assessment.cause.contains("its volume is missing"))
        }
        #expect(try assessment(.resuming, refused: false).failure == nil)
    }
}

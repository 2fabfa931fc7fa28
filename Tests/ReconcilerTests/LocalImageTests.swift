import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

/// Images that are made on the host. One of the same name in a registry is not that image.
@Suite("Images that are never pulled")
struct LocalImageTests {
    private func stack() throws -> DesiredStack {
        var stack = try Stacks.stack([Stacks.service(.db, image: "own:15"), Stacks.service(.auth, image: "theirs:1")])
        stack.services[.db]?.spec.pullsImage = false
        return stack
    }

    private func project(_ status: ProjectStatus, _ stack: DesiredStack, missing: Set<String>) -> ObservedProject {
        var project = ObservedProject(
            record: RecordedProject(status: status, statusChangedAt: Stacks.longAgo), desired: stack,
            observed: ObservedStack(), now: Stacks.longAgo + .seconds(1))
        project.note(missingImages: missing)
        return project
    }

    @Test("a plan pulls what a registry has, and nothing else")
    func plan() throws {
        let plan = Stacks.plan(try stack(), ObservedStack()) { $0.missingImages = ["own:15", "theirs:1"] }
        #expect(plan.contains("image theirs:1 PullImage") && !plan.contains("own:15"), "\(plan)")
    }

    @Test("a service whose image is not there is refused, and no other one")
    func refusal() throws {
        let refusals = project(.provisioning, try stack(), missing: ["own:15", "theirs:1"]).data.refusals
        #expect(refusals[.db]?.contains("own:15") == true && refusals.keys.elementsEqual([.db]), "\(refusals)")
        #expect(project(.provisioning, try stack(), missing: ["theirs:1"]).data.refusals.isEmpty)
    }

    @Test("a start and an upgrade without the image fail at once, and what runs is not touched")
    func failure() throws {
        for (status, next) in [(ProjectStatus.provisioning, "ROLLING_BACK"), (.upgrading, "REVERTING")] {
            var project = project(status, try stack(), missing: ["own:15"])
            project.record.hasTemplateBefore = true
            let decision = decide(.project(project), .sample)
            #expect(decision.description.contains(next), "\(decision)")
            #expect(decision.description.contains("never pulled"), "\(decision)")
        }
        let running = Stacks.observed(try stack())
        var input = project(.active, try stack(), missing: ["own:15"])
        input.observed = running
        input.observed.set(.db) { $0.configHash = "old" }
        let plan = Stacks.plan(try stack(), input.observed) { $0.data = input.data }
        #expect(!plan.contains("db StopContainer") && !plan.contains("db RemoveContainer"), "\(plan)")
    }

    @Test("the plan of an upgrade does not promise to pull it")
    func upgrade() throws {
        var target = try stack()
        for name in [ServiceName.db, .auth] { target.services[name]?.configHash = "other" }
        target.services[.db]?.spec.image = "own:15-2"
        target.services[.auth]?.spec.image = "theirs:2"
        #expect(UpgradePlan(from: try stack(), to: target).images == ["theirs:2"])
    }
}

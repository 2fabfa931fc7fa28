import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

@Suite("Plans of upgrades")
struct UpgradeTests {
    private func changed(_ name: ServiceName, in stack: DesiredStack, image: String? = nil) -> DesiredStack {
        var stack = stack
        stack.services[name]?.configHash = "other-\(name)"
        if let image { stack.services[name]?.spec.image = image }
        return stack
    }

    private func plan(
        _ target: DesiredStack, _ observed: ObservedStack, ready: Set<ServiceName> = [], missing: Set<String> = []
    ) -> String {
        Stacks.plan(target, observed, ready: ready) { input in
            input.replacesOneByOne = true
            input.missingImages = missing
        }
    }

    private let all: Set<ServiceName> = [.db, .auth, .rest, .gateway]

    @Test("every image is pulled before anything is touched")
    func pullsFirst() throws {
        let stack = try Stacks.four()
        let target = changed(.db, in: changed(.rest, in: stack, image: "rest:2"), image: "db:2")
        let plan = plan(target, Stacks.observed(stack), ready: [.auth, .gateway], missing: ["rest:2"])
        #expect(
            plan == """
                [] -> #1 image rest:2 PullImage, not on this engine
                rest waits, its image rest:2 is not on this engine yet
                """)
    }

    @Test("services are replaced one after the other, in the order of dependence, and the rest is not touched")
    func oneByOne() throws {
        let stack = try Stacks.four()
        let target = changed(.db, in: changed(.rest, in: stack))
        let first = plan(target, Stacks.observed(stack), ready: [.auth, .gateway])
        #expect(first.contains("db RemoveContainer") && first.contains("db CreateContainer"))
        #expect(!first.contains("rest RemoveContainer") && !first.contains("auth") && !first.contains("gateway"))
        #expect(first.contains("rest waits, db is not ready"))
        var observed = Stacks.observed(stack)
        observed.containers.removeAll { $0.service == .db }
        observed.containers.append(Stacks.container(try #require(target.services[.db])))
        let waiting = plan(target, observed, ready: [.auth, .gateway])
        #expect(waiting == "rest waits, db is not ready")
        let second = plan(target, observed, ready: [.auth, .gateway, .db])
        #expect(second.contains("rest RemoveContainer") && !second.contains("db "))
        observed.containers.removeAll { $0.service == .rest }
        observed.containers.append(Stacks.container(try #require(target.services[.rest])))
        #expect(plan(target, observed, ready: all) == "")
    }

    @Test("a service that is optional holds nothing up")
    func optional() throws {
        var stack = try Stacks.four()
        stack.services[.auth]?.isOptional = true
        let target = changed(.auth, in: changed(.rest, in: stack))
        let plan = plan(target, Stacks.observed(stack), ready: [.db, .gateway])
        #expect(plan.contains("auth RemoveContainer") && plan.contains("rest RemoveContainer"))
    }

    @Test("what the target does not have goes before anything is replaced")
    func removedServices() throws {
        let stack = try Stacks.four()
        var target = changed(.db, in: stack)
        target.services[.gateway] = nil
        let plan = plan(target, Stacks.observed(stack), ready: [.auth, .rest])
        #expect(plan.contains("gateway RemoveContainer, the template has no place for it"))
        #expect(plan.contains("db CreateContainer"))
    }

    @Test("a project on its way is not there while a container of another version is left, optional or not")
    func remainder() throws {
        var stack = try Stacks.four()
        stack.services[.rest]?.isOptional = true
        stack.services[.rest]?.probe = nil
        let target = changed(.rest, in: stack)
        for status in [ProjectStatus.upgrading, .reverting] {
            var input = AssessmentInput(
                status: status, statusSince: Stacks.longAgo, desired: target, observed: Stacks.observed(stack),
                now: Stacks.longAgo + .seconds(1))
            for name in all {
                guard let container = input.observed.container(of: name) else { continue }
                let run = Incarnation(containerID: container.id, startedAt: container.startedAt)
                var tally = ServiceHealth(of: run)
                tally.record(.ready, of: run, at: Stacks.longAgo, uptime: .zero)
                input.health[name] = tally
            }
            let assessment = assess(input)
            #expect(assessment.event == .serviceNotReady)
            #expect(assessment.cause == "rest is still to be replaced")
        }
    }

    @Test("a plan names what is pulled, replaced, added and removed, and what is interrupted")
    func preview() throws {
        let stack = try Stacks.four()
        var target = changed(.auth, in: stack, image: "auth:2")
        target.services[.auth]?.spec.environment = Secret(["NEW": "a secret value"])
        target.services[.rest] = nil
        target.services[.meta] = Stacks.service(.meta, after: [Dependency(on: .db)])
        target.services[.gateway]?.dependencies = [Dependency(on: .auth)]
        let plan = UpgradePlan(from: stack, to: target)
        #expect(plan.replaced.map(\.service) == [.auth])
        #expect(plan.replaced.first?.changes == ["image", "environment: NEW"])
        #expect(plan.added.map(\.service) == [.meta] && plan.removed == [.rest])
        #expect(plan.untouched == [.db, .gateway])
        #expect(plan.images == ["auth:2", "meta:1"])
        #expect(plan.interrupted == [.auth, .gateway, .rest])
        #expect(plan.interruptionMax == .seconds(190))
        #expect(plan.refusals.isEmpty && !"\(plan)".contains("a secret value"))
    }

    @Test("an equal stack is an empty plan")
    func nothing() throws {
        let plan = UpgradePlan(from: try Stacks.four(), to: try Stacks.four())
        #expect(plan.isEmpty && plan.images.isEmpty && plan.interrupted.isEmpty && plan.refusals.isEmpty)
    }

    @Test("another major version of PostgreSQL is refused, also when only the data shows which one wrote it")
    func majors() throws {
        var before = try Stacks.four()
        before.services[.db]?.spec.image = "supabase/postgres:15.8.1"
        let after = changed(.db, in: before, image: "supabase/postgres:17.6.1")
        let refusal = UpgradePlan.Refusal.postgresMajorChange(from: 15, to: 17)
        #expect(UpgradePlan(from: before, to: after).refusals == [refusal])
        #expect(UpgradePlan(from: nil, to: after, dataMajor: 15).refusals == [refusal])
        #expect(UpgradePlan(from: nil, to: after, dataMajor: 17).refusals == [])
        let minor = changed(.db, in: before, image: "supabase/postgres:15.9.0")
        #expect(UpgradePlan(from: before, to: minor).refusals == [])
    }

    @Test("data is not left behind")
    func data() throws {
        let stack = try Stacks.four()
        var gone = stack
        gone.services[.db] = nil
        #expect(UpgradePlan(from: stack, to: gone).refusals == [.databaseRemoved(.db)])
        #expect(UpgradePlan(from: stack, to: gone).unusedVolumes == ["db-data"])
        var other = changed(.db, in: stack)
        other.services[.db]?.spec.mounts = [.init(source: .volume(name: "fresh"), target: "/data")]
        #expect(
            UpgradePlan(from: stack, to: other).refusals
                == [.dataLeftBehind(service: .db, volume: "db-data", path: "/data")])
    }

    @Test("of a version that is not known everything may be replaced")
    func unknown() throws {
        let plan = UpgradePlan(from: nil, to: try Stacks.four())
        #expect(plan.replaced.map(\.service) == [.db, .auth, .rest, .gateway])
        #expect(plan.replaced.allSatisfy { $0.changes == ["the version before is not known"] })
    }

    @Test("a network that is made again takes every service on it along, also those that do not change themselves")
    func networks() throws {
        let stack = try Stacks.four()
        var target = stack
        target.networks[0].subnet = try #require(IPv4Network("10.201.0.0/28"))
        let plan = UpgradePlan(from: stack, to: target)
        #expect(plan.untouched.isEmpty)
        #expect(plan.replaced.map(\.service) == [.db, .auth, .rest, .gateway])
        #expect(plan.replaced.allSatisfy { $0.changes == ["networks"] })
        #expect(plan.interrupted == [.auth, .db, .gateway, .rest].sorted())
    }

    @Test("an upgrade to other networks stops what runs in order, and brings it up in order behind the gate")
    func networkUpgrade() throws {
        let stack = try Stacks.four()
        var target = stack
        target.networks[0].subnet = try #require(IPv4Network("10.201.0.0/28"))
        let text = plan(target, Stacks.observed(stack))
        #expect(text.contains("db StopContainer, its network changes"))
        #expect(text.contains("db StartContainer") && !text.contains("auth StartContainer"))
    }
}

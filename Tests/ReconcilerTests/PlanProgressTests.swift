import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("The progress of a plan")
struct PlanProgressTests {
    /// Starts: `db`, for which `dependents` services wait, and three without dependents.
    private func plan(dependents: Int = 2) -> Plan {
        var plan = Plan()
        let image = plan.add(.pullImage("image"), because: "test")
        for service in [ServiceName.auth, .rest, .storage] { plan.add(start(service), because: "test") }
        plan.add(start(.db), because: "test", after: [image], dependents: dependents)
        return plan
    }

    private func begin(_ progress: inout PlanProgress) throws -> Plan.Step {
        let step = progress.begin()
        return try #require(step)
    }

    private func start(_ service: ServiceName) -> EngineOperation {
        .startContainer(name: service.text, service: service)
    }

    @Test("what an urgent step waits for is as urgent, and comes first")
    func urgencies() {
        let plan = plan()
        #expect(plan.urgencies == [2, 0, 0, 0, 2])
        var progress = PlanProgress(plan)
        #expect(progress.begin()?.operation == .pullImage("image"))
    }

    @Test("nothing is started beside a container that others wait for, nor before it, while it may still come")
    func alone() throws {
        var progress = PlanProgress(plan())
        let image = try begin(&progress)
        #expect(progress.begin() == nil)
        progress.end(image, succeeded: true)
        let db = try begin(&progress)
        #expect(db.operation.service == .db)
        #expect(progress.begin() == nil)
        progress.end(db, succeeded: true)
        #expect((0..<4).map { _ in progress.begin()?.operation.service } == [.auth, .rest, .storage, nil])
    }

    @Test("once an urgent step cannot run any more, the others continue without it", arguments: [1, 5])
    func failure(failing: Int) {
        var progress = PlanProgress(plan())
        var begun: [ServiceName?] = []
        while let step = progress.begin() {
            if step.operation.startsContainer { begun.append(step.operation.service) }
            progress.end(step, succeeded: step.number != failing)
        }
        #expect(begun == (failing == 1 ? [] : [.db]) + [.auth, .rest, .storage])
    }

    @Test("other calls are made beside an urgent start")
    func others() {
        var plan = Plan()
        plan.add(start(.db), because: "test", dependents: 3)
        plan.add(.pullImage("image"), because: "test")
        var progress = PlanProgress(plan)
        #expect(progress.begin()?.operation.service == .db)
        #expect(progress.begin()?.operation == .pullImage("image"))
        #expect(progress.begin() == nil)
    }

    @Test(
        "every plan is carried through, each step once and after those that it waits for", arguments: UInt64(0)..<200)
    func completeness(seed: UInt64) throws {
        var random = try RandomCase(seed: seed)
        let plan = reconcile(random.input(.running, ready: random.answering))
        var progress = PlanProgress(plan)
        var underWay: [Plan.Step] = []
        var ended: Set<Int> = []
        var begun: [Int] = []
        while true {
            while let step = progress.begin() {
                #expect(ended.isSuperset(of: step.after))
                begun.append(step.number)
                underWay.append(step)
            }
            guard let place = underWay.indices.randomElement(using: &random.generator) else { break }
            let step = underWay.remove(at: place)
            ended.insert(step.number)
            progress.end(step, succeeded: true)
        }
        #expect(begun.sorted() == plan.steps.map(\.number))
    }

    @Test("a service is as urgent as many services wait for it, directly or through others")
    func dependents() throws {
        let plan = reconcile(
            ReconcileInput(goal: .running, desired: try Stacks.four(), observed: ObservedStack()))
        let starts = plan.steps.filter(\.operation.startsContainer)
        #expect(starts.map(\.operation.service) == [.db])
        #expect(starts.map(\.dependents) == [3])
        let creations = plan.steps.compactMap { step -> String? in
            guard case .createContainer(let service) = step.operation else { return nil }
            return "\(service.name) \(step.dependents)"
        }
        #expect(creations.sorted() == ["auth 1", "db 3", "gateway 0", "rest 1"])
    }
}

import ProjectModel
import Reconciler
import Testing

@testable import OrchestratorTesting

/// Random stacks in random states: something bad never happens, and something good happens in the end.
@Suite("Properties of reconciliation")
struct ReconcilePropertyTests {
    /// Looks within which every goal has to be reached: the longest chain of eight services, twice over.
    static let looksMax = 24

    @Test("looking again and again leads to running, and then nothing is left to do", arguments: UInt64(0)..<200)
    func converges(seed: UInt64) throws {
        var random = try RandomCase(seed: seed)
        let desired = random.desired
        for look in 0..<Self.looksMax {
            // Every other look some services that answer are not known to do so yet.
            let answering = random.answering
            let ready = look % 2 == 0 ? answering : answering.filter { ($0.text.utf8.last ?? 0) % 2 == 0 }
            let plan = reconcile(random.input(.running, ready: ready))
            let planned = random.observed
            let refusals = random.carryOut(plan) { operation, before in
                Self.checkStart(operation, desired: desired, observed: before, ready: ready)
                Self.checkRemoval(operation, desired: desired, observed: planned)
            }
            #expect(refusals == 0, "look \(look)")
        }
        #expect(random.answering == Set(desired.services.keys))
        #expect(reconcile(random.input(.running, ready: random.answering)).description == "")
        #expect(random.engine.volumes.values.allSatisfy { $0.ref == desired.ref })
        #expect(random.volumesBefore.isSubset(of: random.engine.volumes.keys))
    }

    /// A service is started only when what it depends on is there.
    static func checkStart(
        _ operation: EngineOperation, desired: DesiredStack, observed: ObservedStack, ready: Set<ServiceName>
    ) {
        switch operation {
        case .startContainer, .restartContainer: break
        default: return
        }
        for dependency in operation.service.flatMap({ desired.services[$0] })?.dependencies ?? [] {
            let container = observed.container(of: dependency.service)
            switch dependency.condition {
            case .healthy: #expect(ready.contains(dependency.service), "\(operation)")
            case .started: #expect(container?.state.isUp == true, "\(operation)")
            case .completed: #expect(container?.state == .exited && container?.exitCode == 0, "\(operation)")
            }
        }
    }

    /// While the goal is running, what fits the template is not removed, and volumes never are.
    static func checkRemoval(_ operation: EngineOperation, desired: DesiredStack, observed: ObservedStack) {
        switch operation {
        case .removeVolume(let name): Issue.record("volume \(name) must not be removed")
        case .removeNetwork(let id, _):
            let network = observed.networks.first { $0.id == id }
            #expect(!desired.networks.contains { $0.name == network?.name && $0.subnet == network?.subnet })
        case .removeContainer(let id, _):
            guard let container = observed.containers.first(where: { $0.id == id }), let name = container.service,
                let service = desired.services[name],
                observed.networks.allSatisfy({ network in
                    desired.networks.contains { $0.name == network.name && $0.subnet == network.subnet }
                })
            else { return }
            let isDuplicate = observed.containers.filter { $0.service == name }.count > 1
            let isBroken = container.state == .dead || container.state == .removing
            let joined = Set(container.attachments.map(\.network))
            let isCutOff = service.spec.networks.contains { !joined.contains($0.network) }
            #expect(
                container.configHash != service.configHash || isDuplicate || isBroken || isCutOff
                    || container.name != service.containerName)
        default: break
        }
    }

    @Test("pausing stops everything that is up and removes nothing, dependents first", arguments: UInt64(0)..<200)
    func stops(seed: UInt64) throws {
        var random = try RandomCase(seed: seed)
        let before = random.observed
        let desired = random.desired
        for _ in 0..<3 {
            _ = random.carryOut(reconcile(random.input(.stopped, ready: []))) { operation, observed in
                guard case .stopContainer(_, .some(let name), _) = operation else {
                    if case .stopContainer = operation { return }
                    Issue.record("\(operation) has no place in a pause")
                    return
                }
                let dependents = desired.dependents(of: name)
                #expect(!observed.containers.contains { $0.state.isUp && $0.service.map(dependents.contains) == true })
            }
        }
        #expect(!random.observed.containers.contains { $0.state.isUp })
        #expect(Set(random.observed.volumes.map(\.name)) == Set(before.volumes.map(\.name)))
        #expect(random.observed.networks == before.networks)
        #expect(reconcile(random.input(.stopped, ready: [])).isEmpty)
    }

    @Test("one plan leads to nothing at all, and no call of it is refused", arguments: UInt64(0)..<200)
    func vanishes(seed: UInt64) throws {
        var random = try RandomCase(seed: seed)
        let plan = reconcile(random.input(.absent, ready: []))
        let refusals = random.carryOut(plan) { _, _ in }
        #expect(refusals == 0)
        #expect(random.observed.isEmpty)
        #expect(random.engine.volumes.isEmpty && random.engine.networks.isEmpty && random.engine.containers.isEmpty)
        #expect(reconcile(random.input(.absent, ready: [])).isEmpty)
    }

    @Test("the order in which the engine lists things changes nothing", arguments: UInt64(0)..<50)
    func orderOfTheList(seed: UInt64) throws {
        var random = try RandomCase(seed: seed)
        for goal in ProjectStatus.Goal.allCases {
            var input = random.input(goal, ready: random.answering)
            let plan = reconcile(input).description
            input.observed.containers.shuffle(using: &random.generator)
            input.observed.volumes.shuffle(using: &random.generator)
            #expect(reconcile(input).description == plan)
        }
    }
}

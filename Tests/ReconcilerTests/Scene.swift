import OrchestratorTesting
import ProjectModel
import Testing

@testable import Reconciler

/// A stack of db ← auth (and an optional rest) at some moment.
struct Scene {
    static let start = Stacks.longAgo
    var input: AssessmentInput

    init(_ status: ProjectStatus = .starting, _ state: ObservedContainer.State = .running) throws {
        let stack = try Stacks.stack([
            Stacks.service(.db), Stacks.service(.auth, after: [Dependency(on: .db)]),
            Stacks.service(.rest, isOptional: true),
        ])
        input = AssessmentInput(
            status: status, statusSince: Self.start, desired: stack, observed: Stacks.observed(stack, state),
            now: Self.start + .seconds(1))
        for service in stack.services.keys { probe(service, "+") }
    }

    /// Sets the tally of the present run of a service.
    mutating func probe(_ service: ServiceName, _ results: String) {
        guard let container = input.observed.container(of: service) else { return }
        let run = Incarnation(containerID: container.id, startedAt: container.startedAt)
        var tally = ServiceHealth(of: run)
        for (second, letter) in results.enumerated() {
            let result: ProbeResult =
                switch letter {
                case "+": .ready
                case "-": .notReady("HTTP 503")
                default: .notMade("the engine is away")
                }
            tally.record(result, of: run, at: Self.start + .seconds(second), uptime: .seconds(second))
        }
        input.health[service] = tally
    }

    mutating func observe(_ service: ServiceName, _ change: (inout ObservedContainer) -> Void) {
        input.observed.set(service, change)
    }

    mutating func starts(_ service: ServiceName, _ count: Int) {
        var backoff = RestartBackoff()
        for _ in 0..<count { backoff.noteStart(at: Self.start) }
        input.backoffs[service] = backoff
    }

    var assessment: Assessment { assess(input) }
    func state(_ service: ServiceName) -> Assessment.ServiceState? { assessment.services[service] }
}

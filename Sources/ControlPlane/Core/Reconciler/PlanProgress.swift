/// How far a plan has been carried out, and what comes next: a value, so that the order of calls can be tested without
/// an engine.
///
/// The more services wait for a step, the earlier it comes. A container that others wait for is started alone: while it
/// boots there is time for those that no other waits for, and beside them its own start would take several times as
/// long.
public struct PlanProgress: Sendable {
    private let urgencies: [Int]
    /// Steps not begun yet, the most urgent first.
    private var open: [Plan.Step]
    private var underWay: Set<Int> = []
    private var succeeded: Set<Int> = []

    /// A plan of which nothing is done.
    public init(_ plan: Plan) {
        let urgencies = plan.urgencies
        self.urgencies = urgencies
        open = plan.steps.sorted { left, right in
            (-urgencies[left.number - 1], left.number) < (-urgencies[right.number - 1], right.number)
        }
    }

    /// How urgent a step of the plan is: the services that wait for it or for any step after it.
    public func urgency(of step: Plan.Step) -> Int { urgencies[step.number - 1] }

    /// Begins the most urgent of the steps that can be made now; nothing when there is none.
    public mutating func begin() -> Plan.Step? {
        let mostUrgent = max(open.first.map(urgency(of:)) ?? 0, underWay.map { urgencies[$0 - 1] }.max() ?? 0)
        let next = open.firstIndex { step in
            succeeded.isSuperset(of: step.after)
                && (!step.operation.startsContainer || urgency(of: step) == mostUrgent)
        }
        guard let next else { return nil }
        let step = open.remove(at: next)
        underWay.insert(step.number)
        return step
    }

    /// Notes how a step ended. What waits for one that failed is left out.
    public mutating func end(_ step: Plan.Step, succeeded isSuccess: Bool) {
        underWay.remove(step.number)
        if isSuccess {
            succeeded.insert(step.number)
            return
        }
        var lost: Set<Int> = [step.number]
        // A step's number is greater than those of the steps that it waits for.
        for step in open.sorted(by: { $0.number < $1.number }) where !lost.isDisjoint(with: step.after) {
            lost.insert(step.number)
        }
        open.removeAll { lost.contains($0.number) }
    }
}

extension EngineOperation {
    /// Whether the call starts a container, which takes the engine longer than any other.
    public var startsContainer: Bool {
        switch self {
        case .startContainer, .restartContainer: true
        default: false
        }
    }
}

public import ProjectModel
public import Reconciler

/// Makes the calls of a plan, several at a time. It decides nothing: ``PlanProgress`` says what comes next, and a
/// failed call is reported.
public struct PlanExecutor: Sendable {
    /// Most concurrent calls of one plan.
    public static let parallelCallsMax = 8
    /// Age of a plan from which on none of its steps is made that rests on probes: the manager may have been stopped
    /// since, and what did not answer then may answer now. The next pass decides again.
    package static let verdictAgeMax: Duration = .seconds(10)

    /// How one step ended.
    public struct Outcome: Sendable, Equatable {
        public let step: Plan.Step
        /// What the engine said, when it refused.
        public let error: EngineError?
    }

    private let engine: any ContainerEngine
    private let starts: StartLimiter?
    private let time: any TimeSource

    /// An executor on an engine.
    ///
    /// - Parameter starts: Through which starts of containers go, so that those of all plans together are not too many.
    package init(engine: any ContainerEngine, starts: StartLimiter? = nil, time: any TimeSource = SystemTime()) {
        self.engine = engine
        self.time = time
        self.starts = starts
    }

    /// Runs the plan. Outcomes come in the order in which the calls ended; steps that were left out have none.
    ///
    /// - Parameter volumeOwners: The projects whose label volumes have that are not the project's own.
    public func run(_ plan: Plan, of ref: ProjectRef, volumeOwners: [String: ProjectRef] = [:]) async -> [Outcome] {
        var progress = PlanProgress(plan)
        var outcomes: [Outcome] = []
        let decidedAt = time.uptime()
        await withTaskGroup(of: Outcome.self) { group in
            var underWay = 0
            func launch() {
                while underWay < Self.parallelCallsMax, let step = progress.begin() {
                    underWay += 1
                    let owner = step.operation.removedVolume.flatMap { volumeOwners[$0] }
                    let urgency = progress.urgency(of: step)
                    group.addTask { await perform(step, of: owner ?? ref, urgency: urgency, decidedAt: decidedAt) }
                }
            }
            launch()
            while let outcome = await group.next() {
                underWay -= 1
                outcomes.append(outcome)
                progress.end(outcome.step, succeeded: outcome.error == nil)
                if !Task.isCancelled { launch() }
            }
        }
        return outcomes
    }

    private func perform(
        _ step: Plan.Step, of ref: ProjectRef, urgency: Int, decidedAt: Duration
    ) async -> Outcome {
        let call = { () async throws(EngineError) in
            if step.restsOnProbes, time.uptime() - decidedAt > Self.verdictAgeMax { throw .outdated }
            try await engine.perform(step.operation, for: ref)
        }
        do throws(EngineError) {
            if let starts, step.operation.startsContainer {
                try await starts.pass(urgency: urgency, call)
            } else {
                try await call()
            }
            return Outcome(step: step, error: nil)
        } catch {
            return Outcome(step: step, error: error)
        }
    }
}

extension EngineOperation {
    fileprivate var removedVolume: String? { if case .removeVolume(let name) = self { name } else { nil } }
}

import ProjectModel

/// Judges a project that should run.
struct RunningAssessor {
    let input: AssessmentInput
    let desired: DesiredStack
    var assessment = Assessment()
    /// Services without a verdict: too few probe results yet, or no probe can be made.
    private var unknown: Set<ServiceName> = []

    init(_ input: AssessmentInput, _ desired: DesiredStack) {
        self.input = input
        self.desired = desired
    }

    func assess() -> Assessment {
        var copy = self
        copy.judgeServices()
        copy.judgeProject()
        return copy.assessment
    }

    /// Whether a failing service ends the attempt, rather than being healed for ever.
    private var isStarting: Bool {
        switch input.status {
        case .provisioning, .starting, .resuming, .restarting, .upgrading, .reverting: true
        default: false
        }
    }

    private mutating func judgeServices() {
        for service in desired.services.values.sorted(by: { $0.name < $1.name }) {
            assessment.services[service.name] = state(of: service)
            holdBack(service)
        }
    }

    private mutating func state(of service: DesiredService) -> Assessment.ServiceState {
        if let refusal = input.refusals[service.name] { return .failing(refusal) }
        guard let container = input.observed.container(of: service.name) else {
            return .comingUp("its container does not exist yet")
        }
        guard container.configHash == service.configHash else { return .comingUp("its container is being replaced") }
        switch container.state {
        case .created: return .comingUp("its container is not started yet")
        case .exited where service.runsOnce && container.exitCode == 0: return .ready
        case .exited where isStarting && !isOfThisStart(container):
            return .comingUp("its container is about to be started")
        case .exited, .dead, .removing: return .failing(Self.end(of: container))
        case .restarting: return .failing("\(Self.end(of: container)); the engine is restarting it")
        case .paused: return .failing("its container was frozen from outside")
        case .running where container.isUnreachable(as: service):
            return .failing("it was disconnected from the project's network")
        case .running: return runningState(of: service, container)
        }
    }

    /// Shortest wait for a tally to reach its deadline.
    private static let requeuePauseMin: Duration = .milliseconds(500)

    private mutating func runningState(
        of service: DesiredService, _ container: ObservedContainer
    ) -> Assessment.ServiceState {
        if isOutstanding(container, service.name) {
            assessment.isRestartOutstanding = true
            return .comingUp("its restart is outstanding")
        }
        guard service.probe != nil else { return .ready }
        let run = Incarnation(containerID: container.id, startedAt: container.startedAt)
        guard let tally = input.health[service.name], tally.incarnation == run else {
            return notSeen(service, "its first probe is outstanding")
        }
        return state(of: service, tally)
    }

    private mutating func state(of service: DesiredService, _ tally: ServiceHealth) -> Assessment.ServiceState {
        let answer = tally.lastFailure ?? "it has not answered yet"
        switch tally.verdict {
        case .unknown:
            return notSeen(service, tally.obstacle.map(Self.blindness) ?? "its first probe is outstanding")
        case .ready: return .ready
        case .failing: return .failing(answer)
        case .unresponsive:
            assessment.unresponsive[service.name] =
                "it has not answered for \(ServiceHealth.failingUntilUnresponsive): \(answer)"
            return .failing(answer)
        case .starting:
            if !tally.isKnownNotReady || tally.obstacle != nil { unknown.insert(service.name) }
            if let obstacle = tally.obstacle { return .comingUp(Self.blindness(obstacle)) }
            let left = service.bootDeadline - tally.failingFor
            if left > .zero {
                requeue(at: input.now + max(left, Self.requeuePauseMin))
                return .comingUp(answer)
            }
            assessment.unresponsive[service.name] = "it was not ready within \(service.bootDeadline): \(answer)"
            return .failing("not ready within \(service.bootDeadline): \(answer)")
        }
    }

    /// While a project starts a service that was not seen yet is on its way.
    private mutating func notSeen(_ service: DesiredService, _ reason: String) -> Assessment.ServiceState {
        unknown.insert(service.name)
        return isStarting ? .comingUp(reason) : .unknown(reason)
    }

    private static func blindness(_ obstacle: String) -> String { "it cannot be probed: \(obstacle)" }

    /// Whether the container is still to be restarted on request: the result of its present run no longer counts.
    private func isOutstanding(_ container: ObservedContainer, _ service: ServiceName) -> Bool {
        guard let requested = input.restartRequestedAt, let started = container.startedAt,
            input.restartServices.map({ $0.contains(service) }) ?? true
        else { return false }
        return container.state == .running && started < requested
    }

    private static func end(of container: ObservedContainer) -> String {
        if container.isOutOfMemory { return "it ran out of memory and was ended by the kernel" }
        return container.exitCode.map { "it ended with exit code \($0)" }
            ?? "its container is \(container.state.rawValue)"
    }

    private mutating func holdBack(_ service: DesiredService) {
        guard let next = input.backoffs[service.name]?.nextStart, next > input.now else { return }
        assessment.backingOff[service.name] = "backing off until \(next)"
        requeue(at: next)
    }

    private mutating func requeue(at time: Timestamp) {
        guard time > input.now else { return }
        assessment.requeueAt = min(assessment.requeueAt ?? time, time)
    }

    private mutating func judgeProject() {
        let required = desired.services.values.filter { !$0.isOptional }.sorted { $0.name < $1.name }
        if isStarting, let failure = startFailure(among: required) {
            assessment.event = .startFailed
            assessment.failure = failure
            assessment.blocker = failure.service
            assessment.cause = "\(failure.service): \(failure.message)"
        } else if let blocker = required.first(where: { input.refusals[$0.name] != nil })
            ?? required.first(where: { assessment.services[$0.name]?.isReady != true && !isExcused($0) })
        {
            judgeUnready(blocker.name)
        } else if let remainder = remainderOfOtherVersion {
            assessment.event = .serviceNotReady
            assessment.cause = remainder
        } else if input.status != .active || required.allSatisfy({ !unknown.contains($0.name) }) {
            assessment.event = .allReady
            assessment.cause = "every required service is ready"
        }
        if isStarting { requeue(at: input.statusSince + deadline) }
    }

    /// An active project stays so until something is known to be wrong: a manager that has just been started has
    /// probed nothing yet.
    private func isExcused(_ service: DesiredService) -> Bool {
        input.status == .active && unknown.contains(service.name)
    }

    private mutating func judgeUnready(_ blocker: ServiceName) {
        assessment.failure = input.refusals[blocker].map { .init(service: blocker, message: $0) }
        let haveContainers = desired.services.keys.allSatisfy { input.observed.container(of: $0) != nil }
        assessment.blocker = blocker
        assessment.event =
            input.status == .provisioning && haveContainers ? .containersCreated : .serviceNotReady
        switch assessment.services[blocker] {
        case .comingUp(let text), .failing(let text), .unknown(let text):
            assessment.cause = "\(blocker) is not ready: \(text)"
        default: assessment.cause = "\(blocker) is not ready"
        }
    }

    /// Longest time that the status may last.
    private var deadline: Duration {
        input.status == .upgrading ? Assessment.upgradeDeadline : Assessment.startDeadline
    }

    /// A container that is not of the version that the project is on its way to. An upgrade or a way back ends when
    /// there is none: optional services count as well.
    private var remainderOfOtherVersion: String? {
        guard [.upgrading, .reverting].contains(input.status) else { return nil }
        for service in desired.services.values.sorted(by: { $0.name < $1.name })
        where input.observed.container(of: service.name)?.configHash != service.configHash {
            return "\(service.name) is still to be replaced"
        }
        let unknownContainer = input.observed.containers.sorted { $0.id < $1.id }.first { container in
            container.service.map { desired.services[$0] == nil } ?? true
        }
        return unknownContainer.map { "\($0.service?.text ?? $0.name) is still to be removed" }
    }

    private func startFailure(among required: [DesiredService]) -> Assessment.StartFailure? {
        for service in required where assessment.services[service.name]?.isReady != true {
            if let message = startFailure(of: service) { return .init(service: service.name, message: message) }
        }
        guard input.now.since(input.statusSince) >= deadline else { return nil }
        let late = required.first { assessment.services[$0.name]?.isReady != true && !unknown.contains($0.name) }
        return late.map {
            .init(service: $0.name, message: "the \(attempt) did not end within \(deadline)")
        }
    }

    private var attempt: String { input.status == .upgrading ? "upgrade" : "start" }

    /// Whether the container's last run began after the present start was asked for.
    private func isOfThisStart(_ container: ObservedContainer) -> Bool {
        container.startedAt.map { $0 >= input.statusSince } ?? false
    }

    private func startFailure(of service: DesiredService) -> String? {
        if let refusal = input.refusals[service.name] { return refusal }
        if let refused = input.callFailures[service.name], refused.count >= refused.countMax {
            return refused.message
        }
        guard let container = input.observed.container(of: service.name),
            !isOutstanding(container, service.name)
        else { return nil }
        // The engine counts over the container's whole life: only restarts of runs since this start began say anything.
        let restarts = isOfThisStart(container) ? container.restartCount : 0
        let starts = (input.backoffs[service.name]?.attempts ?? 0) + restarts
        if case .failing(let text)? = assessment.services[service.name] {
            if !container.state.isUp || container.state == .restarting, starts >= RestartBackoff.attemptsUntilFailed {
                return "\(text), after \(starts) starts"
            }
            if assessment.unresponsive[service.name] != nil { return text }
        }
        // A container that keeps ending is sometimes observed as running: the engine's restart count shows it.
        return restarts >= RestartBackoff.attemptsUntilFailed ? "it keeps ending, \(restarts) restarts so far" : nil
    }
}

import Logging
import ProjectModel
import Reconciler

extension ReconcileLoop {
    /// Lines of a failed service's log that are kept with the project.
    static let logTailLines = 40

    /// Changes a project's status, with all that belongs to the change.
    func carryOut(_ decided: TransitionDecision, input: PassInput, state: PassState) async throws {
        let (record, project) = try input.project()
        let isLast = decided.event == .nothingLeft
        var transition = StatusTransition(
            from: decided.from, to: decided.to, cause: state.redactor.redacted(decided.cause, open: .end),
            at: time.now())
        transition.failure = await failure(decided.failure, record: record, state: state)
        transition.fulfilsRestart = decided.fulfilsRestart
        transition.restoresSettings = decided.restoresSettings
        if decided.restoresSettings { transition.opens = NewOperation(.restart, requestedBy: "") }
        if decided.releasesUnusedPorts { transition.leases = .keepPorts(try await ports(of: record)) }
        if isLast { transition.leases = try await removeFolder(of: record, project, becoming: decided.to) }
        guard try await store.transition(record.ref, transition) else { return }
        if transition.to == .deleted || transition.endOfUpgrade == .completes { await removeUnusedTemplates() }
        logger.log(
            level: isLast && !project.observed.isEmpty ? .warning : .info, "a project changed its status",
            metadata: [
                "project": "\(record.ref)", "status": "\(transition.to.rawValue)", "cause": "\(transition.cause)",
            ])
    }

    private func removeFolder(
        of record: ProjectRecord, _ project: ObservedProject, becoming status: ProjectStatus
    ) async throws -> StatusTransition.LeaseChange {
        try lease?.check()
        // A network that remains keeps its subnet: it must not be leased again when the lease is gone.
        if !project.observed.isEmpty { await survey.note(try await engine.overview().use) }
        try folders.remove(record.ref)
        return try await finishDeletion(of: record, becoming: status)
    }

    private func failure(
        _ change: FailureChange, record: ProjectRecord, state: PassState
    ) async -> ProjectFailure? {
        switch change {
        case .keep: return record.failure
        case .clear: return nil
        case .record(let reason, let container):
            var failure = ProjectFailure(
                service: reason.service, message: state.redactor.redacted(reason.message, open: .end))
            guard let container else { return failure }
            do {
                let tail = try await engine.logTail(ofContainer: container, lines: Self.logTailLines)
                failure.logTail = state.redactor.redacted(tail)
            } catch {
                failure.logTail = "(the log could not be read: \(error))"
            }
            return failure
        }
    }

    /// Variables of the ports that a project needs in its present version.
    private func ports(of record: ProjectRecord) async throws -> Set<String> {
        let needs = try await renderer(for: record).requirements(services: record.services.map(\.text))
        return Set(needs.ports)
    }

    /// Removes unused template versions. A failure is retried by the next call.
    func removeUnusedTemplates() async {
        do {
            let removed = try await templates.removeUnused()
            guard !removed.isEmpty else { return }
            logger.info(
                "template versions that no project uses were removed",
                metadata: ["templates": "\(removed.map(\.short).sorted().joined(separator: ", "))"])
        } catch {
            logger.warning("unused template versions are not removed", metadata: ["error": "\(error)"])
        }
    }
}

import Logging
import ProjectModel
import Reconciler

extension ReconcileLoop {
    /// Lines of a failed service's log that are kept with the project.
    static let logTailLines = 40
    /// Looks that must find the same, one after the other, before a project counts as paused or gone: one list may be
    /// an old one.
    static let endingLooksMin = 2
    /// Time between them.
    static let endingLookPause: Duration = .milliseconds(50)
    /// Leases replaced in a row before the engine's refusal counts as a failure.
    static let replacementsMax = 20

    /// Reads what should be, reads what is, judges, and acts on the difference: either one status change or one plan.
    func look(at ref: ProjectRef, as role: ManagerRole = .active) async throws -> NextLook {
        guard let record = try await store.project(ref)?.inForce else { return try await lookAtUnknown(ref) }
        var memory = await memories.take(ref)
        memory.note(record)
        var desired: DesiredStack?
        do {
            desired = try await desiredStack(of: record, &memory)
        } catch {
            if role == .active { try await reportUnrenderable(record, error) }
            throw error
        }
        let seen = try await observe(record, as: role)
        memory.basis = Relist.Basis(outline: record.outline, fingerprint: seen.fingerprint)
        var stock = try await takeStock(record, seen, as: role)
        let observed = stock.observed
        if record.template == nil, let rendered = desired {
            desired = try await settleVersion(of: record, rendered, &stock, &memory, as: role)
        }
        if record.status.goal == .running, let rendered = desired {
            desired = try await withVolumes(rendered, record, &stock, as: role)
        }
        // A call that was under way when the last manager died may come true after the project is gone.
        if record.status == .deleted, observed.isEmpty {
            await forget(ref)
            // Of kept volumes the next full list need not make anything.
            if !seen.isEmpty { await memories.put(memory, of: ref) }
            return .whenWoken
        }
        await health.watch(record.status.goal == .running ? desired : nil, observed, of: ref)
        let circumstances = await circumstances(record, desired, stock, memory)
        let assessment = assess(circumstances)
        memory.latest = ProjectMemory.Finding(
            states: assessment.services, addresses: desired?.addresses(in: observed) ?? [:])
        guard role == .active else {
            await memories.put(memory, of: ref)
            return assessment.nextLook.map(NextLook.at) ?? .whenWoken
        }
        if (1..<Self.endingLooksMin).contains(memory.looks(ending: assessment.event)) {
            await memories.put(memory, of: ref)
            return .at(time.now() + Self.endingLookPause)
        }
        if assessment.event == .allReady, let desired { try await rememberData(desired, record, stock) }
        if let next = try await changeStatus(record, assessment, observed, memory) {
            await memories.put(memory, of: ref)
            return next
        }
        try await reportRefusal(record, assessment)
        // Those who ask meanwhile see what was found, also while a long plan is carried out.
        await memories.put(memory, of: ref)
        let plan = reconcile(try await situation(record, circumstances, stock, assessment))
        try await noteProgress(record, assessment, plan, observed, &memory)
        let next =
            try await carryOut(plan, record, desired, stock, &memory)
            ?? assessment.nextLook.map(NextLook.at) ?? .whenWoken
        if memory.calls.lastError != nil { try await noteProgress(record, assessment, plan, observed, &memory) }
        await memories.put(memory, of: ref)
        return next
    }

    /// Objects of a project that nobody has stored are told about once, and again when they have changed.
    private func lookAtUnknown(_ ref: ProjectRef) async throws -> NextLook {
        let seen = try await engine.observe(ref)
        guard !seen.isEmpty else {
            await forget(ref)
            return .whenWoken
        }
        var memory = await memories.take(ref)
        if memory.basis?.fingerprint != seen.fingerprint {
            let names = seen.containers.map(\.name) + seen.networks.map(\.name) + seen.volumes.map(\.name)
            logger.warning(
                "the engine holds objects of a project without a record; they are left alone",
                metadata: ["project": "\(ref)", "objects": "\(names.sorted())"])
        }
        memory.basis = Relist.Basis(outline: .unknown, fingerprint: seen.fingerprint)
        await memories.put(memory, of: ref)
        return .whenWoken
    }

    private func forget(_ ref: ProjectRef) async {
        await memories.drop(ref)
        await health.watch(nil, ObservedStack(), of: ref)
    }

    /// The rendered stack, where the goal needs one. To stop in order it helps, but is not needed.
    private func desiredStack(of record: ProjectRecord, _ memory: inout ProjectMemory) async throws -> DesiredStack? {
        guard record.status.goal != .absent else { return nil }
        if let known = memory.stack(for: record) { return known }
        do {
            // Read after the record: a change that comes in between is only in force a look earlier.
            let values = try minter.values(
                try await store.secrets(of: record.ref), try await store.configuration(of: record.ref), of: record.ref)
            let renderer = try await renderer(for: record)
            let stack = try renderer.render(record, values: values)
            memory.keep(stack, values.confidential(try renderer.declaredSettings()), for: record)
            return stack
        } catch {
            guard record.status.goal == .stopped else { throw error }
            logger.warning(
                "a stack cannot be rendered; its containers stop in no particular order",
                metadata: ["project": "\(record.ref)", "error": "\(error)"])
            return nil
        }
    }

    private func circumstances(
        _ record: ProjectRecord, _ desired: DesiredStack?, _ stock: Stock, _ memory: ProjectMemory
    ) async -> AssessmentInput {
        let now = time.now()
        let order = RestartOrder(record, desired, stock.observed, memory, now: now)
        return AssessmentInput(
            status: record.status, statusSince: memory.statusSince(record, now: now), desired: desired,
            observed: stock.observed, refusals: stock.verdict.refusals, health: await health.tallies(of: record.ref),
            backoffs: memory.backoffs, callFailures: memory.callFailures,
            networkRefusals: memory.networkRefusals, restartRequestedAt: order.before, restartServices: order.services,
            now: now)
    }

    private func situation(
        _ record: ProjectRecord, _ circumstances: AssessmentInput, _ stock: Stock, _ assessment: Assessment
    ) async throws -> ReconcileInput {
        let (desired, observed) = (circumstances.desired, circumstances.observed)
        var missing: Set<String> = []
        if record.status.goal == .running, let desired {
            let images = desired.services.values.filter { service in
                stock.observed.container(of: service.name)?.configHash != service.configHash
            }.map(\.spec.image)
            if !images.isEmpty { missing = try await engine.missingImages(Set(images)) }
        }
        return ReconcileInput(
            goal: record.status.goal, desired: desired, observed: observed, ready: assessment.ready,
            missingImages: missing, restartBefore: circumstances.restartRequestedAt,
            restartServices: circumstances.restartServices, held: assessment.held, sick: assessment.sick,
            data: stock.verdict, replacesOneByOne: record.status == .upgrading)
    }

    /// Moves the project along its status machine, when what was found says so.
    private func changeStatus(
        _ record: ProjectRecord, _ assessment: Assessment, _ observed: ObservedStack, _ memory: ProjectMemory
    ) async throws -> NextLook? {
        guard let event = assessment.event,
            case .transition(let status) = ProjectLifecycle.answer(to: event, in: record.status)
        else { return nil }
        var transition = StatusTransition(
            from: record.status, to: status, cause: redact(assessment.cause, memory.secrets),
            at: time.now())
        transition.failure = record.failure
        switch event {
        case .startFailed: transition.failure = await failure(assessment, observed, memory)
        case .allReady:
            transition.failure = nil
            transition.fulfilsRestart = !assessment.isRestartOutstanding
        case .serviceNotReady where assessment.failure != nil:
            transition.failure = await failure(assessment, observed, memory)
        case .nothingLeft:
            try lease?.check()
            // A network that stays keeps its subnet: nobody is to be offered it when the lease is gone.
            if !observed.isEmpty { await survey.note(try await engine.overview().use) }
            try folders.remove(record.ref)
            transition.leases = try await closeAccount(record, becoming: status)
        default: break
        }
        transition = try await withSettings(try await withUpgrade(transition, record), record)
        if try await store.transition(record.ref, transition) {
            if transition.to == .deleted || transition.endOfUpgrade == .completes { await removeUnusedTemplates() }
            let leavesSomething = event == .nothingLeft && !observed.isEmpty
            logger.log(
                level: leavesSomething ? .warning : .info, "a project changed its status",
                metadata: [
                    "project": "\(record.ref)", "status": "\(transition.to.rawValue)", "cause": "\(transition.cause)",
                ])
        }
        return .now
    }

    private func failure(
        _ assessment: Assessment, _ observed: ObservedStack, _ memory: ProjectMemory
    ) async -> ProjectFailure {
        guard let failed = assessment.failure else { return ProjectFailure(message: assessment.cause) }
        var failure = ProjectFailure(service: failed.service, message: failed.message)
        if let container = observed.container(of: failed.service) {
            do {
                let tail = try await engine.logTail(ofContainer: container.id, lines: Self.logTailLines)
                failure.logTail = redact(tail, memory.secrets)
            } catch {
                failure.logTail = "(the log could not be read: \(error))"
            }
        }
        failure.message = redact(failure.message, memory.secrets)
        return failure
    }

    /// Makes the plan's calls. Nothing when there was nothing to do.
    private func carryOut(
        _ plan: Plan, _ record: ProjectRecord, _ desired: DesiredStack?, _ stock: Stock,
        _ memory: inout ProjectMemory
    ) async throws -> NextLook? {
        await writePendingEvents(of: record.ref, &memory)
        guard !plan.isEmpty else {
            memory.troubles = 0
            return nil
        }
        logger.debug("carrying out a plan", metadata: ["project": "\(record.ref)", "plan": "\(plan)"])
        if let desired, plan.steps.contains(where: \.operation.needsFolder) {
            try lease?.check()
            try folders.prepare(desired, files: try await renderer(for: record).projectFiles)
            try await functions?.publish(desired.ref)
        }
        let outcomes = await PlanExecutor(engine: engine, starts: starts, time: time).run(
            plan, of: record.ref, volumeOwners: stock.owners)
        if Task.isCancelled { return .whenWoken }
        memory.noteRestarts(outcomes, of: record)
        await noteRestarts(outcomes, record, stock.observed, &memory)
        if try await replaceRefusedLeases(outcomes, record, &memory) { return .now }
        memory.note(outcomes, of: plan, at: time.now())
        for outcome in outcomes { logRefusal(outcome, record, memory) }
        try await noteRefusals(outcomes, record)
        try await recordTrouble(outcomes, record, memory)
        return memory.troubles == 0 ? .now : .at(time.now() + memory.patience)
    }

    /// What a project has gone without is no news each time that the engine refuses it again.
    private func logRefusal(_ outcome: PlanExecutor.Outcome, _ record: ProjectRecord, _ memory: ProjectMemory) {
        guard let error = outcome.error else { return }
        let isKnown =
            if case .networkInUse = error { record.status == .deleted || record.status == .failed } else { false }
        logger.log(
            level: isKnown ? .debug : .warning, "the engine refused a step",
            metadata: [
                "project": "\(record.ref)", "step": "\(outcome.step.operation)", "cause": "\(outcome.step.cause)",
                "error": "\(redact("\(error)", memory.secrets))",
            ])
    }
}

extension Operation {
    /// Whether the project's folder has to be complete before: the engine looks its files up at every start.
    fileprivate var needsFolder: Bool {
        switch self {
        case .createContainer, .startContainer, .restartContainer: true
        default: false
        }
    }
}

/// Takes every secret value out of a text before it is stored or shown, down to the shortest password that was ever accepted.
/// Of a value of several lines each longer line counts by itself: a log shows them one by one.
func redact(_ text: String, _ secrets: [String: Secret<String>]) -> String {
    let values = secrets.values.map { $0.reveal() }
    let lines = values.flatMap { $0.split(whereSeparator: \.isNewline).map(String.init) }
    let wanted = Set(
        values.filter { $0.utf8.count >= ProjectCatalog.passwordLengthEver }
            + lines.filter { $0.utf8.count >= redactedLineBytesMin })
    return wanted.sorted { ($0.count, $0) > ($1.count, $1) }
        .reduce(text) { $0.split(separator: $1, omittingEmptySubsequences: false).joined(separator: "<secret>") }
}

/// Shortest line of a secret of several lines that is taken out of texts.
private let redactedLineBytesMin = 8

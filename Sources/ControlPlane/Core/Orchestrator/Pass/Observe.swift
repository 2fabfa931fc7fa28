import Logging
import ProjectModel
import Reconciler

/// The first step of a pass: reads desired and observed state. Nothing is changed by it, apart from which containers
/// the probes watch.
extension ReconcileLoop {
    func observe(_ ref: ProjectRef, as role: ManagerRole, _ state: inout PassState) async -> PassInput {
        do {
            guard let stored = try await store.project(ref) else { return try await observeUnrecorded(ref, &state) }
            return try await observe(stored, as: role, &state)
        } catch {
            return PassInput(ref: ref, observation: .unreadable(reason: "\(error)"))
        }
    }

    private func observeUnrecorded(_ ref: ProjectRef, _ state: inout PassState) async throws -> PassInput {
        let seen = try await engine.observe(ref)
        let isNews = state.basis?.fingerprint != seen.fingerprint
        state.basis = Relist.Basis(outline: .unknown, fingerprint: seen.fingerprint)
        return PassInput(ref: ref, observation: .unrecorded(seen, isNews: isNews))
    }

    private func observe(
        _ stored: ProjectRecord, as role: ManagerRole, _ state: inout PassState
    ) async throws -> PassInput {
        let record = stored.inForce
        var recorded = RecordedProject(record, hasTemplateBefore: stored.template != nil)
        let rendered: DesiredStack?
        do {
            rendered = try await desiredStack(of: record, &state)
        } catch {
            guard role == .active, error is TemplateError || error is KeyError else { throw error }
            return PassInput(
                ref: record.ref, observation: .unrenderable(recorded, reason: "\(error)"), record: record)
        }
        var seen: ObservedStack
        do {
            seen = try await engine.observe(record.ref)
        } catch {
            guard role == .active, error.isTransient else { throw error }
            return await observeWithoutEngine(record, recorded, reason: "\(error)")
        }
        state.basis = Relist.Basis(outline: record.outline, fingerprint: seen.fingerprint)
        if record.status.goal != .absent { seen = seen.withoutHelpers }
        var inventory = try await inventory(record, seen, as: role)
        let desired = settled(rendered, of: record, inventory: &inventory, state: &state)
        await health.watch(record.status.goal == .running ? desired : nil, inventory.observed, of: record.ref)
        if role == .active { recorded.operation = try await trackedOperation(record, &state)?.kind }
        let project = try await observed(
            recorded, desired: desired, inventory: inventory, of: record.ref, as: role, state: state)
        return PassInput(ref: record.ref, observation: .project(project), record: record, inventory: inventory)
    }

    private func observeWithoutEngine(
        _ record: ProjectRecord, _ recorded: RecordedProject, reason: String
    ) async -> PassInput {
        let observation = Observation.engineUnavailable(
            recorded, reason: reason, health: await health.tallies(of: record.ref), now: time.now())
        return PassInput(ref: record.ref, observation: observation, record: record)
    }

    /// The stack with the version and the volumes that the project really has.
    private func settled(
        _ rendered: DesiredStack?, of record: ProjectRecord, inventory: inout ProjectInventory,
        state: inout PassState
    ) -> DesiredStack? {
        guard var desired = rendered else { return nil }
        if record.template == nil {
            desired = settleVersion(of: record, rendered: desired, inventory: &inventory, state: &state)
        }
        return record.status.goal == .running ? withVolumes(desired, of: record, inventory: &inventory) : desired
    }

    private func observed(
        _ recorded: RecordedProject, desired: DesiredStack?, inventory: ProjectInventory, of ref: ProjectRef,
        as role: ManagerRole, state: PassState
    ) async throws -> ObservedProject {
        var project = ObservedProject(
            record: recorded, desired: desired, observed: inventory.observed, keepsVolumes: inventory.keepsVolumes,
            data: inventory.verdict, health: await health.tallies(of: ref), isActing: role == .active,
            now: time.now())
        let images = project.imagesInQuestion(state.decisions)
        if !images.isEmpty { project.note(missingImages: try await engine.missingImages(images)) }
        return project
    }

    /// Function secrets from before their names were refused stay stored, and are no variables of containers any more.
    private func sayUnusedSecrets(_ names: [String], of record: ProjectRecord, _ state: inout PassState) {
        guard names != state.saidUnusedSecrets else { return }
        state.saidUnusedSecrets = names
        guard !names.isEmpty else { return }
        logger.warning(
            """
            function secrets are left out of the functions' container, because their names steer how programs start: \
            store them under other names and delete these
            """,
            metadata: ["project": "\(record.ref)", "names": "\(names.joined(separator: ", "))"])
    }

    /// The rendered stack, where the goal needs one. To stop in order it helps, but is not needed.
    private func desiredStack(of record: ProjectRecord, _ state: inout PassState) async throws -> DesiredStack? {
        guard record.status.goal != .absent else { return nil }
        if let known = state.stack(for: record) { return known }
        do {
            // Read after the record: a change that comes in between is only in force a pass earlier.
            let values = try minter.values(
                try await store.secrets(of: record.ref), try await store.configuration(of: record.ref), of: record.ref)
            let renderer = try await renderer(for: record)
            let stack = try renderer.render(record, values: values)
            let confidential = values.confidential(try renderer.declaredSettings())
            state.keep(stack, await redactors.redactor(of: record.ref, confidential), for: record)
            sayUnusedSecrets(values.unusedFunctionSecrets, of: record, &state)
            return stack
        } catch {
            guard record.status.goal == .stopped else { throw error }
            logger.warning(
                "a stack cannot be rendered; its containers stop in no particular order",
                metadata: ["project": "\(record.ref)", "error": "\(error)"])
            return nil
        }
    }
}

extension RecordedProject {
    /// The part of a record that decisions rest on.
    fileprivate init(_ record: ProjectRecord, hasTemplateBefore: Bool) {
        self.init(
            status: record.status, statusChangedAt: record.statusChangedAt,
            failure: record.failure.map { FailureReason(service: $0.service, message: $0.message) },
            template: record.template, hasTemplateBefore: hasTemplateBefore,
            restartRequestedAt: record.restartRequestedAt, restartServices: record.restartServices.map { Set($0) })
    }
}

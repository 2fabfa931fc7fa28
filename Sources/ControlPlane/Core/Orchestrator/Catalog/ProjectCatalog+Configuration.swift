public import ProjectModel
import Reconciler

/// A change of a project's configuration while it is being put together.
struct ConfigurationDraft {
    let record: ProjectRecord
    /// The project and what its stack declares.
    let stack: ProjectStack
    /// The sealed secrets: new values are sealed under their key.
    let secrets: SealedSecrets
    /// The configuration that the change starts from.
    let present: StoredConfiguration
    /// The change to store.
    var change: ConfigurationChange

    /// The sealed secrets with the change in them.
    var nextSecrets: SealedSecrets {
        SealedSecrets(wrappedKey: secrets.wrappedKey, values: secrets.values.merging(change.secrets) { $1 })
    }
}

extension ProjectCatalog {
    /// Changes a project's configuration. Concurrent changes are not overwritten: the draft is made again from the
    /// newer state. A change with which the stack cannot be rendered is refused.
    func changeConfiguration(
        of ref: ProjectRef, _ draft: (inout ConfigurationDraft) throws(CatalogError) -> Void
    ) async throws(CatalogError) {
        for _ in 1...Self.requestAttemptsMax {
            let record = try await project(ref)
            guard record.status != .deleting else { throw .notChangeable(record.status) }
            // The revision is read first: a change that comes in between is noticed when this one is stored.
            let present = try await configuration(of: ref)
            let secrets = try await sealedSecrets(of: ref)
            var state = ConfigurationDraft(
                record: record, stack: try await stack(of: record), secrets: secrets, present: present,
                change: ConfigurationChange(from: present.revision, at: time.now()))
            let empty = state.change
            try draft(&state)
            guard state.change != empty else { return }
            try await checkRendering(state)
            let change = state.change
            let isStored = try await stored { () async throws(StoreError) in try await store.change(ref, change) }
            guard isStored else { continue }
            await AfterCommit.run { await observer.wake(ref) }
            return
        }
        throw .changedMeanwhile(ref)
    }

    /// A value that makes the template unusable would take the whole project down: it is refused while it can be. A
    /// project without ports has nothing to render with; it cannot run either.
    private func checkRendering(_ state: ConfigurationDraft) async throws(CatalogError) {
        guard state.record.leases != nil else { return }
        let renderer = try await templates.renderer(for: state.record)
        let next = state.present.applying(state.change)
        let values: ProjectValues
        do { values = try minter.values(state.nextSecrets, next, of: state.record.ref) } catch { throw .keys(error) }
        let stack: DesiredStack
        do { stack = try renderer.render(state.record, values: values) } catch {
            throw .badSetting("with this change " + values.withoutValues("\(error)"))
        }
        try checkMemory(stack, values: values, changed: Set(state.change.settings.keys), renderer: renderer)
    }

    private func checkMemory(
        _ stack: DesiredStack, values: ProjectValues, changed: Set<String>, renderer: any StackRenderer
    ) throws(CatalogError) {
        guard let limit = stack.services.values.first(where: \.isDatabase)?.spec.resources.memoryBytes else { return }
        let settings: ProjectSettingsValues
        do {
            settings = ProjectSettingsValues(
                values: values.settings, declared: try renderer.declaredSettings(given: values.settings),
                apiNames: try renderer.roles().settingNames)
        } catch { throw .template(error) }
        if let problem = memory.problem(with: settings, limit: limit, changed: changed) { throw .badSetting(problem) }
    }

    func configuration(of ref: ProjectRef) async throws(CatalogError) -> StoredConfiguration {
        try await stored { () async throws(StoreError) in try await store.configuration(of: ref) }
    }

    func sealedSecrets(of ref: ProjectRef) async throws(CatalogError) -> SealedSecrets {
        try await stored { () async throws(StoreError) in try await store.secrets(of: ref) }
    }

    func values(of ref: ProjectRef) async throws(CatalogError) -> ProjectValues {
        let present = try await configuration(of: ref)
        let secrets = try await sealedSecrets(of: ref)
        do { return try minter.values(secrets, present, of: ref) } catch { throw .keys(error) }
    }

    func open(_ state: ConfigurationDraft) throws(CatalogError) -> ProjectValues {
        do { return try minter.values(state.secrets, state.present, of: state.record.ref) } catch {
            throw .keys(error)
        }
    }

    func seal(
        _ value: Secret<String>, as name: String, in state: ConfigurationDraft
    ) throws(CatalogError) -> [UInt8] {
        do { return try minter.seal(value, name: name, into: state.secrets, of: state.record.ref) } catch {
            throw .keys(error)
        }
    }

    func digest(_ value: Secret<String>) throws(CatalogError) -> String {
        do { return try minter.digest(value) } catch { throw .keys(error) }
    }

    /// A text with every confidential value of the project taken out: for logs that people are shown.
    public func redacted(_ text: String, of ref: ProjectRef) async throws(CatalogError) -> String {
        try await redactor(of: ref).redacted(text)
    }

    /// Takes out every value of the project that people must not be shown.
    func redactor(of ref: ProjectRef) async throws(CatalogError) -> Redactor {
        let declared = try await declaredSettings(of: try await project(ref))
        return await redactors.redactor(of: ref, try await values(of: ref).confidential(declared))
    }
}

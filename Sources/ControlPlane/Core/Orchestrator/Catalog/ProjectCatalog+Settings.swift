public import ProjectModel
import Reconciler

extension ProjectCatalog {
    /// The settings of a project: what it overrides, and what the template declares.
    public func settings(of ref: ProjectRef) async throws(CatalogError) -> ProjectSettingsValues {
        let record = try await project(ref)
        let own = try await values(of: ref).settings
        return ProjectSettingsValues(
            values: own, declared: try await declaredSettings(of: record, given: own),
            apiNames: try await stack(of: record).roles.settingNames)
    }

    /// Overrides variables of the template; nil goes back to the default. The services that use one of them get new
    /// containers.
    ///
    /// - Parameter requester: The requester's e-mail address, for a change on trial: an ACTIVE project restarts with it
    ///   and gets the former values back when it does not come up. In every other status there is no state to return
    ///   to, and the change is made without a trial.
    /// - Throws: ``CatalogError/badSetting(_:)`` for a variable that the template does not declare, or a value with
    ///   which the stack cannot be rendered; ``CatalogError/notChangeable(_:)`` while the project is being deleted; for
    ///   a trial also ``CatalogError/conflict(_:_:)`` while it restarts.
    public func change(
        settings changes: [String: Secret<String>?], of ref: ProjectRef, triedBy requester: String? = nil
    ) async throws(CatalogError) {
        let names = Set(try await declaredSettings(of: try await project(ref)).map(\.name))
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            guard names.contains(name) else { throw .badSetting("there is no setting \(name)") }
            guard let value else { continue }
            if let problem = SettingLimits.problem(ofSetting: name, value.reveal()) { throw .badSetting(problem) }
        }
        guard !changes.isEmpty else { return }
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            for (name, value) in changes {
                guard let value else {
                    state.change.settings[name] = .some(nil)
                    continue
                }
                state.change.settings[name] = try seal(value, as: SealedName.setting(name), in: state)
            }
            if let requester { try beginTrial(&state, by: requester) }
        }
    }

    private func beginTrial(_ state: inout ConfigurationDraft, by requester: String) throws(CatalogError) {
        switch state.record.status {
        case .active: state.change.trial = NewOperation(.settingsChange, requestedBy: requester)
        // Two changes at once would have two states to go back to.
        case .restarting: throw .conflict(state.record.status, .restartRequested)
        default: break
        }
    }

    /// The function secrets of a project by name, without their values. Their digests are computed from the sealed
    /// values: stored, a digest without a key would reveal a short value to every reader of the database.
    public func functionSecrets(of ref: ProjectRef) async throws(CatalogError) -> [FunctionSecretSummary] {
        _ = try await project(ref)
        let stored = try await configuration(of: ref)
        guard !stored.functionSecrets.isEmpty else { return [] }
        var sealed = try await sealedSecrets(of: ref)
        sealed.values = [:]
        for (name, secret) in stored.functionSecrets { sealed.values[SealedName.functionSecret(name)] = secret.sealed }
        let opened: [String: Secret<String>]
        do { opened = try minter.open(sealed, of: ref) } catch { throw .keys(error) }
        var summaries: [FunctionSecretSummary] = []
        for (name, secret) in stored.functionSecrets.sorted(by: { $0.key < $1.key }) {
            guard let value = opened[SealedName.functionSecret(name)] else { continue }
            summaries.append(
                FunctionSecretSummary(name: name, digest: try digest(value), updatedAt: secret.updatedAt))
        }
        return summaries
    }

    /// Sets function secrets: variables that the project's functions read.
    ///
    /// - Throws: ``CatalogError/badSetting(_:)`` for a name or a size that is not possible, a name that the template
    ///   itself gives to the functions' service, and one that steers how programs start.
    public func setFunctionSecrets(
        _ secrets: [String: Secret<String>], of ref: ProjectRef
    ) async throws(CatalogError) {
        let taken = try await stack(of: try await project(ref)).roles.functionVariables
        for (name, value) in secrets.sorted(by: { $0.key < $1.key }) {
            if let problem = SettingLimits.problem(ofFunctionSecret: name, value.reveal(), taken: taken) {
                throw .badSetting(problem)
            }
        }
        guard !secrets.isEmpty else { return }
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            let present = try open(state).functionSecrets
            try checkSizes(present.merging(secrets) { $1 })
            for (name, value) in secrets {
                state.change.functionSecrets[name] = StoredFunctionSecret(
                    sealed: try seal(value, as: SealedName.functionSecret(name), in: state), updatedAt: state.change.at)
            }
        }
    }

    /// Forgets function secrets; a name that is not there is no mistake.
    public func deleteFunctionSecrets(_ names: [String], of ref: ProjectRef) async throws(CatalogError) {
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            for name in names where state.present.functionSecrets[name] != nil {
                state.change.functionSecrets[name] = .some(nil)
            }
        }
    }

    private func checkSizes(_ secrets: [String: Secret<String>]) throws(CatalogError) {
        guard secrets.count <= SettingLimits.functionSecretsMax else {
            throw .badSetting("a project has at most \(SettingLimits.functionSecretsMax) function secrets")
        }
        let bytes = secrets.reduce(0) { $0 + $1.key.utf8.count + $1.value.reveal().utf8.count }
        guard bytes <= SettingLimits.functionSecretsBytesMax else {
            throw .badSetting(
                "the function secrets of a project have at most \(SettingLimits.functionSecretsBytesMax) bytes together"
            )
        }
    }

    func declaredSettings(
        of record: ProjectRecord, given own: [String: Secret<String>] = [:]
    ) async throws(CatalogError) -> [DeclaredSetting] {
        let renderer = try await templates.renderer(for: record)
        do { return try renderer.declaredSettings(given: own) } catch { throw .template(error) }
    }
}

public import ProjectModel

extension ProjectCatalog {
    /// The opaque API keys of a project, by name.
    public func apiKeys(of ref: ProjectRef) async throws(CatalogError) -> [ProjectAPIKey] {
        _ = try await project(ref)
        return try await values(of: ref).apiKeys
    }

    /// Makes an opaque API key. The gateway accepts it once its container has been replaced, within seconds.
    ///
    /// - Throws: ``CatalogError/badSetting(_:)`` for a name or description that is not possible, and for one key too
    ///   many; ``CatalogError/keyNameTaken(_:)``.
    public func createAPIKey(
        of ref: ProjectRef, kind: APIKeyKind, name: String, description: String? = nil
    ) async throws(CatalogError) -> ProjectAPIKey {
        try checkKey(name: name, description: description)
        var created: ProjectAPIKey?
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            guard state.present.apiKeys.count < APIKeyLimits.countMax else {
                throw .badSetting("a project has at most \(APIKeyLimits.countMax) API keys")
            }
            try checkFree(name, kind: kind, except: nil, state: state)
            let (stored, key) = try newKey(
                kind, name: name, description: description, secrets: state.secrets, of: ref, at: state.change.at)
            state.change.savedKeys = [stored]
            created = ProjectAPIKey(stored, key: key)
        }
        guard let created else { throw .changedMeanwhile(ref) }
        return created
    }

    /// Changes the name or the description of an API key.
    ///
    /// - Throws: ``CatalogError/noAPIKey(_:)`` and what ``createAPIKey(of:kind:name:description:)`` throws.
    public func updateAPIKey(
        _ id: String, of ref: ProjectRef, _ edit: APIKeyEdit
    ) async throws(CatalogError) -> ProjectAPIKey {
        try checkKey(name: edit.name ?? APIKeyLimits.defaultName, description: edit.description ?? nil)
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            var key = try storedKey(id, state)
            if let name = edit.name {
                try checkFree(name, kind: key.kind, except: id, state: state)
                key.name = name
            }
            if let description = edit.description { key.description = description }
            key.updatedAt = state.change.at
            state.change.savedKeys = [key]
        }
        return try await apiKey(id, of: ref)
    }

    /// Forgets an API key; gives it as it was. Requests that carry it are refused once the gateway's container has been
    /// replaced, within seconds.
    public func deleteAPIKey(_ id: String, of ref: ProjectRef) async throws(CatalogError) -> ProjectAPIKey {
        let key = try await apiKey(id, of: ref)
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            _ = try storedKey(id, state)
            state.change.removedKeys = [id]
        }
        return key
    }

    /// One API key of a project.
    public func apiKey(_ id: String, of ref: ProjectRef) async throws(CatalogError) -> ProjectAPIKey {
        guard let key = try await apiKeys(of: ref).first(where: { $0.id == id }) else { throw .noAPIKey(id) }
        return key
    }

    /// Whether the gateway accepts the signed keys (anon, service_role).
    public func legacyKeysEnabled(of ref: ProjectRef) async throws(CatalogError) -> Bool {
        _ = try await project(ref)
        return try await configuration(of: ref).acceptsLegacyKeys
    }

    /// Lets the gateway accept the signed keys, or refuse them. Opaque keys work either way. The manager's own calls
    /// and the project's dashboard get a key of their own, since they must not depend on the keys that people manage.
    public func setLegacyKeys(enabled: Bool, of ref: ProjectRef) async throws(CatalogError) {
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            guard state.present.acceptsLegacyKeys != enabled else { return }
            state.change.acceptsLegacyKeys = enabled
            guard let variable = state.stack.roles.apiKeys[.manager] else {
                throw .unsupported(ref, .apiKey(.manager))
            }
            guard state.secrets.values[variable] == nil else { return }
            let key = try opaqueKey(.secret, for: ref)
            state.change.secrets[variable] = try seal(key, as: variable, in: state)
        }
    }

    /// The key with which the manager itself passes the project's gateway as `service_role`: the signed one, or its
    /// own opaque one where signed keys are refused.
    public func serviceKey(of ref: ProjectRef) async throws(CatalogError) -> Secret<String> {
        let roles = try await stack(of: try await project(ref)).roles
        let values = try await values(of: ref)
        let variable = values.acceptsLegacyKeys ? roles.tokens[.serviceRole] : roles.apiKeys[.manager]
        guard let key = variable.flatMap({ values.secrets[$0] }) else {
            throw .unsupported(ref, values.acceptsLegacyKeys ? .token(.serviceRole) : .apiKey(.manager))
        }
        return key
    }

    /// The keys that every project begins with: one of each kind.
    func firstKeys(
        _ secrets: SealedSecrets, of ref: ProjectRef, at time: Timestamp
    ) throws(CatalogError) -> [StoredAPIKey] {
        var keys: [StoredAPIKey] = []
        for kind in APIKeyKind.allCases {
            keys.append(
                try newKey(kind, name: APIKeyLimits.defaultName, description: nil, secrets: secrets, of: ref, at: time)
                    .stored)
        }
        return keys
    }

    private func newKey(
        _ kind: APIKeyKind, name: String, description: String?, secrets: SealedSecrets, of ref: ProjectRef,
        at time: Timestamp
    ) throws(CatalogError) -> (stored: StoredAPIKey, key: Secret<String>) {
        let key = try opaqueKey(kind, for: ref)
        let id = RandomIdentifier.uuid()
        let sealed: [UInt8]
        do { sealed = try minter.seal(key, name: SealedName.apiKey(id), into: secrets, of: ref) } catch {
            throw .keys(error)
        }
        let stored = StoredAPIKey(
            id: id, name: name, kind: kind,
            prefix: String(key.reveal().prefix(kind.prefix.count + APIKeyLimits.shownCharacters)),
            digest: try digest(key), sealed: sealed, description: description, role: kind.role, insertedAt: time,
            updatedAt: time)
        return (stored, key)
    }

    private func opaqueKey(_ kind: APIKeyKind, for ref: ProjectRef) throws(CatalogError) -> Secret<String> {
        do { return try minter.opaqueKey(kind, for: ref) } catch { throw .keys(error) }
    }

    private func storedKey(_ id: String, _ state: ConfigurationDraft) throws(CatalogError) -> StoredAPIKey {
        guard let key = state.present.apiKeys.first(where: { $0.id == id }) else { throw .noAPIKey(id) }
        return key
    }

    private func checkKey(name: String, description: String?) throws(CatalogError) {
        if let problem = APIKeyLimits.problem(ofName: name) { throw .badSetting(problem) }
        guard (description ?? "").utf8.count <= APIKeyLimits.descriptionBytesMax else {
            throw .badSetting(
                "the description of an API key has at most \(APIKeyLimits.descriptionBytesMax) bytes")
        }
        guard !(description ?? "").utf8.contains(0) else {
            throw .badSetting("the description of an API key holds a NUL character")
        }
    }

    private func checkFree(
        _ name: String, kind: APIKeyKind, except id: String?, state: ConfigurationDraft
    ) throws(CatalogError) {
        let isTaken = state.present.apiKeys.contains { $0.name == name && $0.kind == kind && $0.id != id }
        if isTaken { throw .keyNameTaken(name) }
    }
}

public import ProjectModel
import Reconciler

extension ProjectCatalog {
    /// Accepted lengths of a given token secret. HS256 wants a key at least as long as its digest.
    public static let tokenSecretLengths = 32...256

    /// Gives a project another name.
    ///
    /// - Throws: ``CatalogError/badName(_:)``, and ``StoreError/nameTaken(_:)`` as ``CatalogError/store(_:)``.
    public func rename(_ ref: ProjectRef, to name: String) async throws(CatalogError) -> ProjectRecord {
        let record = try await project(ref)
        guard record.status != .deleting else { throw .notChangeable(record.status) }
        let checked: ProjectName
        do { checked = try ProjectName(name) } catch { throw .badName(error) }
        guard checked != record.name else { return record }
        let now = time.now()
        try await stored { () async throws(StoreError) in try await store.rename(ref, to: checked, at: now) }
        await AfterCommit.run { await observer.wake(ref) }
        return try await project(ref)
    }

    /// Stores another database password. The roles in the running database must have it already: the services that
    /// log in with it get new containers at once.
    public func changeDatabasePassword(
        of ref: ProjectRef, to password: Secret<String>
    ) async throws(CatalogError) {
        try checkPassword(password)
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            let variable = try state.stack.variable(.databasePassword)
            state.change.secrets[variable] = try seal(password, as: variable, in: state)
        }
    }

    /// Gives a project another secret for signing tokens, a generated one when `secret` is nil, and mints its signed
    /// keys again. Tokens issued before are invalid once the services have their new containers.
    public func rotateJWTSecret(of ref: ProjectRef, to secret: Secret<String>? = nil) async throws(CatalogError) {
        if let secret { try checkTokenSecret(secret) }
        let renderer = try await templates.renderer(for: try await project(ref))
        try await changeConfiguration(of: ref) { state throws(CatalogError) in
            let needs = try requirements(state.record.services.map(\.text), renderer)
            guard let form = needs.secrets.first(where: { $0.name == needs.tokenSecret }) else {
                throw .unsupported(ref, .secret(.tokenSigning))
            }
            var minted: [String: Secret<String>]
            do {
                let fresh = try secret ?? minter.secret(form)
                minted = try minter.tokens(needs.tokens, signedWith: fresh, for: ref, at: state.change.at)
                minted[form.name] = fresh
            } catch let error as KeyError { throw .keys(error) } catch { throw .keys(.cannotMint("\(error)")) }
            for (name, value) in minted { state.change.secrets[name] = try seal(value, as: name, in: state) }
        }
    }

    /// Restarts single services of a project; the others keep running.
    ///
    /// - Throws: ``CatalogError/template(_:)`` for a service that the project does not have.
    public func restartServices(
        of ref: ProjectRef, _ services: [ServiceName], by requester: String = ""
    ) async throws(CatalogError) -> ProjectRecord {
        for _ in 1...Self.requestAttemptsMax {
            let record = try await project(ref)
            try check(services, of: record)
            switch ProjectLifecycle.answer(to: .restartRequested, in: record.status) {
            case .refuse: throw try await conflict(record, .restartRequested)
            case .stay:
                // A restart is in progress; it answers this request too when it is about the same services.
                guard record.restartServices.map({ Set($0).isSuperset(of: services) }) ?? true else {
                    throw try await conflict(record, .restartRequested)
                }
                return record
            case .transition(let status):
                let transition = StatusTransition(
                    from: record.status, to: status, cause: "restart of \(words(services)) on request",
                    requestsRestart: true, restartServices: Set(services).sorted(),
                    opens: NewOperation(.restart, requestedBy: requester), at: time.now())
                let isChanged = try await stored { () async throws(StoreError) in
                    try await store.transition(ref, transition)
                }
                guard isChanged else { continue }
                await AfterCommit.run { await observer.wake(ref) }
                return try await project(ref)
            }
        }
        throw .changedMeanwhile(ref)
    }

    private func words(_ services: [ServiceName]) -> String {
        Set(services).sorted().map(\.text).joined(separator: ", ")
    }

    private func check(_ services: [ServiceName], of record: ProjectRecord) throws(CatalogError) {
        guard !services.isEmpty else { throw .template(.badSelection("name at least one service to restart")) }
        if let stranger = services.sorted().first(where: { !record.services.contains($0) }) {
            throw .template(.badSelection("the project has no service \(stranger)"))
        }
    }

    /// What a project's database keeps of a role's password: SQL never holds the password itself.
    public func databaseVerifier(of password: Secret<String>) throws(CatalogError) -> DatabasePasswordVerifier {
        do { return try minter.databaseVerifier(of: password) } catch { throw .keys(error) }
    }

    private func checkTokenSecret(_ secret: Secret<String>) throws(CatalogError) {
        let bytes = Array(secret.reveal().utf8)
        guard Self.tokenSecretLengths.contains(bytes.count) else {
            throw .badPassword(
                "jwt_secret must have \(Self.tokenSecretLengths.lowerBound) to"
                    + " \(Self.tokenSecretLengths.upperBound) characters")
        }
        // PostgREST reads a value that begins with @ as the name of a file.
        guard bytes.first != 0x40, bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x24 }) else {
            throw .badPassword("jwt_secret may contain visible ASCII characters except $, and must not begin with @")
        }
    }
}

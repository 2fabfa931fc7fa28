public import ProjectModel

extension ProjectCatalog {
    /// Longest life of a temporary key.
    public static let temporaryKeyLifeMax: Duration = .seconds(3_600)

    /// Whether a text can be a database password.
    ///
    /// - Throws: ``CatalogError/badPassword(_:)`` that says why not.
    public func check(databasePassword password: Secret<String>) throws(CatalogError) { try checkPassword(password) }

    /// A signed token of a project that expires soon, for a browser that calls the project directly.
    ///
    /// - Parameters:
    ///   - role: `anon`, `authenticated` or `service_role`.
    ///   - lifetime: from one second to ``temporaryKeyLifeMax``.
    /// - Throws: ``CatalogError/badSetting(_:)`` for another role or lifetime.
    public func temporaryKey(
        of ref: ProjectRef, role: String, lifetime: Duration
    ) async throws(CatalogError) -> Secret<String> {
        guard let role = TokenRole(rawValue: role) else {
            let known = TokenRole.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badSetting("the role of a temporary key is one of \(known)")
        }
        guard lifetime >= .seconds(1), lifetime <= Self.temporaryKeyLifeMax else {
            throw .badSetting(
                "a temporary key lives for 1 to \(Self.temporaryKeyLifeMax.components.seconds) seconds")
        }
        let stack = try await stack(of: try await project(ref))
        guard let secret = try await secrets(of: ref)[try stack.variable(.tokenSigning)] else {
            throw .unsupported(ref, .secret(.tokenSigning))
        }
        do {
            return try minter.temporaryKey(
                role: stack.roles.claim(of: role), signedWith: secret, for: ref, at: time.now(), lifetime: lifetime)
        } catch { throw .keys(error) }
    }
}

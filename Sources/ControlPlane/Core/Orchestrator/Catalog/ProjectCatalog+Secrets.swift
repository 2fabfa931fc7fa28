import ProjectModel

extension ProjectCatalog {
    /// Secrets and tokens that a template version requires and the project does not have yet, sealed. Existing ones are
    /// kept: they are in use.
    func missingSecrets(
        _ needs: StackRequirements, of ref: ProjectRef
    ) async throws(CatalogError) -> [String: [UInt8]] {
        let sealed = try await sealedSecrets(of: ref)
        let present = Set(sealed.values.keys)
        let tokens = needs.tokens.filter { !present.contains($0.name) }
        var fresh: [String: Secret<String>] = [:]
        do throws(KeyError) {
            for required in needs.secrets where !present.contains(required.name) {
                fresh[required.name] = try minter.secret(required)
            }
            if !tokens.isEmpty {
                let known = try minter.open(sealed, of: ref).merging(fresh) { first, _ in first }
                guard let secret = needs.tokenSecret.flatMap({ known[$0] }) else {
                    throw .cannotMint("tokens are signed, and the template names no secret for it")
                }
                fresh.merge(try minter.tokens(tokens, signedWith: secret, for: ref, at: time.now())) { $1 }
            }
            var added: [String: [UInt8]] = [:]
            for (name, value) in fresh { added[name] = try minter.seal(value, name: name, into: sealed, of: ref) }
            return added
        } catch { throw .keys(error) }
    }
}

public import Orchestrator
public import ProjectModel

/// Makes a project's secrets with libcrypto's generator and seals them under the master key: the
/// ``Orchestrator/KeyMinter`` of production.
public struct SealingKeyMinter: KeyMinter {
    private let master: MasterKey
    private let installation: String
    private let policy: APITokenPolicy

    /// A minter for one installation.
    public init(master: MasterKey, installation: String, policy: APITokenPolicy = APITokenPolicy()) {
        self.master = master
        self.installation = installation
        self.policy = policy
    }

    /// Generates what is required, signs the tokens with the secret that is named for it, and seals all of it.
    public func mint(
        _ requirements: StackRequirements, for ref: ProjectRef, given: [String: Secret<String>], at time: Timestamp
    ) throws(KeyError) -> SealedSecrets {
        do throws(ProjectKeyError) {
            var values: [String: Secret<String>] = [:]
            for required in requirements.secrets {
                if let value = given[required.name] {
                    values[required.name] = value
                } else {
                    values[required.name] = try specification(of: required).generate()
                }
            }
            if !requirements.tokens.isEmpty {
                let secret = requirements.tokenSecret.flatMap { values[$0] }
                values.merge(try tokens(requirements.tokens, of: ref, secret: secret, at: time)) { $1 }
            }
            let keyring = try ProjectKeyring(creatingFor: ref, installation: installation, master: master)
            var sealed: [String: [UInt8]] = [:]
            for (name, value) in values { sealed[name] = try keyring.seal(value, name: name) }
            return SealedSecrets(wrappedKey: keyring.wrappedKey, values: sealed)
        } catch { throw .cannotMint("\(error)") }
    }

    /// Unwraps the project's key and opens every value.
    public func open(_ sealed: SealedSecrets, of ref: ProjectRef) throws(KeyError) -> [String: Secret<String>] {
        do throws(ProjectKeyError) {
            let keyring = try keyring(of: ref, sealed)
            var values: [String: Secret<String>] = [:]
            for (name, value) in sealed.values { values[name] = try keyring.open(value, name: name) }
            return values
        } catch { throw .cannotOpen(ref, "\(error)") }
    }

    func keyring(of ref: ProjectRef, _ sealed: SealedSecrets) throws(ProjectKeyError) -> ProjectKeyring {
        try ProjectKeyring(wrappedKey: sealed.wrappedKey, ref: ref, installation: installation, master: master)
    }

    func tokens(
        _ required: [TokenRequirement], of ref: ProjectRef, secret: Secret<String>?, at time: Timestamp
    ) throws(ProjectKeyError) -> [String: Secret<String>] {
        guard let secret else {
            throw .invalidSpecification(
                name: required.map(\.name).sorted().joined(separator: ", "),
                reason: "a token is signed, and the template names no secret for it")
        }
        let expiry = try policy.expiry(of: ref, issuedAt: time)
        var tokens: [String: Secret<String>] = [:]
        for token in required {
            tokens[token.name] = try APIToken.mint(
                role: token.role, ref: ref, secret: secret, issuedAt: time, expiry: expiry)
        }
        return tokens
    }

    /// Alphanumeric secrets begin with a letter: some readers of configuration files take digits for a number.
    func specification(of required: SecretRequirement) -> SecretSpecification {
        SecretSpecification(
            name: required.name, alphabet: required.alphabet, length: required.length,
            startsWithLetter: required.alphabet == .alphanumeric)
    }
}

public import Orchestrator
public import ProjectModel

/// Keys that are unique, readable and not secret: values are stored unencrypted.
public struct PlainKeyMinter: KeyMinter {
    public init() {}

    /// Values made of the variable's name and the ref, cut or filled to the required length.
    public func mint(
        _ requirements: StackRequirements, for ref: ProjectRef, given: [String: Secret<String>], at time: Timestamp
    ) throws(KeyError) -> SealedSecrets {
        var values: [String: [UInt8]] = [:]
        for requirement in requirements.secrets {
            let text = String(requirement.name.filter { $0.isLetter || $0.isNumber }) + ref.text
            let filled = text + String(repeating: "x", count: max(0, requirement.length - text.utf8.count))
            values[requirement.name] = Array(filled.utf8.prefix(requirement.length))
        }
        for token in requirements.tokens { values[token.name] = Array("\(token.role).\(ref).token".utf8) }
        for (name, value) in given { values[name] = Array(value.reveal().utf8) }
        return SealedSecrets(wrappedKey: Array(ref.text.utf8), values: values)
    }

    /// A value that no call before has given.
    public func secret(_ requirement: SecretRequirement) throws(KeyError) -> Secret<String> {
        let unique = requirement.name.filter { $0.isLetter } + Self.unique()
        let filled = unique + String(repeating: "y", count: max(0, requirement.length - unique.utf8.count))
        return Secret(String(filled.prefix(requirement.length)))
    }

    /// Texts that name the role, the project and the secret's last characters.
    public func tokens(
        _ required: [TokenRequirement], signedWith secret: Secret<String>, for ref: ProjectRef, at time: Timestamp
    ) throws(KeyError) -> [String: Secret<String>] {
        var tokens: [String: Secret<String>] = [:]
        for token in required {
            tokens[token.name] = Secret("\(token.role).\(ref).\(secret.reveal().suffix(24))")
        }
        return tokens
    }

    /// A text that names the role, the project and the end of its life in milliseconds.
    public func temporaryKey(
        role: String, signedWith secret: Secret<String>, for ref: ProjectRef, at time: Timestamp, lifetime: Duration
    ) throws(KeyError) -> Secret<String> {
        Secret("\(role).\(ref).until\((time + lifetime).milliseconds)")
    }

    /// A key of the right form that no call before has given.
    public func opaqueKey(_ kind: APIKeyKind, for ref: ProjectRef) throws(KeyError) -> Secret<String> {
        Secret("\(kind.prefix)\(Self.unique())_\(ref.text.prefix(8))")
    }

    /// The value, unencrypted.
    public func seal(
        _ value: Secret<String>, name: String, into sealed: SealedSecrets, of ref: ProjectRef
    ) throws(KeyError) -> [UInt8] {
        guard sealed.wrappedKey == Array(ref.text.utf8) else {
            throw .cannotMint("the secrets were sealed for another project")
        }
        return Array(value.reveal().utf8)
    }

    /// A text of the right form, in which the digest of the password stands.
    public func databaseVerifier(of password: Secret<String>) throws(KeyError) -> DatabasePasswordVerifier {
        do { return try DatabasePasswordVerifier("SCRAM-SHA-256$4096:c2FsdA==$\(try digest(password)):c2VydmVy") } catch
        {
            throw .cannotMint("\(error)")
        }
    }

    /// 64 digits that are equal for equal values.
    public func digest(_ value: Secret<String>) throws(KeyError) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in value.reveal().utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    /// Twenty-two letters drawn at random.
    private static func unique() -> String {
        var generator = SystemRandomNumberGenerator()
        return ProjectRef(using: &generator).text + "ab"
    }

    /// The values, provided they were minted for this project.
    public func open(_ sealed: SealedSecrets, of ref: ProjectRef) throws(KeyError) -> [String: Secret<String>] {
        guard sealed.wrappedKey == Array(ref.text.utf8) else {
            throw .cannotOpen(ref, "they were sealed for another project")
        }
        return sealed.values.mapValues { Secret(String(decoding: $0, as: UTF8.self)) }
    }
}

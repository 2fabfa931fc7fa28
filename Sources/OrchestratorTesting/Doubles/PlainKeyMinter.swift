public import Orchestrator
public import ProjectModel

/// Keys that are unique, readable and not secret at all: values are "sealed" as they are.
public struct PlainKeyMinter: KeyMinter {
    /// A minter.
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

    /// The values, provided they were minted for this project.
    public func open(_ sealed: SealedSecrets, of ref: ProjectRef) throws(KeyError) -> [String: Secret<String>] {
        guard sealed.wrappedKey == Array(ref.text.utf8) else {
            throw .cannotOpen(ref, "they were sealed for another project")
        }
        return sealed.values.mapValues { Secret(String(decoding: $0, as: UTF8.self)) }
    }
}

import DataPlaneCore

/// Metadata of users: merged key by key, a null value removes a key.
enum Metadata {
    static func merge(_ old: JSONText, _ changes: [JSONText.Member]) -> JSONText {
        var members = old.members
        for change in changes {
            if change.value == .null {
                members.removeAll { $0.name == change.name }
            } else if let index = members.lastIndex(where: { $0.name == change.name }) {
                members[index].value = change.value
            } else {
                members.append(change)
            }
        }
        return .object(members)
    }

    /// What the request gave, and over it what the server knows.
    static func initial(
        _ given: [JSONText.Member], sub: String, email: String?, phone: String?
    ) -> JSONText {
        var known: [JSONText.Member] = [.init("sub", .string(sub))]
        if let email { known.append(.init("email", .string(email))) }
        if let phone { known.append(.init("phone", .string(phone))) }
        known += [.init("email_verified", .bool(false)), .init("phone_verified", .bool(false))]
        return merge(merge(.object([]), given), known)
    }

    static func appMetadata(provider: String?) -> JSONText {
        guard let provider else { return .object([]) }
        return .object([
            .init("provider", .string(provider)), .init("providers", .array([.string(provider)])),
        ])
    }
}

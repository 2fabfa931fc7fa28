import DataPlaneCore

/// Metadata of users: merged key by key, a null value removes a key.
enum Metadata {
    /// Most members of one user's metadata, at all levels together.
    static let membersMax = 1_000
    /// Most bytes of their text.
    static let bytesMax = 64 << 10

    /// Of a name that comes several times the last value counts, as PostgreSQL's jsonb has it.
    static func merge(_ old: JSONText, _ changes: [JSONText.Member]) -> JSONText {
        var members: [JSONText.Member?] = []
        var places: [String: Int] = [:]
        func set(_ member: JSONText.Member) {
            if let place = places[member.name] {
                members[place]?.value = member.value
            } else {
                places[member.name] = members.count
                members.append(member)
            }
        }
        old.members.forEach(set)
        for change in changes {
            guard change.value == .null else {
                set(change)
                continue
            }
            if let place = places.removeValue(forKey: change.name) { members[place] = nil }
        }
        return .object(members.compactMap { $0 })
    }

    /// The merged metadata, bounded; what was there already may stay.
    static func bounded(_ old: JSONText, _ changes: [JSONText.Member]) throws(AuthError) -> JSONText {
        let merged = merge(old, changes)
        guard !isBounded(merged), merged.text.utf8.count > old.text.utf8.count else { return merged }
        throw .tooMuchMetadata
    }

    static func isBounded(_ metadata: JSONText) -> Bool {
        metadata.memberCount <= membersMax && metadata.text.utf8.count <= bytesMax
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

extension JSONText {
    /// Members of objects and elements of arrays, at all levels.
    fileprivate var memberCount: Int {
        switch self {
        case .null, .bool, .number, .string: 0
        case .array(let elements): elements.reduce(elements.count) { $0 + $1.memberCount }
        case .object(let members): members.reduce(members.count) { $0 + $1.value.memberCount }
        }
    }
}

extension AuthError {
    static let tooMuchMetadata = validation(
        "Metadata of a user has at most \(Metadata.membersMax) members and \(Metadata.bytesMax) bytes")
}
